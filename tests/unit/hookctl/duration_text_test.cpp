// SPDX-License-Identifier: BSL-1.0
#include <hookctl/terminal/duration_text.hpp>

#include <boost/test/unit_test.hpp>

namespace {

using hookd::hookctl::describe_duration;
using hookd::hookctl::parse_duration;
using namespace std::chrono_literals;

}  // namespace

BOOST_AUTO_TEST_SUITE(duration_text_suite)

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

BOOST_AUTO_TEST_SUITE_END()
