// SPDX-License-Identifier: BSL-1.0
#include "hooks/registry_changes.hpp"

#include "hooks/program_file.hpp"

#include <base/exec/resolved_command.hpp>
#include <base/json/object_writer.hpp>

#include <hookd/protocol/command_environment.hpp>
#include <hookd/protocol/limits.hpp>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <string_view>
#include <system_error>

namespace hookd::server {

using protocol::errc;
using protocol::error;

namespace {

error unknown_hook(const std::string& name) {
    return {errc::invalid_params,
        "parameter 'name': there is no registered hook '" + name + "' (list_hooks returns all)",
        base::object_writer{}.text("name", name).finish()};
}

std::vector<registered_hook>::iterator find_hook(std::vector<registered_hook>& all, const std::string& name) {
    return std::find_if(all.begin(), all.end(), [&name](const auto& each) { return each.definition.name == name; });
}

std::string_view search_path() {
    const char* const path = std::getenv("PATH");
    return path != nullptr ? path : "";
}

/// `directory`: where it will run; empty: where this process does.
std::vector<std::string> resolved_in(const std::string& directory, std::vector<std::string> command) {
    const auto start = directory.empty() ? std::filesystem::current_path() : std::filesystem::path{directory};
    return base::resolved_command(std::move(command), start, search_path());
}

void refuse_unless_usable(const hook_definition& hook) {
    std::error_code unknown;
    if (!hook.directory.empty() && !std::filesystem::is_directory(hook.directory, unknown)) {
        throw change_refused({errc::invalid_params,
            "parameter 'cwd': there is no directory " + hook.directory + ": make it, or give another"});
    }
    for (const auto& each : hook.environment) {
        if (const auto name = each.substr(0, each.find('=')); protocol::command_environment::is_for_event(name)) {
            throw change_refused({errc::invalid_params,
                "parameter 'env': it cannot set " + name + ", which says which event the command runs for"});
        }
    }
}

void refuse_unless_runnable(const std::vector<std::string>& command) {
    if (const auto problem = why_not_runnable(command, search_path())) {
        throw change_refused({errc::invalid_params, "parameter 'command': it cannot be run: " + *problem});
    }
}

std::vector<file_pin> pinned(const std::vector<std::string>& command, const std::vector<file_pin>& before = {}) {
    try {
        return pin_files(command, before);
    } catch (const std::runtime_error& failure) {
        throw change_refused({errc::invalid_params, std::string{"parameter 'command': "} + failure.what()});
    }
}

/// Changes the hook of that name, and looks at its files.
template <class Change>
changed_hook change_hook(kept_hooks& registry, const std::string& name, Change change) {
    changed_hook result;
    result.all = registry.update([&](std::vector<registered_hook>& all) {
        const auto at = find_hook(all, name);
        if (at == all.end()) {
            throw change_refused(unknown_hook(name));
        }
        change(*at);
        result.hook = *at;
    });
    result.trust = check_trust(result.hook, {});
    return result;
}

}  // namespace

changed_hook add_to_registry(kept_hooks& registry, const hook_definition& definition) {
    changed_hook result;
    auto& hook = result.hook;
    hook.definition = definition;
    refuse_unless_usable(definition);
    hook.definition.command = resolved_in(definition.directory, definition.command);
    refuse_unless_runnable(hook.definition.command);
    hook.pins = pinned(hook.definition.command);
    result.all = registry.update([&hook](std::vector<registered_hook>& all) {
        if (const auto at = find_hook(all, hook.definition.name); at != all.end()) {
            hook.enabled = at->enabled;
            *at = hook;
        } else if (all.size() >= protocol::max_hooks) {
            throw change_refused(protocol::limit_error(
                "hooks", protocol::max_hooks, "as many hooks are registered as may be: deregister one"));
        } else {
            all.push_back(hook);
        }
    });
    result.trust = check_trust(hook, {});
    return result;
}

changed_hook trust_in_registry(kept_hooks& registry, const std::string& name) {
    return change_hook(registry, name, [](registered_hook& hook) {
        hook.definition.command = resolved_in(hook.definition.directory, hook.definition.command);
        hook.pins = pinned(hook.definition.command, hook.pins);
    });
}

changed_hook enable_in_registry(kept_hooks& registry, const std::string& name, bool enabled) {
    return change_hook(registry, name, [enabled](registered_hook& hook) { hook.enabled = enabled; });
}

removed_hook remove_from_registry(kept_hooks& registry, const std::string& name) {
    removed_hook result;
    result.all = registry.update([&](std::vector<registered_hook>& all) {
        const auto at = find_hook(all, name);
        result.was_there = at != all.end();
        if (result.was_there) {
            all.erase(at);
        }
    });
    return result;
}

}  // namespace hookd::server
