#include "broker_fixture.hpp"

// Which events a session gets beyond its patterns, and whether it counts: asked_only, where, shadow.
namespace hookd::core::test {

BOOST_AUTO_TEST_SUITE(selection)

BOOST_AUTO_TEST_CASE(asked_only_gets_what_somebody_waits_for) {
    world w{{.capacity = 1}};
    client& guard = w.subscriber({}, {.name = "guard", .asked_only = true});
    for (int i = 0; i < 5; ++i) {
        BOOST_CHECK_EQUAL(w.emit(w.join(), "a").subscribers, 0U);  // what is merely told does not crowd it
    }
    BOOST_CHECK_EQUAL(w.emit(w.join(), "a", {.reserve = 1s}).subscribers, 1U);
    BOOST_CHECK_EQUAL(w.receive_names(guard), "6:a");
    wait& asked = w.emit_and_wait(w.join(), "a");
    w.reply(guard, w.receive_one(guard).id);
    BOOST_CHECK_EQUAL(asked.how(), outcome::answered);
}

BOOST_AUTO_TEST_CASE(asked_only_replays_what_somebody_waited_for) {
    world w;
    (void)w.subscriber({}, {.name = "other"});
    w.emit(w.join(), "a");
    (void)w.emit_and_wait(w.join(), "a");
    w.emit(w.join(), "a");
    client& late = w.join();
    w.subscribe(late, {}, {.asked_only = true, .after_seq = 0});
    BOOST_CHECK_EQUAL(w.receive_names(late), "2:a");
}

BOOST_AUTO_TEST_CASE(asked_only_resumes_though_what_was_merely_told_is_dropped) {
    world w{{.capacity = 1}};
    client& late = w.join();
    for (int i = 0; i < 3; ++i) {
        w.emit(w.join(), "a");
    }
    BOOST_CHECK(std::holds_alternative<protocol::error>(w.try_subscribe(late, {}, {.after_seq = 0})));
    BOOST_CHECK(w.subscribe(late, {}, {.asked_only = true, .after_seq = 0}).resumed);
}

BOOST_AUTO_TEST_CASE(where_selects_by_payload) {
    world w;
    client& shop = w.subscriber({}, {.name = "shop", .where = {{"/cwd", "/src/shop*"}}});
    BOOST_CHECK_EQUAL(w.emit(w.join(), "a", {.payload = R"({"cwd":"/src/shop"})"}).subscribers, 1U);
    BOOST_CHECK_EQUAL(w.emit(w.join(), "a", {.payload = R"({"cwd":"/src/bank"})"}).subscribers, 0U);
    BOOST_CHECK_EQUAL(w.receive_names(shop), "1:a");
    BOOST_CHECK_EQUAL(w.emit_and_wait(w.join(), "a").how(), outcome::no_subscribers);
    wait& asked = w.emit_and_wait(w.join(), "a", {.payload = R"({"cwd":"/src/shop/x"})"});
    w.reply(shop, w.receive_one(shop).id);
    BOOST_CHECK_EQUAL(asked.how(), outcome::answered);
    client& late = w.join();
    w.subscribe(late, {}, {.where = {{"/cwd", "*bank"}}, .after_seq = 0});
    BOOST_CHECK_EQUAL(w.receive_names(late), "2:a");
}

BOOST_AUTO_TEST_CASE(first_subscriber_must_want_the_payload) {
    world w;
    wait& asked = w.emit_and_wait(w.join(), "a", {.payload = R"({"n":"1"})", .require_subscriber = false});
    client& other = w.subscriber({}, {.where = {{"/n", "2"}}});
    BOOST_CHECK_EQUAL(w.receive_names(other), "");
    client& wanted = w.subscriber({}, {.where = {{"/n", "1"}}});
    w.reply(wanted, w.receive_one(wanted).id);
    BOOST_CHECK_EQUAL(asked.how(), outcome::answered);
}

BOOST_AUTO_TEST_CASE(shadow_is_asked_but_decides_and_delays_nothing) {
    world w;
    client& shadow = w.subscriber({}, {.name = "shadow", .on_failure = failure_policy::closed, .shadow = true});
    wait& alone = w.emit_and_wait(w.join(), "a");
    BOOST_CHECK_EQUAL(alone.how(), outcome::no_subscribers);
    BOOST_CHECK_EQUAL(alone.verdict().abort, "");
    BOOST_CHECK(w.receive_one(shadow).expects_response);
    client& hook = w.subscriber({}, {.name = "hook"});
    wait& asked = w.emit_and_wait(w.join(), "a");
    const auto id = w.receive_one(shadow).id;
    BOOST_CHECK_EQUAL(w.reply(shadow, id, R"({"abort":"no"})"), refusal::none);
    BOOST_CHECK_EQUAL(w.fail(shadow, id), refusal::none);
    BOOST_CHECK(!asked.over());
    w.reply(hook, id);
    BOOST_CHECK_EQUAL(asked.responses(), "{} by hook");
    BOOST_CHECK_EQUAL(asked.missing(), "");
    w.check_nobody_waits();
}

BOOST_AUTO_TEST_CASE(shadow_does_not_stand_for_one_that_is_required) {
    world w;
    client& shadow = w.subscriber({}, {.name = "guard", .shadow = true});
    wait& asked = w.emit_and_wait(w.join(), "a", {.require = {"guard"}});
    BOOST_CHECK_EQUAL(asked.missing(), "guard: absent");
    (void)w.receive(shadow);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace hookd::core::test
