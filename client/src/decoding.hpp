// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <hookd/requests.hpp>
#include <hookd/verdict.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// Results and notifications from JSON text that is known to be valid. Each throws error (broken) where the text is not
/// what the wire contract says; members that it does not know are skipped, since a newer daemon may send more.
namespace hookd::detail {

[[nodiscard]] emission decode_emission(std::string_view result);
/// What answers a request whose failure policy was `on_failure`. Under `closed` a verdict proceeds by a consultation
/// that came to its end (answered, abstained) or by a bypass: one that proceeds otherwise is not what the wire contract
/// says.
[[nodiscard]] verdict decode_verdict(std::string_view result, std::optional<protocol::failure_policy> on_failure = {});
[[nodiscard]] respond_result decode_respond_result(std::string_view result);
[[nodiscard]] daemon_info decode_daemon_info(std::string_view result);
[[nodiscard]] subscription decode_subscription(std::string_view result);
[[nodiscard]] bool decode_unsubscribed(std::string_view result);
/// The `params` of the notifications `cancelled` and `verdict`.
[[nodiscard]] ended_wait decode_ended_wait(std::string_view params);
[[nodiscard]] verdict_notice decode_verdict_notice(std::string_view params);
/// The `params` of the notification `closed`.
[[nodiscard]] session_end decode_session_end(std::string_view params);

/// The members of an event; payload as a span of `params`.
struct event_parts {
    std::uint64_t seq = 0;
    std::string hook_event_id;
    std::string name;
    std::string emitted_at;
    std::string cause;
    std::string host;
    bool expects_response = false;
    std::optional<std::chrono::milliseconds> timeout;
    std::string_view payload;
};
[[nodiscard]] event_parts decode_event(std::string_view params);

/// The number of a request that an answer belongs to, from its `id`; nothing for null and for what this library never
/// sends.
[[nodiscard]] std::optional<std::uint64_t> decode_id(std::string_view id) noexcept;

}  // namespace hookd::detail
