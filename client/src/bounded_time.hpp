// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <algorithm>
#include <chrono>

namespace hookd::detail {

/// `time`, as long as it can be added to a clock's: milliseconds::max(), "for ever", has no room in the nanoseconds
/// that clocks count. A year is as good.
[[nodiscard]] constexpr std::chrono::milliseconds bounded_time(std::chrono::milliseconds time) noexcept {
    constexpr std::chrono::milliseconds longest = std::chrono::hours{24 * 365};
    return std::clamp(time, std::chrono::milliseconds::zero(), longest);
}

}  // namespace hookd::detail
