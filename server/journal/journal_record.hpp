// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <hookd/protocol/uuid_text.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

/// What is written to the journal, as it waits for its turn.
namespace hookd::server {

/// Since 1970, as the journal keeps times.
[[nodiscard]] inline std::int64_t nanoseconds_of(std::chrono::system_clock::time_point time) {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count();
}

struct event_record {
    std::uint64_t seq = 0;
    protocol::uuid id{};
    std::string name{};
    std::int64_t emitted_at = 0;               ///< nanoseconds since 1970
    std::optional<std::int64_t> timeout_ms{};  ///< absent: it was told, nobody waited
    std::int64_t pid = 0;
    std::uint32_t uid = 0;
    std::string program{};
    std::string cause{};
    std::string host{};  ///< that it comes from; empty: this one
    std::size_t subscribers = 0;
    bool masked = false;                   ///< a secret was taken out of the payload
    std::size_t payload_bytes = 0;         ///< as it was emitted
    std::optional<std::string> payload{};  ///< absent: larger than the journal keeps
    bool restored = false;                 ///< an earlier process has recorded it, and may have lost that: is not to
                                           ///< replace what the journal holds
};

struct hand_out_record {
    std::uint64_t seq = 0;
    std::string session_name{};
    bool is_asked = false;      ///< a client waits for its reply
    std::int64_t after_ns = 0;  ///< since the event was emitted
};

struct verdict_record {
    std::uint64_t seq = 0;
    std::string notification{};  ///< `verdict`, JSON, whole: what else is wanted of it is taken out by the thread that
                                 ///< writes it
    bool vetoed = false;         ///< the operation was stopped
};

struct given_up_record {
    std::uint64_t seq = 0;
    std::string_view why{};  ///< static
};

struct shadow_record {
    std::uint64_t seq = 0;
    std::string reply{};  ///< JSON, as `trace` has it, but for its time
    std::int64_t after_ns = 0;
};

using journal_record = std::variant<event_record, hand_out_record, verdict_record, given_up_record, shadow_record>;

/// Of the event that it is about.
[[nodiscard]] std::uint64_t seq_of(const journal_record& record) noexcept;

/// Bytes that it takes in memory.
[[nodiscard]] std::size_t footprint_of(const journal_record& record) noexcept;

}  // namespace hookd::server
