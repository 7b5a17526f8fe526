// SPDX-License-Identifier: BSL-1.0
#include <base/text/quantity.hpp>

#include <boost/test/unit_test.hpp>

namespace {

using hookd::base::describe_duration;
using hookd::base::parse_duration;
using namespace std::chrono_literals;

}  // namespace

BOOST_AUTO_TEST_SUITE(quantities)

BOOST_AUTO_TEST_CASE(milliseconds_seconds_and_minutes_are_read) {
    BOOST_CHECK(parse_duration("250ms") == 250ms);
    BOOST_CHECK(parse_duration("30s") == 30s);
    BOOST_CHECK(parse_duration("5m") == 5min);
    BOOST_CHECK(parse_duration("0s") == 0s);
}

BOOST_AUTO_TEST_CASE(a_number_without_unit_is_refused) { BOOST_CHECK(!parse_duration("30")); }

BOOST_AUTO_TEST_CASE(what_is_no_whole_number_with_a_known_unit_is_refused) {
    for (const auto* text : {"", "s", "ms", "1h", "1 s", " 1s", "1s ", "-1s", "+1s", "1.5s", "0x1s", "1S", "1sec"}) {
        BOOST_TEST_CONTEXT(text) { BOOST_CHECK(!parse_duration(text)); }
    }
}

BOOST_AUTO_TEST_CASE(what_no_clock_can_hold_is_refused) {
    BOOST_CHECK(!parse_duration("99999999999999999999ms"));
    BOOST_CHECK(!parse_duration("9223372036854775807s"));
    BOOST_CHECK(!parse_duration("18446744073709551615m"));
    BOOST_CHECK(parse_duration("9223372036854775807ms"));
}

BOOST_AUTO_TEST_CASE(people_read_a_fitting_unit) {
    BOOST_TEST(describe_duration(250ms) == "250 ms");
    BOOST_TEST(describe_duration(1500ms) == "1.5 s");
    BOOST_TEST(describe_duration(30s) == "30 s");
    BOOST_TEST(describe_duration(90min) == "90 min");
}

BOOST_AUTO_TEST_CASE(an_age_may_be_hours_and_days) {
    BOOST_CHECK(hookd::base::parse_age("90s") == 90s);
    BOOST_CHECK(hookd::base::parse_age("2h") == 2h);
    BOOST_CHECK(hookd::base::parse_age("3d") == 72h);
    BOOST_CHECK(!hookd::base::parse_age("1w"));
    BOOST_CHECK(!hookd::base::parse_age("106751991168d"));  // one more than milliseconds can count
    BOOST_CHECK(hookd::base::parse_age("106751991167d"));
}

BOOST_AUTO_TEST_CASE(a_size_is_bytes_or_has_a_unit) {
    using hookd::base::parse_size;
    BOOST_CHECK(parse_size("0") == 0U);
    BOOST_CHECK(parse_size("4096") == 4096U);
    BOOST_CHECK(parse_size("64KiB") == 65536U);
    BOOST_CHECK(parse_size("2MiB") == 2097152U);
    BOOST_CHECK(parse_size("1GiB") == 1073741824U);
    for (const auto* text :
        {"", "KiB", "1K", "1kib", "1 KiB", "-1", "1.5MiB", "17179869184GiB", "18446744073709551616"}) {
        BOOST_TEST_CONTEXT(text) { BOOST_CHECK(!parse_size(text)); }
    }
    BOOST_CHECK(parse_size("17179869183GiB"));
}

BOOST_AUTO_TEST_CASE(what_is_written_is_read_again) {
    for (const auto span : {0ms, 1ms, 999ms, 1000ms, 60'000ms, 61'000ms, 86'400'000ms}) {
        BOOST_CHECK(parse_duration(hookd::base::duration_text(span)) == span);
    }
    for (const std::size_t bytes : {0U, 1U, 1023U, 1024U, 1536U, 1U << 20U, 3U << 30U}) {
        BOOST_CHECK(hookd::base::parse_size(hookd::base::size_text(bytes)) == bytes);
    }
    BOOST_TEST(hookd::base::duration_text(60'000ms) == "1m");
    BOOST_TEST(hookd::base::size_text(1536) == "1536");
}

BOOST_AUTO_TEST_CASE(people_read_a_size_in_a_whole_unit) {
    BOOST_TEST(hookd::base::describe_size(16384) == "16 KiB");
    BOOST_TEST(hookd::base::describe_size(1U << 20U) == "1 MiB");
    BOOST_TEST(hookd::base::describe_size(100) == "100 bytes");
}

BOOST_AUTO_TEST_SUITE_END()
