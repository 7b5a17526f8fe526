// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string_view>

namespace hookd::base {

/// Length of a timestamp as it is written: RFC 3339 in UTC with nine digits of a second's fraction,
/// `2026-11-23T12:58:36.000000000Z`.
inline constexpr std::size_t timestamp_size = 30;

/// Writes a timestamp, timestamp_size bytes, to `out`; returns the end. Keeps the last second's digits for each thread.
char* write_timestamp(char* out, std::chrono::system_clock::time_point time) noexcept;

/// The time that `text` says as in RFC 3339, `2026-11-23T12:58:36Z` or with a fraction and an offset from UTC; nothing
/// for any other text. Digits past nanoseconds are dropped. A leap second counts as the second after it; what the clock
/// cannot express counts as the earliest or latest that it can.
[[nodiscard]] std::optional<std::chrono::system_clock::time_point> parse_timestamp(std::string_view text) noexcept;

}  // namespace hookd::base
