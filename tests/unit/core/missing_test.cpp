// SPDX-License-Identifier: BSL-1.0
#include "core/missing.hpp"

#include <boost/test/unit_test.hpp>

// What a person reads who is stopped though no hook said no.
namespace hookd::core {

BOOST_AUTO_TEST_SUITE(reasons_of_those_who_are_missing)

BOOST_AUTO_TEST_CASE(says_what_happened_to_whom_and_what_to_type) {
    BOOST_CHECK_EQUAL(no_decision_reason("git.pre_push", protocol::outcome::timeout,
                          {{"guard", "timeout"}, {"lint", "failed: ./lint: no such file"}}),
        "no hook decided (timeout): guard did not reply in time, lint failed: ./lint: no such file; "
        "'hookctl who git.pre_push' lists the hooks that it asks");
    BOOST_CHECK_EQUAL(no_decision_reason("a", protocol::outcome::no_subscribers, {}),
        "no hook decided (no_subscribers): no hook subscribes to this event; 'hookctl who a' lists the hooks that it "
        "asks");
    BOOST_CHECK_EQUAL(no_decision_reason("a", protocol::outcome::timeout, {}),
        "no hook decided (timeout): none replied; 'hookctl who a' lists the hooks that it asks");
}

BOOST_AUTO_TEST_CASE(names_those_without_whom_it_must_not_proceed) {
    BOOST_CHECK_EQUAL(missing_reason("a", {{"guard", "absent"}}),
        "must not proceed without guard, which is not there; 'hookctl who a' lists the hooks that it asks");
    BOOST_CHECK_EQUAL(missing_reason("a", {{"x", "left"}, {"y", "lagged"}, {"z", "shutdown"}}),
        "must not proceed without x, which left before it replied, y, which has lagged behind its events, "
        "z, which had not replied when the daemon stopped; 'hookctl who a' lists the hooks that it asks");
}

BOOST_AUTO_TEST_CASE(names_sixteen_at_most) {
    for (const std::size_t count : {std::size_t{15}, std::size_t{16}, std::size_t{17}}) {
        const std::vector<protocol::wait_result::absentee> missing(count, {"h", "left"});
        const auto text = missing_reason("a", missing);
        BOOST_CHECK_EQUAL(text.find(" and 1 more") != std::string::npos, count == 17);
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace hookd::core
