// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace hookd::protocol {

/// The time that `text` says as in RFC 3339, `2026-11-23T12:58:36Z` or with a fraction and an offset from UTC; nothing
/// for any other text. Digits past nanoseconds are dropped. A leap second counts as the second after it; what the clock
/// cannot express counts as the earliest or latest that it can.
[[nodiscard]] std::optional<std::chrono::system_clock::time_point> parse_timestamp(std::string_view text) noexcept;

}  // namespace hookd::protocol
