// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "hookctl/arguments.hpp"

#include <hookd/client.hpp>

#include <chrono>
#include <functional>
#include <string>

namespace hookd::hookctl {

/// A step of a tool for which hooks are asked.
struct guarded_step {
    std::string tool{};     ///< as messages name it: "git", "jj"
    std::string stopped{};  ///< what happens if it may not proceed: "git stops", "nothing is pushed"
    std::string event{};
    std::chrono::milliseconds timeout{};  ///< for the hooks, unless --timeout says so
    bool fail_closed = false;
    bool proceed_without_daemon = true;
    /// The payload, a JSON text. Called once a daemon is connected.
    std::function<std::string(client& daemon)> payload{};
    /// Whether another step of the same command has reported that there is no daemon; empty: none has.
    std::function<bool()> absence_was_reported{};
};

/// Fires the event and waits for the verdict. Returns exit_status::done if the step may proceed; else prints the reason
/// and returns exit_status::vetoed, or exit_status::not_done if no hook could be asked. Throws hookd::error if the
/// daemon is absent or does not answer and the arguments say that the tool then stops.
[[nodiscard]] int ask_for_permission(const invocation& call, const guarded_step& step);

}  // namespace hookd::hookctl
