#include "broker_fixture.hpp"

// How push sessions begin and end, and what the broker says about them.
namespace hookd::core::test {

BOOST_AUTO_TEST_SUITE(sessions)

BOOST_AUTO_TEST_CASE(result_says_the_instance_and_where_the_session_begins) {
    world w;
    w.emit(w.join(), "a");
    w.emit(w.join(), "a");
    const auto result = w.subscribe(w.join());
    BOOST_CHECK(result.instance == w.broker.instance());
    BOOST_CHECK_EQUAL(result.head_seq, 2U);
    BOOST_CHECK(!result.resumed);
}

BOOST_AUTO_TEST_CASE(events_from_before_are_not_delivered_and_all_after_are) {
    world w;
    w.emit(w.join(), "a");
    client& hook = w.subscriber();
    w.emit(w.join(), "a");
    BOOST_CHECK_EQUAL(w.receive_names(hook), "2:a");
}

BOOST_AUTO_TEST_CASE(client_has_one_session_at_most) {
    world w;
    client& hook = w.subscriber({"a"});
    const auto second = w.try_subscribe(hook, {"b"});
    BOOST_REQUIRE(std::holds_alternative<protocol::error>(second));
    BOOST_CHECK_EQUAL(std::get<protocol::error>(second).code, errc::already_subscribed);
    w.emit(w.join(), "b");
    w.emit(w.join(), "a");
    BOOST_CHECK_EQUAL(w.receive_names(hook), "2:a");  // the first one goes on as it was
    w.unsubscribe(hook);
    w.subscribe(hook, {"b"});
    w.emit(w.join(), "b");
    BOOST_CHECK_EQUAL(w.receive_names(hook), "3:b");
}

BOOST_AUTO_TEST_CASE(session_with_other_patterns_misses_nothing_and_gets_nothing_twice) {
    world w;
    client& older = w.subscriber({"a"});
    client& younger = w.subscriber({"*"});
    w.emit(w.join(), "a");
    BOOST_CHECK(w.broker.change_session(older, {.events = {"b", "?"}}));
    BOOST_CHECK_EQUAL(w.emit(w.join(), "a").subscribers, 2U);
    BOOST_CHECK_EQUAL(w.emit(w.join(), "b").subscribers, 2U);
    BOOST_CHECK(w.broker.change_session(older, {.events = {"b"}}));
    BOOST_CHECK_EQUAL(w.emit(w.join(), "a").subscribers, 1U);
    BOOST_CHECK_EQUAL(w.emit(w.join(), "b").subscribers, 2U);
    BOOST_CHECK_EQUAL(w.receive_names(older), "1:a 2:a 3:b 5:b");
    BOOST_CHECK_EQUAL(w.receive_names(younger), "1:a 2:a 3:b 4:a 5:b");
    w.leave(older);
    BOOST_CHECK_EQUAL(w.emit(w.join(), "b").subscribers, 1U);
    BOOST_CHECK(!w.broker.change_session(w.join(), {.events = {"b"}}));
}

BOOST_AUTO_TEST_CASE(session_with_other_patterns_gets_what_waits_for_a_first_responder) {
    world w;
    client& hook = w.subscriber({"a"});
    wait& waiting = w.emit_and_wait(w.join(), "b", {.require_subscriber = false});
    BOOST_CHECK(w.broker.change_session(hook, {.events = {"b"}}));
    BOOST_CHECK(w.reply(hook, w.receive_one(hook).id) == refusal::none);
    BOOST_CHECK_EQUAL(waiting.how(), outcome::answered);
    w.check_nobody_waits();
}

BOOST_AUTO_TEST_CASE(session_that_withdraws_gets_no_more_and_may_still_reply) {
    world w;
    client& hook = w.subscriber({"a", "*"}, {.name = "h"});
    wait& waiting = w.emit_and_wait(w.join(), "a");
    w.broker.withdraw(hook);
    BOOST_CHECK_EQUAL(w.emit(w.join(), "a").subscribers, 0U);
    BOOST_CHECK_EQUAL(w.emit_and_wait(w.join(), "b").how(), outcome::no_subscribers);
    BOOST_CHECK(w.reply(hook, w.receive_one(hook).id) == refusal::none);
    BOOST_CHECK_EQUAL(waiting.how(), outcome::answered);
    w.unsubscribe(hook);
    BOOST_CHECK_EQUAL(w.stats().subscribers, 0U);
    w.broker.withdraw(hook);  // nothing to withdraw
    w.check_nobody_waits();
}

BOOST_AUTO_TEST_CASE(unsubscribe_drops_what_is_queued) {
    world w;
    client& hook = w.subscriber();
    w.emit(w.join(), "a");
    (void)w.receive(hook);
    w.emit(w.join(), "a");
    const auto ended = w.broker.unsubscribe(hook, w.now);
    BOOST_CHECK(ended.was_subscribed);
    BOOST_CHECK_EQUAL(ended.last_seq, 1U);
    BOOST_CHECK_EQUAL(w.receive_names(hook), "");
    BOOST_CHECK_EQUAL(w.emit(w.join(), "a").subscribers, 0U);
    BOOST_CHECK_EQUAL(w.take_ended(hook), "");
    const auto again = w.broker.unsubscribe(hook, w.now);
    BOOST_CHECK(!again.was_subscribed);
}

BOOST_AUTO_TEST_CASE(session_that_got_nothing_ends_where_it_began) {
    world w;
    for (int i = 0; i < 3; ++i) {
        w.emit(w.join(), "a");
    }
    client& hook = w.subscriber({"b"});
    BOOST_CHECK_EQUAL(w.broker.unsubscribe(hook, w.now).last_seq, 3U);
    client& resumed = w.subscriber({"b"}, {.after_seq = 1});
    BOOST_CHECK_EQUAL(w.broker.unsubscribe(resumed, w.now).last_seq, 1U);
}

BOOST_AUTO_TEST_CASE(session_is_called_by_its_name_or_by_its_process) {
    world w;
    client& named = w.join(1);
    w.subscribe(named, {}, {.name = "reviewer"});
    client& unnamed = w.join(4711);
    w.subscribe(unnamed);
    const auto sessions = w.stats().sessions;
    BOOST_REQUIRE_EQUAL(sessions.size(), 2U);
    BOOST_CHECK_EQUAL(sessions[0].name, "reviewer");
    BOOST_CHECK_EQUAL(sessions[0].pid, 1);
    BOOST_CHECK_EQUAL(sessions[0].uid, 1000U);
    BOOST_CHECK_EQUAL(sessions[1].name, "pid 4711");
    BOOST_CHECK_EQUAL(w.stats().subscribers, 2U);
}

BOOST_AUTO_TEST_CASE(sessions_without_a_pid_are_told_apart_by_a_number) {
    world w;
    w.subscribe(w.join(0));
    w.subscribe(w.join(0));
    const auto sessions = w.stats().sessions;
    BOOST_CHECK(sessions.at(0).name.starts_with("peer "));
    BOOST_CHECK(sessions.at(1).name.starts_with("peer "));
    BOOST_CHECK_NE(sessions[0].name, sessions[1].name);
}

BOOST_AUTO_TEST_CASE(stats_tell_how_much_waits_for_a_session) {
    world w;
    client& hook = w.subscriber({"a"});
    w.emit(w.join(), "a");
    w.emit(w.join(), "b");
    w.emit(w.join(), "a");
    BOOST_CHECK_EQUAL(w.stats().sessions.at(0).queued, 2U);
    (void)w.receive(hook);
    BOOST_CHECK_EQUAL(w.stats().sessions.at(0).queued, 0U);
    w.advance(90s);
    BOOST_CHECK_EQUAL(w.stats().uptime_s, 90.0);
}

BOOST_AUTO_TEST_CASE(client_that_leaves_takes_everything_of_its_own_along) {
    world w{{.capacity = 2}};
    client& hook = w.subscriber({"a"});
    client& emitter = w.join();
    wait& asked = w.emit_and_wait(emitter, "a");
    w.emit(emitter, "pushes");
    w.emit(emitter, "it");
    w.emit(emitter, "out");  // of the log
    w.leave(emitter);
    BOOST_CHECK_EQUAL(asked.error_code(), errc::cancelled);
    w.leave(hook);
    w.check_nobody_waits();
    BOOST_CHECK_EQUAL(w.broker.held().event_bytes, w.stats().retained_bytes);
    BOOST_CHECK_EQUAL(w.stats().subscribers, 0U);
    BOOST_CHECK_EQUAL(w.emit(w.join(), "b").subscribers, 0U);
}

BOOST_AUTO_TEST_CASE(memory_of_many_debts_is_given_back_once_there_are_none) {
    world w{{.capacity = 4000, .max_waiting_per_connection = 4000}};
    client& hook = w.subscriber();
    client& emitter = w.join();
    for (int i = 0; i < 3000; ++i) {
        w.emit_and_wait(emitter, "a", {.timeout = 1s});
    }
    BOOST_CHECK_GE(hook.push->debts.capacity(), 3000U);
    w.pass(1s);
    BOOST_CHECK_LE(hook.push->debts.capacity(), 1024U);
    // What is usual stays.
    w.emit_and_wait(emitter, "a", {.timeout = 1s});
    w.pass(1s);
    BOOST_CHECK_GE(hook.push->debts.capacity(), 1U);
    w.check_nobody_waits();
}

BOOST_AUTO_TEST_CASE(client_is_owed_its_answers_its_events_and_its_session) {
    world w;
    client& emitter = w.join();
    BOOST_CHECK(!broker_state::is_owed_anything(emitter));
    client& hook = w.subscriber();
    BOOST_CHECK(broker_state::is_owed_anything(hook));
    wait& asked = w.emit_and_wait(emitter, "a");
    BOOST_CHECK(broker_state::is_owed_anything(emitter));
    w.cancel(asked);
    BOOST_CHECK(!broker_state::is_owed_anything(emitter));
    w.emit(emitter, "b", {.reserve = 1s});
    BOOST_CHECK(!broker_state::is_owed_anything(emitter));  // it can ask over another connection
    w.unsubscribe(hook);
    BOOST_CHECK(!broker_state::is_owed_anything(hook));
}

BOOST_AUTO_TEST_CASE(client_that_hung_up_goes_on_as_an_observer) {
    world w;
    client& quiet = w.subscriber({}, {.name = "quiet"});
    wait& asked = w.emit_and_wait(w.join(), "a");
    w.hang_up(quiet);
    BOOST_CHECK_EQUAL(asked.how(), outcome::abandoned);
    BOOST_CHECK_EQUAL(asked.missing(), "quiet: left");
    BOOST_CHECK_EQUAL(w.emit_and_wait(w.join(), "b").how(), outcome::no_subscribers);
    BOOST_CHECK_EQUAL(w.receive_names(quiet), "1:a 2:b");
    BOOST_CHECK(broker_state::is_owed_anything(quiet));
    w.check_nobody_waits();
}

// What a peer sent before it closed is still carried out, and `subscribe` may be the last of it.
BOOST_AUTO_TEST_CASE(client_that_hung_up_before_is_an_observer_from_the_start) {
    world w;
    client& quiet = w.join();
    w.hang_up(quiet);
    w.subscribe(quiet);
    BOOST_CHECK_EQUAL(w.emit_and_wait(w.join(), "a").how(), outcome::no_subscribers);
    BOOST_CHECK_EQUAL(w.receive_names(quiet), "1:a");
}

BOOST_AUTO_TEST_CASE(client_that_hung_up_still_gets_its_verdict) {
    world w;
    client& hook = w.subscriber();
    client& emitter = w.join();
    wait& asked = w.emit_and_wait(emitter, "a");
    w.hang_up(emitter);
    BOOST_CHECK(!asked.over());
    BOOST_CHECK(broker_state::is_owed_anything(emitter));
    w.reply(hook, w.receive_one(hook).id);
    BOOST_CHECK_EQUAL(asked.how(), outcome::answered);
}

BOOST_AUTO_TEST_CASE(each_event_name_has_a_count_and_its_reply_times) {
    world w;
    client& hook = w.subscriber();
    for (int i = 0; i < 3; ++i) {
        w.emit_and_wait(w.join(), "asked");
        w.advance(4ms);
        w.reply(hook, w.receive_one(hook).id);
    }
    w.emit(w.join(), "told");
    const auto events = w.stats().events;
    BOOST_REQUIRE_EQUAL(events.size(), 2U);
    for (const auto& each : events) {
        BOOST_CHECK_EQUAL(each.count, each.name == "asked" ? 3U : 1U);
        BOOST_CHECK_EQUAL(each.p50_ms.has_value(), each.name == "asked");
    }
    BOOST_CHECK_EQUAL(std::find_if(events.begin(), events.end(), [](const auto& each) { return each.name == "asked"; })
                          ->max_ms.value(),
        4.0);
}

BOOST_AUTO_TEST_CASE(name_that_is_set_aside_is_for_those_who_may_use_it) {
    world w;
    client& early = w.join(7);
    w.subscribe(early, {}, {.name = "guard"});
    w.broker.set_names_aside({"guard", "lint"});
    BOOST_CHECK_EQUAL(w.stats().sessions.at(0).name, "pid 7");
    for (const auto* const name : {"guard", "lint"}) {
        const auto refused = w.try_subscribe(w.join(), {}, {.name = name});
        const auto* const failure = std::get_if<protocol::error>(&refused);
        BOOST_REQUIRE(failure != nullptr);
        BOOST_CHECK_EQUAL(failure->code, errc::invalid_params);
        BOOST_CHECK(failure->message.find("'name'") != std::string::npos);
    }
    client& hook = w.join();
    hook.may_use_set_aside_names = true;
    w.subscribe(hook, {}, {.name = "guard"});
    w.subscribe(w.join(), {}, {.name = "guards"});
    w.broker.set_names_aside({"lint"});
    w.subscribe(w.join(), {}, {.name = "guard"});
    BOOST_CHECK_EQUAL(w.stats().sessions.at(1).name, "guard");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace hookd::core::test
