// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace hookd::hookctl {

/// Reads a whole number with its unit: `250ms`, `30s`, `5m`. Nothing for anything else, and for what no
/// std::chrono::milliseconds holds.
[[nodiscard]] std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);

/// For people, in the unit that fits: `250 ms`, `1.5 s`, `12 min`.
[[nodiscard]] std::string describe_duration(std::chrono::milliseconds span);

}  // namespace hookd::hookctl
