// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <hookd/protocol/methods.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>

namespace hookd::core {

/// Reply times. Percentiles come from a log-linear histogram, from 1 us to 24 h, with eight buckets an octave: one is
/// at most 12.5 % above the true one. What is reported as a histogram has the fixed bounds of
/// protocol::reply_time_bounds, exactly. Allocates with the first reply.
///
/// Thread-safety: none (broker's strand).
class reply_times {
public:
    void add(std::chrono::nanoseconds elapsed);
    /// Fills the percentiles of `out`, an event's or a responder's; leaves them empty where there was no reply.
    template <class Summary>
    void summarize(Summary& out) const {
        if (total_ == 0) {
            return;
        }
        out.p50_ms = quantile_ms(0.50);
        out.p90_ms = quantile_ms(0.90);
        out.p99_ms = quantile_ms(0.99);
        out.max_ms = static_cast<double>(longest_.count()) / 1e6;
        out.histogram = histogram();
    }

private:
    static constexpr std::size_t steps = 8;     // an octave
    static constexpr std::size_t octaves = 36;  // of microseconds: beyond max_timeout
    using counters = std::array<std::uint32_t, steps * octaves>;

    [[nodiscard]] double quantile_ms(double share) const;
    [[nodiscard]] protocol::time_histogram histogram() const;

    std::unique_ptr<counters> counts_{};
    std::array<std::uint64_t, protocol::reply_time_bounds.size()>
        within_{};  // replies above the bound before and up to this one
    double sum_ms_ = 0;
    std::uint64_t total_ = 0;
    std::chrono::nanoseconds longest_{};
};

}  // namespace hookd::core
