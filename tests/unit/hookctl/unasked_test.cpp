// SPDX-License-Identifier: BSL-1.0
#include <hookctl/emit/unasked.hpp>

#include <boost/test/unit_test.hpp>

using hookd::error_kind;
using namespace hookd::hookctl;

namespace {

bool stops(error_kind failure, bool fail_closed, bool proceed_without_daemon) {
    return stops_tool(
        unasked_after(failure), {.fail_closed = fail_closed, .proceed_without_daemon = proceed_without_daemon});
}

}  // namespace

BOOST_AUTO_TEST_SUITE(unasked_suite)

BOOST_AUTO_TEST_CASE(an_absent_daemon_stops_the_tool_unless_it_may_proceed) {
    BOOST_TEST(stops(error_kind::no_daemon, false, false));
    BOOST_TEST(!stops(error_kind::no_daemon, false, true));
    BOOST_TEST(!stops(error_kind::no_daemon, true, true));
}

BOOST_AUTO_TEST_CASE(a_daemon_that_does_not_answer_stops_it_where_an_answer_is_needed_too) {
    for (const auto failure : {error_kind::broken, error_kind::timed_out}) {
        BOOST_TEST(stops(failure, false, false));
        BOOST_TEST(!stops(failure, false, true));
        BOOST_TEST(stops(failure, true, true));
    }
}

BOOST_AUTO_TEST_CASE(a_question_that_was_refused_always_stops_it) {
    for (const auto failure : {error_kind::invalid_argument, error_kind::unreachable, error_kind::untrusted,
             error_kind::refused, error_kind::cancelled}) {
        BOOST_TEST(stops(failure, false, true));
        BOOST_TEST(stops(failure, true, true));
        BOOST_TEST(stops(failure, false, false));
    }
}

BOOST_AUTO_TEST_SUITE_END()
