// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <hookd/hook_runner.hpp>

#include <functional>
#include <string>
#include <variant>
#include <vector>

namespace hookd::detail {

/// Who gets which events: what was registered with a hook_runner.
struct hook_table {
    struct hook_route {
        std::string pattern;
        std::variant<hook_runner::hook, hook_runner::later_hook> handler;
    };
    struct listener_route {
        std::string pattern;
        hook_runner::listener handler;
    };

    std::vector<hook_route> hooks;
    std::vector<listener_route> listeners;
    std::function<void(const ended_wait&)> on_cancelled;
    std::function<void(const verdict_notice&)> on_verdict;
    std::function<void(const notice&)> on_notice;

    [[nodiscard]] bool empty() const noexcept { return hooks.empty() && listeners.empty(); }
    /// Every different pattern, for `subscribe`.
    [[nodiscard]] std::vector<std::string> patterns() const;
    /// The first that matches, or null.
    [[nodiscard]] const hook_route* find_hook(const std::string& event_name) const noexcept;
};

}  // namespace hookd::detail
