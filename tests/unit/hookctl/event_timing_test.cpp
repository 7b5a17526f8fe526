#include <hookctl/event_timing.hpp>

#include <boost/test/unit_test.hpp>

#include <string>

namespace {

using namespace hookd::hookctl;
using namespace std::chrono;
using namespace std::chrono_literals;

constexpr auto emitted_at = sys_days{2026y / November / 23} + 12h + 58min + 36s;

hookd::event emitted(bool expects_response, const std::string& timeout, const std::string& when = "2026-11-23T12:58:36.000000000Z") {
    return hookd::event::parse(R"({"seq":1,"hook_event_id":"7f0c5a4e-8f6e-4d58-9a53-0a8f1d1f2f10","event":"e","emitted_at":")" + when +
                               R"(","expects_response":)" + (expects_response ? "true" : "false") + timeout + R"(,"payload":{}})");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(event_timing_suite)

BOOST_AUTO_TEST_CASE(a_time_stamp_is_read_to_the_nanosecond) {
    BOOST_CHECK(parse_timestamp("2026-11-23T12:58:36.000000001Z") == emitted_at + 1ns);
    BOOST_CHECK(parse_timestamp("2026-11-23T12:58:36.5Z") == emitted_at + 500ms);
    BOOST_CHECK(parse_timestamp("2026-11-23T12:58:36Z") == emitted_at);
    BOOST_CHECK(parse_timestamp("1970-01-01T00:00:00.000000000Z") == sys_days{});
}

BOOST_AUTO_TEST_CASE(what_is_no_time_stamp_in_utc_is_refused) {
    for (const auto* text : {"", "Z", "2026-11-23", "2026-11-23T12:58:36", "2026-11-23T12:58:36+01:00", "2026-13-01T00:00:00Z",
                             "2026-02-30T00:00:00Z", "2026-11-23T24:00:00Z", "2026-11-23T12:60:00Z", "2026-11-23 12:58:36Z",
                             "2026-11-23T12:58:36.Z", "2026-11-23T12:58:36.0000000001Z", "2026-11-23T12:58:36.1x3Z", "-026-11-23T12:58:36Z",
                             "2026-1 -23T12:58:36Z"}) {
        BOOST_TEST_CONTEXT(text) { BOOST_CHECK(!parse_timestamp(text)); }
    }
}

BOOST_AUTO_TEST_CASE(time_spent_in_queues_is_off_what_is_left) {
    const auto what = emitted(true, R"(,"timeout_ms":5000)");
    BOOST_CHECK(time_left(what, emitted_at) == 5s);
    BOOST_CHECK(time_left(what, emitted_at + 2s) == 3s);
}

BOOST_AUTO_TEST_CASE(what_is_left_is_never_negative_nor_more_than_was_given) {
    const auto what = emitted(true, R"(,"timeout_ms":5000)");
    BOOST_CHECK(time_left(what, emitted_at + 1h) == 0s);
    BOOST_CHECK(time_left(what, emitted_at - 1h) == 5s);  // the clock was set back
}

BOOST_AUTO_TEST_CASE(nobody_waiting_sets_no_limit) {
    BOOST_CHECK(!time_left(emitted(false, ""), emitted_at));
    BOOST_CHECK(!time_left(emitted(true, ""), emitted_at));
}

BOOST_AUTO_TEST_CASE(a_time_stamp_that_cannot_be_read_leaves_all_of_the_time) {
    BOOST_CHECK(time_left(emitted(true, R"(,"timeout_ms":5000)", "yesterday"), emitted_at + 1h) == 5s);
}

BOOST_AUTO_TEST_SUITE_END()
