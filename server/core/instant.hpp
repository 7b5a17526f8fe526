// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <chrono>
#include <optional>

namespace hookd::core {

using steady_time = std::chrono::steady_clock::time_point;

/// The time of a request: core reads no clock.
struct instant {
    steady_time steady{};
    std::chrono::system_clock::time_point wall{};
};

/// When what was emitted then is due, by the steady clock; its epoch where nothing is waited for.
[[nodiscard]] inline steady_time due_time(std::chrono::system_clock::time_point emitted_at,
    const std::optional<std::chrono::milliseconds>& timeout, instant now) {
    return timeout ? now.steady + std::chrono::duration_cast<steady_time::duration>(emitted_at + *timeout - now.wall)
                   : steady_time{};
}

}  // namespace hookd::core
