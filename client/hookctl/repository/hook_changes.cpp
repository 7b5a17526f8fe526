// SPDX-License-Identifier: BSL-1.0
#include "hook_changes.hpp"

#include "hookctl/arguments.hpp"
#include "hookctl/terminal/output.hpp"

#include <base/json/value_view.hpp>
#include <hookd/protocol/methods.hpp>

#include <algorithm>
#include <array>
#include <optional>

namespace hookd::hookctl {

namespace {

std::optional<std::string_view> hook_called(std::string_view listed, const std::string& name) {
    for (const auto hook : base::value_view(listed)["hooks"].elements()) {
        if (hook["name"].string() == name) {
            return hook;
        }
    }
    return std::nullopt;
}

/// Whether the daemon has the hook as it is wanted. Both sides write JSON in one way.
bool is_as_wanted(std::string_view hook, const std::string& params) {
    constexpr std::array members{"command", "events", "timeout_ms", "jobs", "cwd", "env", "where", "asked_only",
        "on_failure", "order", "shadow", "scope"};
    const auto is_same = [&](const char* name) {
        const auto has = base::value_view(hook)[name];
        const auto wants = base::value_view(params)[name];
        return has.text() == wants.text() || (wants.empty() && has == "null");
    };
    return std::all_of(members.begin(), members.end(), is_same);
}

bool is_untrusted(std::string_view hook) {
    const auto state = base::value_view(hook)["state"].string();
    return state == protocol::to_string(protocol::hook_state::untrusted) ||
           state == protocol::to_string(protocol::hook_state::missing);
}

void refuse_taken_name(const std::string& name) {
    throw usage_error(
        name +
        " is the name of a hook already that was registered by hand, or for another repository: hookctl deregister " +
        name + ", or put repository = \"OTHER\" at the top of " + std::string(local_hook_file_name));
}

}  // namespace

std::string_view to_string(hook_change::kind change) {
    constexpr std::array<std::string_view, 4> names{"added", "changed", "untrusted", "removed"};
    return names[static_cast<std::size_t>(change)];
}

std::vector<std::string> synced_hooks(std::string_view listed, const hook_repository& repository) {
    std::vector<std::string> names;
    for (const auto hook : base::value_view(listed)["hooks"].elements()) {
        if (is_synced_hook(hook, repository)) {
            names.push_back(hook["name"].string());
        }
    }
    return names;
}

std::vector<hook_change> hook_changes(
    const hook_set& wanted, std::string_view listed, const hook_repository& repository) {
    std::vector<hook_change> changes;
    for (const auto& each : wanted.hooks) {
        const auto known = hook_called(listed, each.name);
        if (!known) {
            changes.push_back({hook_change::kind::added, each.name});
        } else if (!is_synced_hook(*known, repository)) {
            refuse_taken_name(each.name);
        } else if (!is_as_wanted(*known, each.params)) {
            changes.push_back({hook_change::kind::changed, each.name});
        } else if (is_untrusted(*known)) {
            changes.push_back({hook_change::kind::untrusted, each.name, base::value_view(*known)["why"].string()});
        }
    }
    for (const auto& name : synced_hooks(listed, repository)) {
        const auto is_called_so = [&name](const wanted_hook& each) { return each.name == name; };
        if (std::none_of(wanted.hooks.begin(), wanted.hooks.end(), is_called_so)) {
            changes.push_back({hook_change::kind::removed, name});
        }
    }
    return changes;
}

}  // namespace hookd::hookctl
