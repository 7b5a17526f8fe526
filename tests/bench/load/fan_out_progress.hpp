// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "workloads.hpp"

#include <atomic>
#include <cstdint>
#include <functional>

namespace hookd::bench {

/// What the subscribers' process tells the emitter; in memory that both share.
struct progress {
    std::atomic<std::uint32_t> ready{0};
    std::atomic<std::uint32_t> received{0};  ///< events that every subscriber has
    std::atomic<std::uint32_t> awaited{0};   ///< where the emitter wants to be woken
    std::atomic<std::uint64_t> deliveries{0};
    std::atomic<std::uint32_t> disordered{0};
};

/// Subscribers: so many more deliveries, and the one who has fewest events has so many.
void report_progress(progress& shared, std::uint64_t deliveries, std::uint64_t slowest);

/// Emitter: calls `write(first, count)` for one batch after the other, never more than the window ahead of the slowest
/// subscriber, and prints what came of it. Throws where nothing has come for 10 s: something is lost.
void measure_fan_out(const load_options& options, progress& shared, const forked& receivers,
    const std::function<void(std::uint64_t first, std::uint64_t count)>& write);

}  // namespace hookd::bench
