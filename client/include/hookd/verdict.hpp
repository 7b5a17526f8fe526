#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hookd {

/// How a wait ended (protocol/PROTOCOL.md, `emit_and_wait`).
enum class outcome : std::uint8_t {
    answered,        ///< the policy was satisfied, and at least one responder replied
    abstained,       ///< every responder abstained
    timeout,         ///< the time was over first
    abandoned,       ///< nobody was left who could still reply
    no_subscribers,  ///< no responder matched
    shutdown,        ///< the daemon stops
    unknown,         ///< await_response only: an id never reserved, already answered to someone, or over
};

/// The outcome's name on the wire, e.g. `no_subscribers`.
[[nodiscard]] std::string_view to_string(outcome value) noexcept;

/// What the hooks decided about one event.
struct verdict {
    struct response {
        std::string text;       ///< the reply's JSON object, byte for byte
        std::string responder;  ///< who replied: the subscriber's name, or `pid N`
        std::chrono::duration<double, std::milli> elapsed{};
    };
    struct missing_responder {
        std::string responder;
        std::string why;  ///< `timeout`, `left`, `failed: …` or `shutdown`
    };

    std::string hook_event_id;
    std::optional<std::uint64_t> seq;  ///< absent where the outcome is unknown
    hookd::outcome outcome = hookd::outcome::unknown;
    std::string abort;  ///< why not to proceed; empty to proceed
    std::vector<response> responses;
    std::vector<missing_responder> missing;
    std::string text;  ///< the whole result, as the JSON text that the daemon sent

    /// Whether the operation may go on. Under failure_policy::open (the default) that is also so where nobody decided.
    [[nodiscard]] bool proceed() const noexcept { return abort.empty(); }
};

}  // namespace hookd
