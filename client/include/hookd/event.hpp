// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <boost/json/value.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace hookd {

namespace detail {
class connection;
}

/// An event as a subscriber receives it. Immutable; a value that can be copied, moved and kept.
///
/// Lifetime: string_views that it returns live as long as this object is neither assigned to, moved from nor destroyed.
/// Thread-safety: as a const std::string.
class event {
public:
    /// Reads the `params` of an `event` notification. The library does so for each event; a unit test of a hook makes
    /// its events with it. Throws error (invalid_argument) where the text is no such object.
    [[nodiscard]] static event parse(std::string params);

    /// Its number: grows by one an event, from 1, for each run of the daemon.
    [[nodiscard]] std::uint64_t seq() const noexcept { return seq_; }
    /// The unguessable id that a reply names.
    [[nodiscard]] const std::string& hook_event_id() const noexcept { return hook_event_id_; }
    /// The event's name, e.g. `pre_push`.
    [[nodiscard]] const std::string& name() const noexcept { return name_; }
    /// When it was emitted: RFC 3339, UTC, nanoseconds.
    [[nodiscard]] const std::string& emitted_at() const noexcept { return emitted_at_; }
    /// Whether an emitter waited for a reply, or reserved a slot for one, when it was emitted.
    [[nodiscard]] bool expects_response() const noexcept { return expects_response_; }
    /// How long that emitter waits, counted from the emission.
    [[nodiscard]] std::optional<std::chrono::milliseconds> timeout() const noexcept { return timeout_; }

    /// When that time is over, counted from when the event was read: clocks of different processes are not compared.
    /// Nothing where no emitter waits.
    [[nodiscard]] std::optional<std::chrono::steady_clock::time_point> deadline() const noexcept { return deadline_; }

    /// The names of the events that led to it, oldest first, separated by commas; empty: none did.
    [[nodiscard]] const std::string& cause() const noexcept { return cause_; }
    /// The cause of what a hook emits for this event: emit_options::cause.
    [[nodiscard]] std::string as_cause() const;

    /// The host of the cluster that it comes from; empty: the daemon's own.
    [[nodiscard]] const std::string& host() const noexcept { return host_; }

    /// The payload: JSON text, byte for byte as it was emitted.
    [[nodiscard]] std::string_view payload() const noexcept {
        return std::string_view{text_}.substr(payload_offset_, payload_bytes_);
    }

    /// The payload as a document. Parsed at each call; numbers beyond 64 bits lose digits there, and the last of
    /// repeated keys wins: payload() has them all. Throws boost::system::system_error where Boost.JSON cannot hold it.
    [[nodiscard]] boost::json::value json() const;

    /// All of the event, payload included: the notification's `params` as one JSON object, byte for byte.
    [[nodiscard]] const std::string& text() const noexcept { return text_; }

private:
    friend class detail::connection;

    event() = default;
    // As parse, for what came in a frame that has been checked already; throws error (broken).
    static event parse_valid(std::string params);

    std::uint64_t seq_ = 0;
    std::string hook_event_id_;
    std::string name_;
    std::string emitted_at_;
    std::string cause_;
    std::string host_;
    std::optional<std::chrono::milliseconds> timeout_;
    std::optional<std::chrono::steady_clock::time_point> deadline_;
    std::string text_;
    std::size_t payload_offset_ = 0;
    std::size_t payload_bytes_ = 0;
    bool expects_response_ = false;
};

}  // namespace hookd
