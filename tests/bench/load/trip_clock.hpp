// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "workloads.hpp"

#include <vector>

namespace hookd::bench {

/// Takes the times of trips, after the warm-up, and the broker's CPU time meanwhile, and prints them.
class trip_clock {
public:
    explicit trip_clock(const load_options& options) : options_(options) { times_.reserve(options.count); }

    /// `trip(number)` makes one.
    template <class Trip>
    void run(Trip trip) {
        for (std::uint64_t i = 0; i < options_.warm_up; ++i) {
            trip(i);
        }
        const auto cpu = broker_cpu();
        for (std::uint64_t i = 0; i < options_.count; ++i) {
            const auto begin = steady::now();
            trip(options_.warm_up + i);
            times_.push_back(steady::now() - begin);
        }
        const auto used = broker_cpu() - cpu;
        result_line result;
        result.add("trips", options_.count);
        result.add_quantiles("trip", times_);
        if (options_.broker != 0) {
            result.add(
                "broker_cpu_us", static_cast<double>(used.count()) / 1000.0 / static_cast<double>(options_.count));
        }
        result.print();
    }

private:
    [[nodiscard]] std::chrono::nanoseconds broker_cpu() const {
        return options_.broker == 0 ? std::chrono::nanoseconds{0} : cpu_time_with_children(options_.broker);
    }

    const load_options& options_;
    std::vector<std::chrono::nanoseconds> times_{};
};

}  // namespace hookd::bench
