// SPDX-License-Identifier: BSL-1.0
#include "broker_fixture.hpp"

// How push sessions begin and end, and what the broker says about them.
namespace hookd::core::test {

BOOST_AUTO_TEST_SUITE(subscribing)

BOOST_AUTO_TEST_CASE(result_says_the_instance_and_where_the_session_begins) {
    broker_fixture fixture;
    fixture.emit(fixture.join(), "a");
    fixture.emit(fixture.join(), "a");
    const auto result = fixture.subscribe(fixture.join());
    BOOST_CHECK(result.instance == fixture.broker.instance());
    BOOST_CHECK_EQUAL(result.head_seq, 2U);
    BOOST_CHECK(!result.resumed);
}

BOOST_AUTO_TEST_CASE(events_from_before_are_not_delivered_and_all_after_are) {
    broker_fixture fixture;
    fixture.emit(fixture.join(), "a");
    client& hook = fixture.subscriber();
    fixture.emit(fixture.join(), "a");
    BOOST_CHECK_EQUAL(fixture.receive_names(hook), "2:a");
}

BOOST_AUTO_TEST_CASE(client_has_one_session_at_most) {
    broker_fixture fixture;
    client& hook = fixture.subscriber({"a"});
    const auto second = fixture.try_subscribe(hook, {"b"});
    BOOST_REQUIRE(std::holds_alternative<protocol::error>(second));
    BOOST_CHECK_EQUAL(std::get<protocol::error>(second).code, errc::already_subscribed);
    fixture.emit(fixture.join(), "b");
    fixture.emit(fixture.join(), "a");
    BOOST_CHECK_EQUAL(fixture.receive_names(hook), "2:a");  // the first one goes on as it was
    fixture.unsubscribe(hook);
    fixture.subscribe(hook, {"b"});
    fixture.emit(fixture.join(), "b");
    BOOST_CHECK_EQUAL(fixture.receive_names(hook), "3:b");
}

BOOST_AUTO_TEST_CASE(session_with_other_patterns_misses_nothing_and_gets_nothing_twice) {
    broker_fixture fixture;
    client& older = fixture.subscriber({"a"});
    client& younger = fixture.subscriber({"*"});
    fixture.emit(fixture.join(), "a");
    BOOST_CHECK(fixture.broker.change_session(older, {.events = {"b", "?"}}));
    BOOST_CHECK_EQUAL(fixture.emit(fixture.join(), "a").subscribers, 2U);
    BOOST_CHECK_EQUAL(fixture.emit(fixture.join(), "b").subscribers, 2U);
    BOOST_CHECK(fixture.broker.change_session(older, {.events = {"b"}}));
    BOOST_CHECK_EQUAL(fixture.emit(fixture.join(), "a").subscribers, 1U);
    BOOST_CHECK_EQUAL(fixture.emit(fixture.join(), "b").subscribers, 2U);
    BOOST_CHECK_EQUAL(fixture.receive_names(older), "1:a 2:a 3:b 5:b");
    BOOST_CHECK_EQUAL(fixture.receive_names(younger), "1:a 2:a 3:b 4:a 5:b");
    fixture.leave(older);
    BOOST_CHECK_EQUAL(fixture.emit(fixture.join(), "b").subscribers, 1U);
    BOOST_CHECK(!fixture.broker.change_session(fixture.join(), {.events = {"b"}}));
}

BOOST_AUTO_TEST_CASE(session_with_other_patterns_gets_what_waits_for_a_first_responder) {
    broker_fixture fixture;
    client& hook = fixture.subscriber({"a"});
    wait& waiting = fixture.emit_and_wait(fixture.join(), "b", {.require_subscriber = false});
    BOOST_CHECK(fixture.broker.change_session(hook, {.events = {"b"}}));
    BOOST_CHECK(fixture.reply(hook, fixture.receive_one(hook).id) == refusal::none);
    BOOST_CHECK_EQUAL(waiting.how(), outcome::answered);
    fixture.check_nobody_waits();
}

BOOST_AUTO_TEST_CASE(session_that_withdraws_gets_no_more_and_may_still_reply) {
    broker_fixture fixture;
    client& hook = fixture.subscriber({"a", "*"}, {.name = "h"});
    wait& waiting = fixture.emit_and_wait(fixture.join(), "a");
    fixture.broker.withdraw(hook);
    BOOST_CHECK_EQUAL(fixture.emit(fixture.join(), "a").subscribers, 0U);
    BOOST_CHECK_EQUAL(fixture.emit_and_wait(fixture.join(), "b").how(), outcome::no_subscribers);
    BOOST_CHECK(fixture.reply(hook, fixture.receive_one(hook).id) == refusal::none);
    BOOST_CHECK_EQUAL(waiting.how(), outcome::answered);
    fixture.unsubscribe(hook);
    BOOST_CHECK_EQUAL(fixture.stats().subscribers, 0U);
    fixture.broker.withdraw(hook);  // nothing to withdraw
    fixture.check_nobody_waits();
}

BOOST_AUTO_TEST_CASE(unsubscribe_drops_what_is_queued) {
    broker_fixture fixture;
    client& hook = fixture.subscriber();
    fixture.emit(fixture.join(), "a");
    (void)fixture.receive(hook);
    fixture.emit(fixture.join(), "a");
    const auto ended = fixture.broker.unsubscribe(hook, fixture.now);
    BOOST_CHECK(ended.was_subscribed);
    BOOST_CHECK_EQUAL(ended.last_seq, 1U);
    BOOST_CHECK_EQUAL(fixture.receive_names(hook), "");
    BOOST_CHECK_EQUAL(fixture.emit(fixture.join(), "a").subscribers, 0U);
    BOOST_CHECK_EQUAL(fixture.take_ended(hook), "");
    const auto again = fixture.broker.unsubscribe(hook, fixture.now);
    BOOST_CHECK(!again.was_subscribed);
}

BOOST_AUTO_TEST_CASE(session_that_got_nothing_ends_where_it_began) {
    broker_fixture fixture;
    for (int i = 0; i < 3; ++i) {
        fixture.emit(fixture.join(), "a");
    }
    client& hook = fixture.subscriber({"b"});
    BOOST_CHECK_EQUAL(fixture.broker.unsubscribe(hook, fixture.now).last_seq, 3U);
    client& resumed = fixture.subscriber({"b"}, {.after_seq = 1});
    BOOST_CHECK_EQUAL(fixture.broker.unsubscribe(resumed, fixture.now).last_seq, 1U);
}

BOOST_AUTO_TEST_CASE(session_is_called_by_its_name_or_by_its_process) {
    broker_fixture fixture;
    client& named = fixture.join(1);
    fixture.subscribe(named, {}, {.name = "reviewer"});
    client& unnamed = fixture.join(4711);
    fixture.subscribe(unnamed);
    const auto sessions = fixture.stats().sessions;
    BOOST_REQUIRE_EQUAL(sessions.size(), 2U);
    BOOST_CHECK_EQUAL(sessions[0].name, "reviewer");
    BOOST_CHECK_EQUAL(sessions[0].pid, 1);
    BOOST_CHECK_EQUAL(sessions[0].uid, 1000U);
    BOOST_CHECK_EQUAL(sessions[1].name, "pid 4711");
    BOOST_CHECK_EQUAL(fixture.stats().subscribers, 2U);
}

BOOST_AUTO_TEST_CASE(sessions_without_a_pid_are_told_apart_by_a_number) {
    broker_fixture fixture;
    fixture.subscribe(fixture.join(0));
    fixture.subscribe(fixture.join(0));
    const auto sessions = fixture.stats().sessions;
    BOOST_CHECK(sessions.at(0).name.starts_with("peer "));
    BOOST_CHECK(sessions.at(1).name.starts_with("peer "));
    BOOST_CHECK_NE(sessions[0].name, sessions[1].name);
}

BOOST_AUTO_TEST_CASE(stats_tell_how_much_waits_for_a_session) {
    broker_fixture fixture;
    client& hook = fixture.subscriber({"a"});
    fixture.emit(fixture.join(), "a");
    fixture.emit(fixture.join(), "b");
    fixture.emit(fixture.join(), "a");
    BOOST_CHECK_EQUAL(fixture.stats().sessions.at(0).queued, 2U);
    (void)fixture.receive(hook);
    BOOST_CHECK_EQUAL(fixture.stats().sessions.at(0).queued, 0U);
    fixture.advance(90s);
    BOOST_CHECK_EQUAL(fixture.stats().uptime_s, 90.0);
}

BOOST_AUTO_TEST_CASE(client_that_leaves_takes_everything_of_its_own_along) {
    broker_fixture fixture{{.capacity = 2}};
    client& hook = fixture.subscriber({"a"});
    client& emitter = fixture.join();
    wait& asked = fixture.emit_and_wait(emitter, "a");
    fixture.emit(emitter, "pushes");
    fixture.emit(emitter, "it");
    fixture.emit(emitter, "out");  // of the log
    fixture.leave(emitter);
    BOOST_CHECK_EQUAL(asked.error_code(), errc::cancelled);
    fixture.leave(hook);
    fixture.check_nobody_waits();
    BOOST_CHECK_EQUAL(fixture.broker.held().event_bytes, fixture.stats().retained_bytes);
    BOOST_CHECK_EQUAL(fixture.stats().subscribers, 0U);
    BOOST_CHECK_EQUAL(fixture.emit(fixture.join(), "b").subscribers, 0U);
}

BOOST_AUTO_TEST_CASE(memory_for_many_expected_replies_is_given_back_once_there_are_none) {
    broker_fixture fixture{{.capacity = 4000, .max_waiting_per_connection = 4000}};
    client& hook = fixture.subscriber();
    client& emitter = fixture.join();
    for (int i = 0; i < 3000; ++i) {
        fixture.emit_and_wait(emitter, "a", {.timeout = 1s});
    }
    BOOST_CHECK_GE(hook.session()->expected().capacity(), 3000U);
    fixture.pass(1s);
    BOOST_CHECK_LE(hook.session()->expected().capacity(), 1024U);
    // What is usual stays.
    fixture.emit_and_wait(emitter, "a", {.timeout = 1s});
    fixture.pass(1s);
    BOOST_CHECK_GE(hook.session()->expected().capacity(), 1U);
    fixture.check_nobody_waits();
}

BOOST_AUTO_TEST_CASE(client_is_owed_its_answers_its_events_and_its_session) {
    broker_fixture fixture;
    client& emitter = fixture.join();
    BOOST_CHECK(!emitter.is_owed_anything());
    client& hook = fixture.subscriber();
    BOOST_CHECK(hook.is_owed_anything());
    wait& asked = fixture.emit_and_wait(emitter, "a");
    BOOST_CHECK(emitter.is_owed_anything());
    fixture.cancel(asked);
    BOOST_CHECK(!emitter.is_owed_anything());
    fixture.emit(emitter, "b", {.reserve = 1s});
    BOOST_CHECK(!emitter.is_owed_anything());  // it can ask over another connection
    fixture.unsubscribe(hook);
    BOOST_CHECK(!hook.is_owed_anything());
}

BOOST_AUTO_TEST_CASE(half_closed_client_goes_on_as_an_observer) {
    broker_fixture fixture;
    client& quiet = fixture.subscriber({}, {.name = "quiet"});
    wait& asked = fixture.emit_and_wait(fixture.join(), "a");
    fixture.half_close(quiet);
    BOOST_CHECK_EQUAL(asked.how(), outcome::abandoned);
    BOOST_CHECK_EQUAL(asked.missing(), "quiet: left");
    BOOST_CHECK_EQUAL(fixture.emit_and_wait(fixture.join(), "b").how(), outcome::no_subscribers);
    BOOST_CHECK_EQUAL(fixture.receive_names(quiet), "1:a 2:b");
    BOOST_CHECK(quiet.is_owed_anything());
    fixture.check_nobody_waits();
}

// What a peer sent before it closed is still carried out, and `subscribe` may be the last of it.
BOOST_AUTO_TEST_CASE(half_closed_client_before_is_an_observer_from_the_start) {
    broker_fixture fixture;
    client& quiet = fixture.join();
    fixture.half_close(quiet);
    fixture.subscribe(quiet);
    BOOST_CHECK_EQUAL(fixture.emit_and_wait(fixture.join(), "a").how(), outcome::no_subscribers);
    BOOST_CHECK_EQUAL(fixture.receive_names(quiet), "1:a");
}

BOOST_AUTO_TEST_CASE(half_closed_client_still_gets_its_verdict) {
    broker_fixture fixture;
    client& hook = fixture.subscriber();
    client& emitter = fixture.join();
    wait& asked = fixture.emit_and_wait(emitter, "a");
    fixture.half_close(emitter);
    BOOST_CHECK(!asked.over());
    BOOST_CHECK(emitter.is_owed_anything());
    fixture.reply(hook, fixture.receive_one(hook).id);
    BOOST_CHECK_EQUAL(asked.how(), outcome::answered);
}

BOOST_AUTO_TEST_CASE(each_event_name_has_a_count_and_its_reply_times) {
    broker_fixture fixture;
    client& hook = fixture.subscriber();
    for (int i = 0; i < 3; ++i) {
        fixture.emit_and_wait(fixture.join(), "asked");
        fixture.advance(4ms);
        fixture.reply(hook, fixture.receive_one(hook).id);
    }
    fixture.emit(fixture.join(), "told");
    const auto events = fixture.stats().events;
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
    broker_fixture fixture;
    client& early = fixture.join(7);
    fixture.subscribe(early, {}, {.name = "guard"});
    fixture.broker.set_names_aside({"guard", "lint"});
    BOOST_CHECK_EQUAL(fixture.stats().sessions.at(0).name, "pid 7");
    for (const auto* const name : {"guard", "lint"}) {
        const auto refused = fixture.try_subscribe(fixture.join(), {}, {.name = name});
        const auto* const failure = std::get_if<protocol::error>(&refused);
        BOOST_REQUIRE(failure != nullptr);
        BOOST_CHECK_EQUAL(failure->code, errc::invalid_params);
        BOOST_CHECK(failure->message.find("'name'") != std::string::npos);
    }
    client& hook = fixture.join({100, 1000}, {.may_use_set_aside_names = true});
    fixture.subscribe(hook, {}, {.name = "guard"});
    fixture.subscribe(fixture.join(), {}, {.name = "guards"});
    fixture.broker.set_names_aside({"lint"});
    fixture.subscribe(fixture.join(), {}, {.name = "guard"});
    BOOST_CHECK_EQUAL(fixture.stats().sessions.at(1).name, "guard");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace hookd::core::test
