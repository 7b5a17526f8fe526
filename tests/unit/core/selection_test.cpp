// SPDX-License-Identifier: BSL-1.0
#include "broker_fixture.hpp"

// Which events a session gets beyond its patterns, and whether it counts: asked_only, where, shadow.
namespace hookd::core::test {

BOOST_AUTO_TEST_SUITE(selection)

BOOST_AUTO_TEST_CASE(asked_only_gets_what_somebody_waits_for) {
    broker_fixture fixture{{.capacity = 1}};
    client& guard = fixture.subscriber({}, {.name = "guard", .asked_only = true});
    for (int i = 0; i < 5; ++i) {
        BOOST_CHECK_EQUAL(fixture.emit(fixture.join(), "a").subscribers, 0U);  // what is merely told does not crowd it
    }
    BOOST_CHECK_EQUAL(fixture.emit(fixture.join(), "a", {.reserve = 1s}).subscribers, 1U);
    BOOST_CHECK_EQUAL(fixture.receive_names(guard), "6:a");
    wait& asked = fixture.emit_and_wait(fixture.join(), "a");
    fixture.reply(guard, fixture.receive_one(guard).id);
    BOOST_CHECK_EQUAL(asked.how(), outcome::answered);
}

BOOST_AUTO_TEST_CASE(asked_only_replays_what_somebody_waited_for) {
    broker_fixture fixture;
    (void)fixture.subscriber({}, {.name = "other"});
    fixture.emit(fixture.join(), "a");
    (void)fixture.emit_and_wait(fixture.join(), "a");
    fixture.emit(fixture.join(), "a");
    client& late = fixture.join();
    fixture.subscribe(late, {}, {.asked_only = true, .after_seq = 0});
    BOOST_CHECK_EQUAL(fixture.receive_names(late), "2:a");
}

BOOST_AUTO_TEST_CASE(asked_only_resumes_though_what_was_merely_told_is_dropped) {
    broker_fixture fixture{{.capacity = 1}};
    client& late = fixture.join();
    for (int i = 0; i < 3; ++i) {
        fixture.emit(fixture.join(), "a");
    }
    BOOST_CHECK(std::holds_alternative<protocol::error>(fixture.try_subscribe(late, {}, {.after_seq = 0})));
    BOOST_CHECK(fixture.subscribe(late, {}, {.asked_only = true, .after_seq = 0}).resumed);
}

BOOST_AUTO_TEST_CASE(where_selects_by_payload) {
    broker_fixture fixture;
    client& shop = fixture.subscriber({}, {.name = "shop", .where = {{"/cwd", "/src/shop*"}}});
    BOOST_CHECK_EQUAL(fixture.emit(fixture.join(), "a", {.payload = R"({"cwd":"/src/shop"})"}).subscribers, 1U);
    BOOST_CHECK_EQUAL(fixture.emit(fixture.join(), "a", {.payload = R"({"cwd":"/src/bank"})"}).subscribers, 0U);
    BOOST_CHECK_EQUAL(fixture.receive_names(shop), "1:a");
    BOOST_CHECK_EQUAL(fixture.emit_and_wait(fixture.join(), "a").how(), outcome::no_subscribers);
    wait& asked = fixture.emit_and_wait(fixture.join(), "a", {.payload = R"({"cwd":"/src/shop/x"})"});
    fixture.reply(shop, fixture.receive_one(shop).id);
    BOOST_CHECK_EQUAL(asked.how(), outcome::answered);
    client& late = fixture.join();
    fixture.subscribe(late, {}, {.where = {{"/cwd", "*bank"}}, .after_seq = 0});
    BOOST_CHECK_EQUAL(fixture.receive_names(late), "2:a");
}

BOOST_AUTO_TEST_CASE(first_subscriber_must_want_the_payload) {
    broker_fixture fixture;
    wait& asked = fixture.emit_and_wait(fixture.join(), "a", {.payload = R"({"n":"1"})", .require_subscriber = false});
    client& other = fixture.subscriber({}, {.where = {{"/n", "2"}}});
    BOOST_CHECK_EQUAL(fixture.receive_names(other), "");
    client& wanted = fixture.subscriber({}, {.where = {{"/n", "1"}}});
    fixture.reply(wanted, fixture.receive_one(wanted).id);
    BOOST_CHECK_EQUAL(asked.how(), outcome::answered);
}

BOOST_AUTO_TEST_CASE(shadow_is_asked_but_decides_and_delays_nothing) {
    broker_fixture fixture;
    client& shadow = fixture.subscriber({}, {.name = "shadow", .on_failure = failure_policy::closed, .shadow = true});
    wait& alone = fixture.emit_and_wait(fixture.join(), "a");
    BOOST_CHECK_EQUAL(alone.how(), outcome::no_subscribers);
    BOOST_CHECK_EQUAL(alone.verdict().abort, "");
    BOOST_CHECK(fixture.receive_one(shadow).expects_response);
    client& hook = fixture.subscriber({}, {.name = "hook"});
    wait& asked = fixture.emit_and_wait(fixture.join(), "a");
    const auto id = fixture.receive_one(shadow).id;
    BOOST_CHECK_EQUAL(fixture.reply(shadow, id, R"({"abort":"no"})"), refusal::none);
    BOOST_CHECK_EQUAL(fixture.fail(shadow, id), refusal::none);
    BOOST_CHECK(!asked.over());
    fixture.reply(hook, id);
    BOOST_CHECK_EQUAL(asked.responses(), "{} by hook");
    BOOST_CHECK_EQUAL(asked.missing(), "");
    fixture.check_nobody_waits();
}

BOOST_AUTO_TEST_CASE(shadow_does_not_stand_for_one_that_is_required) {
    broker_fixture fixture;
    client& shadow = fixture.subscriber({}, {.name = "guard", .shadow = true});
    wait& asked = fixture.emit_and_wait(fixture.join(), "a", {.require = {"guard"}});
    BOOST_CHECK_EQUAL(asked.missing(), "guard: absent");
    (void)fixture.receive(shadow);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace hookd::core::test
