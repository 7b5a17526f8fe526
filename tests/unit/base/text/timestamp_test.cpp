// SPDX-License-Identifier: BSL-1.0
#include <base/text/timestamp.hpp>

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <string>

using namespace std::chrono;
using hookd::base::parse_timestamp;

namespace {

std::int64_t nanoseconds_of(const std::string& text) {
    const auto found = parse_timestamp(text);
    BOOST_REQUIRE_MESSAGE(found, text);
    return duration_cast<nanoseconds>(found->time_since_epoch()).count();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(timestamps)

BOOST_AUTO_TEST_CASE(what_is_written_is_read_again) {
    const auto now = time_point_cast<system_clock::duration>(system_clock::time_point{1'764'000'000'123'456'789ns});
    std::string text(hookd::base::timestamp_size, ' ');
    hookd::base::write_timestamp(text.data(), now);
    BOOST_TEST((parse_timestamp(text) == now));
}

BOOST_AUTO_TEST_CASE(each_form_of_rfc_3339_is_understood) {
    constexpr std::int64_t second = 1'000'000'000;
    BOOST_TEST(nanoseconds_of("1970-01-01T00:00:01Z") == second);
    BOOST_TEST(nanoseconds_of("1970-01-01t00:00:01z") == second);
    BOOST_TEST(nanoseconds_of("1970-01-01 00:00:01Z") == second);
    BOOST_TEST(nanoseconds_of("1970-01-01T01:00:01+01:00") == second);
    BOOST_TEST(nanoseconds_of("1969-12-31T23:30:01-00:30") == second);
    BOOST_TEST(nanoseconds_of("1970-01-01T00:00:00.5Z") == second / 2);
    BOOST_TEST(nanoseconds_of("1970-01-01T00:00:00.0000000019Z") == 1);
    BOOST_TEST(nanoseconds_of("1972-06-30T23:59:60Z") == nanoseconds_of("1972-07-01T00:00:00Z"));
    BOOST_TEST(nanoseconds_of("2024-02-29T00:00:00Z") > 0);
}

BOOST_AUTO_TEST_CASE(what_the_clock_cannot_express_is_clamped) {
    BOOST_TEST(nanoseconds_of("0001-01-01T00:00:00Z") < 0);
    BOOST_TEST(nanoseconds_of("9999-12-31T23:59:59.999999999Z") > 0);
}

BOOST_AUTO_TEST_CASE(anything_else_is_none) {
    for (const std::string text : {"", "now", "2026-11-23", "2026-11-23T12:58:36", "2026-11-23T12:58Z",
             "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-11-23T24:00:00Z",
             "2026-11-23T12:60:00Z", "2026-11-23T12:00:61Z", "2026-11-23T12:00:00.Z", "2026-11-23T12:00:00Z ",
             " 2026-11-23T12:00:00Z", "2026-11-23T12:00:00+25:00", "2026-11-23T12:00:00+0100", "26-11-23T12:00:00Z",
             "2026-1-2T12:00:00Z", "+2026-11-23T12:00:00Z", "1764000000"}) {
        BOOST_TEST(!parse_timestamp(text), text);
    }
}

BOOST_AUTO_TEST_SUITE_END()
