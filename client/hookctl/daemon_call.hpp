#pragma once

#include "arguments.hpp"

#include "output.hpp"

#include <hookd/client.hpp>

#include <chrono>
#include <string>
#include <string_view>

namespace hookd::hookctl {

/// How long the daemon may take to answer a request that does not wait, unless --timeout says so.
inline constexpr std::chrono::milliseconds default_answer_timeout{30'000};

/// What the daemon may need for its answer beyond the time that the hooks have. Short: an operation is held up meanwhile.
inline constexpr std::chrono::milliseconds verdict_grace{5'000};

/// The connection that `call` asks for; an answer may take --timeout. Throws hookd::error (no_daemon).
[[nodiscard]] inline client connect_for(const invocation& call) {
    client_options options;
    options.path = call.socket;
    options.answer_timeout = call.timeout.value_or(default_answer_timeout);
    return client(std::move(options));
}

/// The same for a verdict: --timeout is what the hooks have.
[[nodiscard]] inline client verdict_client_for(const invocation& call) {
    client_options options;
    options.path = call.socket;
    options.answer_timeout = verdict_grace;
    return client(std::move(options));
}

/// `NAME (WHY), NAME (WHY)`: those who were waited for in vain.
[[nodiscard]] inline std::string missing_text(const verdict& said) {
    std::string text;
    for (std::string_view separator; const auto& hook : said.missing) {
        text.append(separator).append(harmless(hook.responder)).append(" (").append(harmless(hook.why)).append(")");
        separator = ", ";
    }
    return text;
}

}  // namespace hookd::hookctl
