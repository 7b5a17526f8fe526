// SPDX-License-Identifier: BSL-1.0
#include "reply_times.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>

namespace hookd::core {

void reply_times::add(std::chrono::nanoseconds elapsed) {
    if (!counts_) {
        counts_ = std::make_unique<counters>();
    }
    ++total_;
    longest_ = std::max(longest_, elapsed);
    sum_ms_ += static_cast<double>(std::max(elapsed, std::chrono::nanoseconds{0}).count()) / 1e6;
    const auto& bounds = protocol::reply_time_bounds;
    if (const auto bound = std::lower_bound(bounds.begin(), bounds.end(), elapsed); bound != bounds.end()) {
        ++within_[static_cast<std::size_t>(bound - bounds.begin())];
    }
    const auto microseconds = static_cast<std::uint64_t>(std::max<std::int64_t>(elapsed.count() / 1000, 0));
    // Values below `steps` have a bucket each; above, the highest bits after the first choose the step of the octave.
    std::size_t bucket = microseconds;
    if (microseconds >= steps) {
        const auto octave = static_cast<std::size_t>(std::bit_width(microseconds)) - 4;
        bucket = steps * (octave + 1) + (microseconds >> octave & (steps - 1));
    }
    ++(*counts_)[std::min(bucket, counts_->size() - 1)];
}

protocol::time_histogram reply_times::histogram() const {
    protocol::time_histogram result{total_, sum_ms_, within_};
    std::partial_sum(result.buckets.begin(), result.buckets.end(), result.buckets.begin());
    return result;
}

double reply_times::quantile_ms(double share) const {
    const auto rank = static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(total_)));
    const double longest_ms = static_cast<double>(longest_.count()) / 1e6;
    std::uint64_t seen = 0;
    for (std::size_t bucket = 0; bucket < counts_->size(); ++bucket) {
        seen += (*counts_)[bucket];
        if (seen >= rank) {
            // The upper end of the bucket: a percentile is never understated.
            const std::uint64_t end =
                bucket < steps ? bucket + 1 : (steps + bucket % steps + 1) << (bucket / steps - 1);
            return std::min(static_cast<double>(end) / 1000.0, longest_ms);
        }
    }
    return longest_ms;
}

}  // namespace hookd::core
