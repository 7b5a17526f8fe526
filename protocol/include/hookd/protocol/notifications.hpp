// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <hookd/protocol/results.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// What the daemon says without being asked: the JSON form of each notification, which stands nowhere else.
namespace hookd::protocol {

/// An event as its subscribers see it.
struct event_fields {
    std::uint64_t seq = 0;
    uuid hook_event_id{};
    std::string_view event{};
    std::chrono::system_clock::time_point emitted_at{};
    bool expects_response = false;
    std::optional<std::chrono::milliseconds> timeout{};
    std::string_view cause{};  ///< empty: none
    std::string_view host{};   ///< where it comes from, as is_host_name() has it; empty: here
    bool replayed = false;     ///< handed out once more, out of the journal
};

/// The notification `event` up to where the payload begins: how long it is, and where in it the event's name, cause and
/// host stand.
struct event_head {
    std::size_t size = 0;
    std::size_t name_offset = 0;
    std::size_t cause_offset = 0;  ///< 0 where there is none
    std::size_t host_offset = 0;   ///< 0 where there is none
};
[[nodiscard]] event_head measure_event_head(const event_fields& fields) noexcept;

/// Writes it to `out`, which has room for as many bytes as measure_event_head says. Returns the end.
char* write_event_head(char* out, const event_fields& fields) noexcept;

/// What follows the payload.
inline constexpr std::string_view event_tail = "}}";

/// Appends the notification `closed`.
void append_closed(std::string& out, close_reason reason, std::uint64_t last_seq);

/// Appends the notification `cancelled`: the wait for that event is over, though the responder has not replied.
void append_cancelled(std::string& out, const uuid& hook_event_id, refusal reason);

/// What comes before the params of the notification `verdict`; one closing brace comes after them.
inline constexpr std::string_view verdict_head = R"({"jsonrpc":"2.0","method":"verdict","params":)";

/// Appends the notification `verdict`: how the wait for an event ended.
void append_verdict(
    std::string& out, std::string_view event, const wait_result& verdict, std::chrono::nanoseconds elapsed);

}  // namespace hookd::protocol
