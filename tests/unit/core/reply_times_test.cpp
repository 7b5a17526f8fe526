// SPDX-License-Identifier: BSL-1.0
#include "core/reply_times.hpp"

#include <hookd/protocol/limits.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <random>
#include <vector>

namespace hookd::core {
namespace {

using namespace std::chrono_literals;
using event_times = protocol::stats_result::event_times;

event_times summary_of(const reply_times& times) {
    event_times result;
    times.summarize(result);
    return result;
}

double milliseconds(std::chrono::nanoseconds span) { return static_cast<double>(span.count()) / 1e6; }

}  // namespace

BOOST_AUTO_TEST_SUITE(times_of_replies)

BOOST_AUTO_TEST_CASE(no_reply_has_no_percentiles) {
    const auto summary = summary_of(reply_times{});
    BOOST_CHECK(!summary.p50_ms);
    BOOST_CHECK(!summary.p90_ms);
    BOOST_CHECK(!summary.p99_ms);
    BOOST_CHECK(!summary.max_ms);
}

BOOST_AUTO_TEST_CASE(histogram_has_fixed_bounds_that_belong_to_their_bucket) {
    reply_times times;
    BOOST_CHECK(!summary_of(times).histogram);
    for (const std::chrono::nanoseconds each : {0ns, 100'000ns, 100'001ns, 1'000'000ns, 2'000'000'000'000ns}) {
        times.add(each);
    }
    const auto histogram = summary_of(times).histogram.value();
    BOOST_CHECK_EQUAL(histogram.count, 5U);
    BOOST_CHECK_CLOSE(histogram.sum_ms, 2'000'001.200001, 1e-9);
    BOOST_CHECK_EQUAL(histogram.buckets.front(), 2U);  // at most 0.1 ms
    BOOST_CHECK_EQUAL(histogram.buckets[1], 3U);
    BOOST_CHECK_EQUAL(histogram.buckets[3], 4U);      // 1 ms
    BOOST_CHECK_EQUAL(histogram.buckets.back(), 4U);  // 10 min
    BOOST_CHECK(std::is_sorted(protocol::reply_time_bounds.begin(), protocol::reply_time_bounds.end()));
}

BOOST_AUTO_TEST_CASE(one_reply_is_every_percentile) {
    for (const std::chrono::nanoseconds each : {0ns, 1ns, 999ns, 1000ns, 7999ns, 8000ns, 123'456ns, 30'000'000'000ns}) {
        reply_times times;
        times.add(each);
        const auto summary = summary_of(times);
        BOOST_CHECK_EQUAL(summary.p50_ms.value(), milliseconds(each));
        BOOST_CHECK_EQUAL(summary.p99_ms.value(), milliseconds(each));
        BOOST_CHECK_EQUAL(summary.max_ms.value(), milliseconds(each));
    }
}

// Each value, with a larger one beside it, so that the maximum doesn't correct the percentile.
BOOST_AUTO_TEST_CASE(percentile_is_never_below_the_true_one_and_at_most_an_eighth_above) {
    for (std::int64_t us = 1; us < 86'400'000'000; us += 1 + us / 50) {
        reply_times times;
        times.add(std::chrono::microseconds{us});
        times.add(std::chrono::microseconds{us});
        times.add(std::chrono::microseconds{8 * us});
        const double exact = static_cast<double>(us) / 1000;
        const double p50 = summary_of(times).p50_ms.value();
        const double allowed = std::max(exact * 1.125, exact + 0.001);  // a bucket is at least a microsecond wide
        if (p50 < exact || p50 > allowed * 1.000001) {
            BOOST_ERROR(us << " us became " << p50 << " ms");
        }
    }
}

BOOST_AUTO_TEST_CASE(percentiles_of_random_times_are_those_of_the_sorted_list) {
    std::mt19937_64 random{42};
    reply_times times;
    std::vector<double> all;
    for (int i = 0; i < 10'000; ++i) {
        const auto each =
            std::chrono::nanoseconds{static_cast<std::int64_t>(std::exp(static_cast<double>(random() % 2000) / 100))};
        times.add(each);
        all.push_back(milliseconds(each));
    }
    std::sort(all.begin(), all.end());
    const auto summary = summary_of(times);
    const auto check = [&all](double got, std::size_t rank) {
        BOOST_CHECK_GE(got, all[rank - 1]);
        BOOST_CHECK_LE(got, all[rank - 1] * 1.126 + 0.002);
    };
    check(summary.p50_ms.value(), 5000);
    check(summary.p90_ms.value(), 9000);
    check(summary.p99_ms.value(), 9900);
    BOOST_CHECK_EQUAL(summary.max_ms.value(), all.back());
}

BOOST_AUTO_TEST_CASE(rank_of_a_percentile_is_rounded_up) {
    reply_times times;
    for (int i = 0; i < 99; ++i) {
        times.add(1ms);
    }
    times.add(1s);
    const auto summary = summary_of(times);  // the 99th of 100 is still 1 ms
    BOOST_CHECK_LT(summary.p99_ms.value(), 1.13);
    BOOST_CHECK_EQUAL(summary.max_ms.value(), 1000.0);
    times.add(1s);  // the 100th of 101 is 1 s
    BOOST_CHECK_EQUAL(summary_of(times).p99_ms.value(), 1000.0);
}

BOOST_AUTO_TEST_CASE(longest_time_that_is_allowed_and_more_is_counted) {
    reply_times times;
    times.add(protocol::max_timeout);
    times.add(protocol::max_timeout * 1000);
    const auto summary = summary_of(times);
    BOOST_CHECK_GE(summary.p50_ms.value(), milliseconds(protocol::max_timeout));
    BOOST_CHECK_LE(summary.p50_ms.value(), 1.126 * milliseconds(protocol::max_timeout));
    BOOST_CHECK_EQUAL(summary.max_ms.value(), milliseconds(protocol::max_timeout * 1000));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace hookd::core
