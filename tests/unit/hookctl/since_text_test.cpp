// SPDX-License-Identifier: BSL-1.0
#include <hookctl/terminal/since_text.hpp>

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <string>

using namespace hookd::hookctl;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(since_text_suite)

BOOST_AUTO_TEST_CASE(a_duration_is_so_long_ago) {
    const std::chrono::system_clock::time_point now{1'764'000'000s};
    BOOST_TEST((parse_since("250ms", now) == now - 250ms));
    BOOST_TEST((parse_since("90s", now) == now - 90s));
    BOOST_TEST((parse_since("5m", now) == now - 5min));
    BOOST_TEST((parse_since("2h", now) == now - 2h));
    BOOST_TEST((parse_since("3d", now) == now - 72h));
    BOOST_TEST((parse_since("0s", now) == now));
}

BOOST_AUTO_TEST_CASE(a_time_is_that_of_rfc_3339) {
    BOOST_TEST((parse_since("1970-01-01T00:00:05Z", {}) == std::chrono::system_clock::time_point{5s}));
    BOOST_TEST((parse_since("1970-01-01T01:00:05+01:00", {}) == std::chrono::system_clock::time_point{5s}));
}

BOOST_AUTO_TEST_CASE(anything_else_is_none) {
    for (const std::string text : {"", "5", "h", "-1h", "1.5h", "1w", "yesterday", "2026-11-23", "12:00",
             "99999999999999999999d", "9999999999d"}) {
        BOOST_TEST(!parse_since(text, {}), text);
    }
}

BOOST_AUTO_TEST_CASE(what_is_no_time_is_shown_as_it_is) {
    BOOST_TEST(local_time("soon") == "soon");
    BOOST_TEST(local_time("2026-11-23T12:58:36.123456789Z").size() == 19U);
    BOOST_TEST(local_time("2026-11-23T12:58:36.123456789Z", true).ends_with(":36.123"));
}

BOOST_AUTO_TEST_SUITE_END()
