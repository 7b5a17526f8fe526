// SPDX-License-Identifier: BSL-1.0
#include "toml_settings.hpp"

#include "hookctl/arguments.hpp"
#include "hookctl/repository/toml.hpp"

#include <base/json/text.hpp>

namespace hookd::hookctl {

namespace {

constexpr std::string_view begin_mark = "# hookctl agent install: its hooks begin here\n";
constexpr std::string_view end_mark = "# hookctl agent install: its hooks end here\n";
constexpr std::chrono::seconds longest_limit{600};

toml::table parsed(std::string_view settings) {
    try {
        return parse_toml(settings);
    } catch (const toml_fault& failure) {
        throw usage_error((failure.line == 0 ? "" : "line " + std::to_string(failure.line) + ": ") + failure.what());
    }
}

}  // namespace

std::string toml_wired(const std::optional<std::string>& settings, std::span<const std::string_view> events,
    const std::string& command, std::chrono::seconds limit) {
    if (limit > longest_limit) {
        throw usage_error("the agent accepts at most " + std::to_string(longest_limit.count()) +
                          " s for a hook, and this one needs " + std::to_string(limit.count()) +
                          " s: install it with a shorter --timeout");
    }
    const auto before = settings ? toml_unwired(*settings) : std::nullopt;
    auto text = before.value_or("");
    (void)parsed(text);
    text.append(before ? "\n" : "").append(begin_mark);
    for (const auto event : events) {
        text.append("[[hooks]]\nevent = \"").append(event).append("\"\ncommand = ");
        base::append_json_string(text, command);  // as TOML has its basic strings
        text.append("\ntimeout = ").append(std::to_string(limit.count())).append("\n");
    }
    text.append(end_mark);
    (void)parsed(text);
    return text;
}

std::optional<std::string> toml_unwired(std::string settings) {
    const auto begin = settings.find(begin_mark);
    const auto end = settings.find(end_mark, begin);
    if (begin == std::string::npos || end == std::string::npos) {
        return settings;
    }
    const auto past = end + end_mark.size();
    if (begin == 0 && past == settings.size()) {
        return std::nullopt;
    }
    const auto from = begin > 0 ? begin - 1 : 0;  // with the line end that toml_wired() has put before it
    return settings.erase(from, past - from);
}

std::vector<wired_hook> toml_hooks(std::string_view settings, std::string_view event) {
    std::vector<wired_hook> found;
    const auto root = parsed(settings);
    const auto* hooks = root["hooks"].as_array();
    if (hooks == nullptr) {
        return found;
    }
    for (const auto& each : *hooks) {
        const auto* hook = each.as_table();
        if (hook == nullptr || (*hook)["event"].value_or(std::string_view()) != event) {
            continue;
        }
        auto& added = found.emplace_back();
        added.command = (*hook)["command"].value_or(std::string());
        if (const auto limit = (*hook)["timeout"].value<std::int64_t>()) {
            added.limit = std::chrono::seconds(*limit);
        }
    }
    return found;
}

}  // namespace hookd::hookctl
