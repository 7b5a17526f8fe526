// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace hookd::hookctl {

/// The time that `text` names: so long before `now` (`90s`, `2h`, `3d`), or RFC 3339. Nothing for anything else.
[[nodiscard]] std::optional<std::chrono::system_clock::time_point> parse_since(
    std::string_view text, std::chrono::system_clock::time_point now);

/// Of the time that RFC 3339 says, the local date and time to the second, or to the millisecond: `2026-11-23 12:58:36`.
/// The text itself if it is not such a time.
[[nodiscard]] std::string local_time(std::string_view timestamp, bool with_milliseconds = false);

}  // namespace hookd::hookctl
