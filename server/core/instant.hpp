// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <chrono>

namespace hookd::core {

using steady_time = std::chrono::steady_clock::time_point;

/// The time of a request: core reads no clock.
struct instant {
    steady_time steady{};
    std::chrono::system_clock::time_point wall{};
};

}  // namespace hookd::core
