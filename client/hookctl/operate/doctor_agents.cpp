// SPDX-License-Identifier: BSL-1.0
#include "doctor_agents.hpp"

#include "hookctl/agent/site.hpp"
#include "hookctl/daemon/daemon_call.hpp"

#include <base/text/quantity.hpp>

#include <algorithm>
#include <chrono>
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <unistd.h>

namespace hookd::hookctl {

namespace {

using std::chrono::milliseconds;

/// An agent's settings, and what is wrong with them.
struct agent_settings {
    const agent_wiring& wiring;
    bool project = false;
    settings_path path{};
    std::string text{};

    [[nodiscard]] finding wrong(const std::string& problem) const {
        return {"agent " + std::string(wiring.agent), false,
            path.whole() + " " + problem + ": hookctl agent install " + std::string(wiring.agent) +
                (project ? " --project" : "")};
    }
    [[nodiscard]] bool calls_hookctl() const {
        return std::any_of(wiring.events.begin(), wiring.events.end(),
            [this](std::string_view event) { return !wired_hooks(wiring, text, event).empty(); });
    }
};

/// The first word of a shell's command line as `agent install` writes it; empty where that is not told so simply.
std::string program_of(const std::string& command) {
    if (!command.starts_with('\'')) {
        return command.substr(0, command.find(' '));
    }
    const auto end = command.find('\'', 1);
    const bool is_whole = end != std::string::npos && (end + 1 == command.size() || command[end + 1] == ' ');
    return is_whole ? command.substr(1, end - 1) : std::string();
}

/// How long hooks may take.
milliseconds hook_time_of(const std::string& command) {
    constexpr std::string_view option = " --timeout ";
    const auto found = command.find(option);
    if (found == std::string::npos) {
        return default_agent_timeout;
    }
    const auto begin = found + option.size();
    return base::parse_duration(command.substr(begin, command.find(' ', begin) - begin))
        .value_or(default_agent_timeout);
}

std::optional<std::string> fault_of(const wired_hook& hook) {
    if (const auto program = program_of(hook.command);
        program.starts_with('/') && ::access(program.c_str(), X_OK) != 0) {
        return "calls " + program + ", which can't be run";
    }
    const auto time = hook_time_of(hook.command);
    if (hook.limit && *hook.limit <= time) {
        return "gives hookctl " + base::describe_duration(*hook.limit) + ", and hookctl its hooks " +
               base::describe_duration(time) + ", so that a late veto is not heard";
    }
    return std::nullopt;
}

finding judge(const agent_settings& settings) {
    for (const auto event : settings.wiring.events) {
        const auto hooks = wired_hooks(settings.wiring, settings.text, event);
        if (hooks.empty()) {
            return settings.wrong("does not call hookctl agent-hook at " + std::string(event));
        }
        for (const auto& each : hooks) {
            if (const auto fault = fault_of(each)) {
                return settings.wrong(*fault);
            }
        }
    }
    return {"agent " + std::string(settings.wiring.agent), true, settings.path.whole() + " calls hookctl agent-hook"};
}

findings check_agent(const agent_wiring& wiring) {
    std::vector<agent_settings> found;
    for (const bool project : {false, true}) {
        if (project && wiring.project_directory.empty()) {
            continue;
        }
        auto path = settings_of(wiring, project);
        if (auto text = read_settings(path)) {
            found.push_back({wiring, project, std::move(path), std::move(*text)});
        }
    }
    findings all;
    for (const auto& each : found) {
        if (each.calls_hookctl()) {
            all.push_back(judge(each));
        }
    }
    if (all.empty() && !found.empty()) {
        all.push_back(found.front().wrong("does not call hookctl agent-hook"));
    }
    return all;
}

}  // namespace

findings check_agents() {
    findings all;
    for (const auto& wiring : agent_wirings()) {
        try {
            for (auto& each : check_agent(wiring)) {
                all.push_back(std::move(each));
            }
        } catch (const std::exception& failure) {
            all.push_back({"agent " + std::string(wiring.agent), false, failure.what()});
        }
    }
    return all;
}

}  // namespace hookd::hookctl
