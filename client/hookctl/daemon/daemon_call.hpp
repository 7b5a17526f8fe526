// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "hookctl/arguments.hpp"

#include "daemon_user.hpp"
#include "hookctl/terminal/output.hpp"

#include <hookd/client.hpp>

#include <chrono>
#include <filesystem>
#include <string>
#include <string_view>

namespace hookd::hookctl {

/// How long the daemon may take to answer a request that does not wait, unless --timeout says so.
inline constexpr std::chrono::milliseconds default_answer_timeout{30'000};

/// What hooks have for a coding agent's event, unless --timeout says so: less than any agent gives its hook, since one
/// that takes longer is not heard.
inline constexpr std::chrono::milliseconds default_agent_timeout{20'000};

/// What the daemon may need for its answer beyond the --timeout that the hooks have (hookctl(1)). Short: an operation
/// is held up meanwhile. It answers within milliseconds, but where both stand still for a second the client may be the
/// first to go on.
inline constexpr std::chrono::milliseconds verdict_grace{2'000};

/// For what should not hold anybody up but has no --timeout: how long a daemon may be silent before it is asked whether
/// it lives, and how long it may take to say so (hookctl(1)).
inline constexpr std::chrono::milliseconds longest_silence{10'000};

/// The same with a --timeout, which is not outlasted by more than verdict_grace.
[[nodiscard]] inline std::chrono::milliseconds longest_silence_of(const invocation& call) {
    const bool is_short = call.timeout && *call.timeout < longest_silence - verdict_grace;
    return is_short ? *call.timeout + verdict_grace : longest_silence;
}

/// A connection to the daemon of `call`. Throws hookd::error (no_daemon, unreachable, untrusted).
[[nodiscard]] inline client connect_for(const invocation& call, std::chrono::milliseconds answer_timeout) {
    client_options options;
    options.path = call.socket;
    options.daemon_user = daemon_user_of(call);
    options.answer_timeout = answer_timeout;
    return client(options);
}

/// The path of a socket as it is from any directory. One in the abstract namespace (`@NAME`) is so as it stands.
[[nodiscard]] inline std::string absolute_socket(const std::string& path) {
    return path.starts_with('@') ? path : std::filesystem::absolute(path).string();
}

/// For a request that does not wait: an answer may take --timeout.
[[nodiscard]] inline client connect_for(const invocation& call) {
    return connect_for(call, call.timeout.value_or(default_answer_timeout));
}

/// The result of a request that does not wait. Throws hookd::error.
[[nodiscard]] inline std::string ask_daemon(
    const invocation& call, std::string_view method, const std::string& params) {
    return connect_for(call).call(method, params, call.timeout.value_or(default_answer_timeout));
}

/// Why the daemon has refused a request, without the name of its method, which nobody has typed.
[[nodiscard]] inline std::string reason_of(const error& refused, std::string_view method) {
    std::string_view message = refused.what();
    if (message.starts_with(method) && message.substr(method.size()).starts_with(": ")) {
        message.remove_prefix(method.size() + 2);
    }
    return std::string(message);
}

/// As connect_for, but starts a daemon where there is none and start_absent_daemon() may.
[[nodiscard]] client connect_or_start(const invocation& call, std::chrono::milliseconds answer_timeout);

/// For a verdict: --timeout is what the hooks have.
[[nodiscard]] inline client verdict_client_for(const invocation& call) {
    return connect_or_start(call, call.timeout ? verdict_grace : longest_silence);
}

/// For telling what has happened already, to hooks that nobody waits for.
[[nodiscard]] inline client telling_client_for(const invocation& call) {
    return connect_or_start(call, longest_silence_of(call));
}

/// `NAME (WHY), NAME (WHY)`: those who were waited for in vain.
[[nodiscard]] inline std::string missing_text(const verdict& result) {
    std::string text;
    for (std::string_view separator; const auto& hook : result.missing) {
        text.append(separator).append(harmless(hook.responder)).append(" (").append(harmless(hook.why)).append(")");
        separator = ", ";
    }
    return text;
}

}  // namespace hookd::hookctl
