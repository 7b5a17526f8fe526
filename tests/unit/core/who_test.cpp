// SPDX-License-Identifier: BSL-1.0
#include "broker_fixture.hpp"

// Whom an emit_and_wait would ask.
namespace hookd::core::test {
namespace {

std::string names_of(const protocol::who_result& who) {
    std::string text;
    for (const auto& each : who.responders) {
        text += (text.empty() ? "" : " ") + each.name + ":" + std::string{each.state};
    }
    return text;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(who_would_be_asked)

BOOST_AUTO_TEST_CASE(responders_are_listed_in_the_order_of_a_chain) {
    broker_fixture fixture;
    (void)fixture.subscriber({"a"}, {.name = "late", .order = 1});
    (void)fixture.subscriber({"a"}, {.name = "b"});
    (void)fixture.subscriber({"a"}, {.name = "a", .on_failure = failure_policy::closed, .shadow = true});
    (void)fixture.subscriber({"b"}, {.name = "other"});
    (void)fixture.subscriber({}, {.responds = false});
    const auto who = fixture.broker.who({.event = "a"});
    BOOST_CHECK_EQUAL(names_of(who), "a:shadow b:ok late:ok");
    BOOST_CHECK_EQUAL(who.observers, 1U);
    BOOST_CHECK_EQUAL(who.responders[0].on_failure, failure_policy::closed);
    BOOST_CHECK_EQUAL(who.responders[0].uid, 1000U);
    BOOST_CHECK_EQUAL(who.responders[0].pid, 100);
    BOOST_CHECK_EQUAL(who.responders[2].order, 1);
    BOOST_CHECK(who.timeout == 30s);
    BOOST_CHECK_EQUAL(fixture.stats().events.size(), 0U);  // it is no event
}

BOOST_AUTO_TEST_CASE(payload_counts) {
    broker_fixture fixture;
    (void)fixture.subscriber({}, {.name = "shop", .where = {{"/cwd", "/shop*"}}});
    BOOST_CHECK_EQUAL(names_of(fixture.broker.who({.event = "a"})), "");
    BOOST_CHECK_EQUAL(names_of(fixture.broker.who({.event = "a", .payload = R"({"cwd":"/shop/x"})"})), "shop:ok");
}

BOOST_AUTO_TEST_CASE(one_that_lagged_is_listed_as_such) {
    broker_fixture fixture{{.capacity = 1}};
    client& slow = fixture.subscriber({}, {.name = "slow"});
    fixture.emit(fixture.join(), "a");
    fixture.emit(fixture.join(), "a");
    (void)fixture.receive(slow);
    BOOST_CHECK_EQUAL(fixture.take_ended(slow), "lagged after 1");
    BOOST_CHECK_EQUAL(names_of(fixture.broker.who({.event = "a"})), "slow:lagged");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace hookd::core::test
