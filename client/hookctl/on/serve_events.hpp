// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "hookctl/arguments.hpp"

#include <hookd/hook_runner.hpp>
#include <hookd/protocol/command_environment.hpp>

#include <boost/asio/io_context.hpp>

#include <functional>
#include <string>
#include <vector>

/// What the commands that subscribe have in common: ask, on, listen, log -f and top.
namespace hookd::hookctl {

/// Options for a session at the daemon of `call`. Throws hookd::error (invalid_argument) for an unknown --daemon-user.
[[nodiscard]] hook_runner_options runner_options_for(const invocation& call);

/// The same for a hook: with --where, and --repo unless that is empty. Throws usage_error if there is no repository.
[[nodiscard]] hook_runner_options hook_options_for(
    const invocation& call, const std::string& name, responder_options as_responder, const std::string& repository);

/// The environment of a command for events: that of this process as far as hooks get it, with the socket of `call` and
/// `further` variables, `NAME` or `NAME=VALUE` each.
[[nodiscard]] protocol::command_environment hook_environment_for(
    const invocation& call, const std::vector<std::string>& further = {});

/// The variables of that environment for one event, `NAME=value` each.
[[nodiscard]] std::vector<std::string> variables_for(
    const protocol::command_environment& environment, const event& received);

/// Runs `events` on a thread of its own and `io` on this one, until the session is over and `io` has nothing left to
/// do. Then `on_end` was called on `io`. Throws what either of them throws.
void serve_events(hook_runner& events, boost::asio::io_context& io, const std::function<void()>& on_end);

}  // namespace hookd::hookctl
