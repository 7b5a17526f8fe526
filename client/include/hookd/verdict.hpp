// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <hookd/protocol/methods.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace hookd {

using protocol::outcome;
using protocol::to_string;

/// What the hooks decided about one event.
struct verdict {
    struct response {
        std::string text;       ///< the reply's JSON object, byte for byte
        std::string responder;  ///< who replied: the subscriber's name, `pid N` or `peer N`
        std::uint32_t uid = 0;  ///< the user whose process replied
        std::chrono::duration<double, std::milli> elapsed{};
        std::string host{};  ///< where the responder is; empty: on the daemon's own
    };
    struct missing_responder {
        std::string responder;
        std::string why;     ///< `timeout`, `left`, `failed: …`, `lagged`, `absent` or `shutdown`
        std::string host{};  ///< where the responder is; empty: on the daemon's own
    };

    std::string hook_event_id;
    std::optional<std::uint64_t> seq;                        ///< absent where the outcome is unknown
    protocol::outcome outcome = protocol::outcome::unknown;  ///< how the wait ended
    std::string abort;                                       ///< why not to proceed; empty to proceed
    std::vector<response> responses;
    std::vector<missing_responder> missing;
    /// Of a chain in which a reply replaced the payload: the last one, JSON, byte for byte; else empty.
    std::string payload;
    /// Not empty: `abort` would have said no, and a bypass in force overrode it for this reason.
    std::string bypassed;
    std::string text;  ///< the whole result, as the JSON text that the daemon sent

    /// Whether the operation may proceed. Under failure_policy::open (the default) it also may where no hook decided.
    [[nodiscard]] bool proceed() const noexcept { return abort.empty(); }
};

/// How the wait of another process for an event ended.
struct verdict_notice {
    std::string event;                                    ///< its name
    verdict how;                                          ///< `how.text` is the whole notification's `params`
    std::chrono::duration<double, std::milli> elapsed{};  ///< which the wait took
};

}  // namespace hookd
