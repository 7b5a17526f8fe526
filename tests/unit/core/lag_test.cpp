// SPDX-License-Identifier: BSL-1.0
#include "broker_fixture.hpp"

// Subscribers that don't keep up: closed after a gapless prefix, and nobody else notices.
namespace hookd::core::test {
namespace {

const std::string kilobyte = '"' + std::string(998, 'x') + '"';

}  // namespace

BOOST_AUTO_TEST_SUITE(lagging)

BOOST_AUTO_TEST_CASE(exactly_capacity_events_may_wait) {
    broker_fixture fixture{{.capacity = 4}};
    client& slow = fixture.subscriber({}, {.name = "slow"});
    for (int i = 0; i < 4; ++i) {
        BOOST_CHECK_EQUAL(fixture.emit(fixture.join(), "a").subscribers, 1U);
    }
    BOOST_CHECK(!fixture.stats().sessions.at(0).lagged);
    BOOST_CHECK_EQUAL(fixture.stats().lagged, 0U);
    BOOST_CHECK_EQUAL(fixture.emit(fixture.join(), "a").subscribers, 0U);
    BOOST_CHECK(fixture.stats().sessions.at(0).lagged);
    BOOST_CHECK_EQUAL(fixture.stats().lagged, 1U);
    BOOST_CHECK_EQUAL(fixture.emit(fixture.join(), "a").subscribers, 0U);
    BOOST_CHECK_EQUAL(fixture.take_ended(slow), "");  // not before its queue is out
    BOOST_CHECK_EQUAL(fixture.receive_names(slow), "1:a 2:a 3:a 4:a");
    BOOST_CHECK_EQUAL(fixture.take_ended(slow), "lagged after 4");
    BOOST_CHECK_EQUAL(fixture.take_ended(slow), "");
    BOOST_CHECK_EQUAL(fixture.stats().subscribers, 0U);
    BOOST_CHECK_EQUAL(fixture.broker.held().closing_sessions, 0U);
}

BOOST_AUTO_TEST_CASE(session_that_reads_in_time_never_lags) {
    broker_fixture fixture{{.capacity = 2}};
    client& quick = fixture.subscriber();
    for (int i = 0; i < 100; ++i) {
        fixture.emit(fixture.join(), "a");
        fixture.emit(fixture.join(), "a");
        BOOST_CHECK_EQUAL(fixture.receive(quick).size(), 2U);
    }
    BOOST_CHECK_EQUAL(fixture.stats().lagged, 0U);
}

BOOST_AUTO_TEST_CASE(events_that_are_being_written_still_wait) {
    broker_fixture fixture{{.capacity = 2}};
    client& slow = fixture.subscriber();
    fixture.emit(fixture.join(), "a");
    fixture.emit(fixture.join(), "a");
    std::vector<event*> got;
    fixture.broker.peek_batch(slow, 2, std::size_t(-1), got);
    fixture.emit(fixture.join(), "a");
    BOOST_CHECK_EQUAL(fixture.stats().lagged, 1U);
    fixture.broker.sent(slow, 2);
    BOOST_CHECK_EQUAL(fixture.take_ended(slow), "lagged after 2");
}

BOOST_AUTO_TEST_CASE(events_that_do_not_match_never_push_a_session_out) {
    broker_fixture fixture{{.capacity = 2, .capacity_bytes = 8192}};
    client& slow = fixture.subscriber({"a"});
    fixture.emit(fixture.join(), "a", {.payload = kilobyte});
    fixture.emit(fixture.join(), "a", {.payload = kilobyte});
    client& other = fixture.subscriber({"b"});
    for (int i = 0; i < 100; ++i) {
        fixture.emit(fixture.join(), "b", {.payload = kilobyte});
        BOOST_CHECK_EQUAL(fixture.receive(other).size(), 1U);
    }
    BOOST_CHECK_EQUAL(fixture.stats().lagged, 0U);
    BOOST_CHECK_EQUAL(fixture.receive_names(slow), "1:a 2:a");
}

BOOST_AUTO_TEST_CASE(lagging_session_disturbs_no_other_and_no_emitter) {
    broker_fixture fixture{{.capacity = 2}};
    client& slow = fixture.subscriber({}, {.name = "slow"});
    client& quick = fixture.subscriber({}, {.name = "quick"});
    for (int i = 0; i < 5; ++i) {
        wait& asked = fixture.emit_and_wait(fixture.join(), "a");
        const auto got = fixture.receive_one(quick);
        BOOST_CHECK_EQUAL(fixture.reply(quick, got.id), refusal::none);
        BOOST_CHECK_EQUAL(asked.responses(), "{} by quick");
    }
    BOOST_CHECK_EQUAL(fixture.stats().lagged, 1U);
    BOOST_CHECK_EQUAL(fixture.receive_names(slow), "1:a 2:a");
}

BOOST_AUTO_TEST_CASE(several_that_lag_at_once_disturb_no_other) {
    broker_fixture fixture{{.capacity = 1}};
    client& first = fixture.subscriber({"a"});
    client& keeps_up = fixture.subscriber({"*"});
    client& second = fixture.subscriber({"?", "a"});
    client& third = fixture.subscriber({"a"});
    client& keeps_up_too = fixture.subscriber();
    BOOST_CHECK_EQUAL(fixture.emit(fixture.join(), "a").subscribers, 5U);
    for (std::uint64_t seq = 2; seq < 5; ++seq) {
        BOOST_CHECK_EQUAL(fixture.receive(keeps_up).size(), 1U);
        BOOST_CHECK_EQUAL(fixture.receive(keeps_up_too).size(), 1U);
        BOOST_CHECK_EQUAL(fixture.emit(fixture.join(), "a").subscribers, 2U);
        BOOST_CHECK_EQUAL(fixture.stats().lagged, 3U);
    }
    for (client* const each : {&first, &second, &third}) {
        BOOST_CHECK_EQUAL(fixture.receive_names(*each), "1:a");
        BOOST_CHECK_EQUAL(fixture.take_ended(*each), "lagged after 1");
    }
    BOOST_CHECK_EQUAL(fixture.receive_names(keeps_up), "4:a");
    BOOST_CHECK_EQUAL(fixture.receive_names(keeps_up_too), "4:a");
}

BOOST_AUTO_TEST_CASE(session_that_lagged_owes_what_it_is_handed) {
    broker_fixture fixture{{.capacity = 2}};
    client& slow = fixture.subscriber({}, {.name = "slow"});
    wait& first = fixture.emit_and_wait(fixture.join(), "a");
    wait& second = fixture.emit_and_wait(fixture.join(), "a");
    const auto early = fixture.emit_and_wait(fixture.join(), "a").missing();
    BOOST_CHECK_EQUAL(early, "slow: lagged");  // it matched, and lagged by that very event
    BOOST_CHECK(!first.over());
    const auto got = fixture.receive(slow);
    BOOST_REQUIRE_EQUAL(got.size(), 2U);
    BOOST_CHECK_EQUAL(fixture.reply(slow, got[0].id), refusal::none);
    BOOST_CHECK_EQUAL(first.responses(), "{} by slow");
    BOOST_CHECK_EQUAL(fixture.take_ended(slow), "lagged after 2");
    BOOST_CHECK(!second.over());
    BOOST_CHECK_EQUAL(fixture.reply(slow, got[1].id, R"({"abort":"no"})"),
        refusal::none);  // nor does the end of its session end that
    BOOST_CHECK_EQUAL(second.verdict().abort, "no");
    fixture.check_nobody_waits();
}

BOOST_AUTO_TEST_CASE(session_that_lagged_owes_it_still_when_it_has_subscribed_again) {
    broker_fixture fixture{{.capacity = 1}};
    client& slow = fixture.subscriber({"a"}, {.name = "slow"});
    wait& asked = fixture.emit_and_wait(fixture.join(), "a", {.policy = wait_policy::veto});
    fixture.emit(fixture.join(), "a");
    const auto got = fixture.receive_one(slow);
    BOOST_CHECK_EQUAL(fixture.take_ended(slow), "lagged after 1");
    fixture.subscribe(slow, {"b"}, {.name = "slow"});
    BOOST_CHECK(!asked.over());
    BOOST_CHECK_EQUAL(fixture.reply(slow, got.id), refusal::none);
    BOOST_CHECK_EQUAL(asked.responses(), "{} by slow");
    BOOST_CHECK_EQUAL(asked.how(), outcome::answered);
    fixture.check_nobody_waits();
}

BOOST_AUTO_TEST_CASE(session_that_lagged_counts_as_missing_until_it_subscribes_again) {
    broker_fixture fixture{{.capacity = 1}};
    client& slow = fixture.subscriber({"a*"}, {.name = "slow"});
    fixture.emit(fixture.join(), "a");
    fixture.emit(fixture.join(), "a");
    (void)fixture.receive(slow);
    BOOST_CHECK_EQUAL(fixture.take_ended(slow), "lagged after 1");
    for (int i = 0; i < 2; ++i) {
        wait& asked = fixture.emit_and_wait(fixture.join(), "ab", {.on_failure = failure_policy::closed});
        BOOST_CHECK_EQUAL(asked.how(), outcome::abandoned);
        BOOST_CHECK_EQUAL(asked.missing(), "slow: lagged");
        BOOST_CHECK(asked.verdict().abort.find("slow has lagged behind its events") != std::string::npos);
    }
    BOOST_CHECK_EQUAL(
        fixture.emit_and_wait(fixture.join(), "b").how(), outcome::no_subscribers);  // it would not have been asked
    BOOST_CHECK(!fixture.broker.unsubscribe(slow, fixture.now).was_subscribed);
    BOOST_CHECK_EQUAL(fixture.emit_and_wait(fixture.join(), "ab").missing(), "slow: lagged");
    fixture.subscribe(slow, {"a*"}, {.name = "slow"});
    wait& asked = fixture.emit_and_wait(fixture.join(), "ab");
    fixture.reply(slow, fixture.receive_one(slow).id);
    BOOST_CHECK_EQUAL(asked.how(), outcome::answered);
    fixture.check_nobody_waits();
}

BOOST_AUTO_TEST_CASE(session_that_lagged_is_missed_no_more_when_its_connection_ends) {
    broker_fixture fixture{{.capacity = 1}};
    client& slow = fixture.subscriber({}, {.name = "slow"});
    wait& asked = fixture.emit_and_wait(fixture.join(), "a");
    fixture.emit(fixture.join(), "a");
    (void)fixture.receive(slow);
    (void)fixture.take_ended(slow);
    fixture.leave(slow);
    BOOST_CHECK_EQUAL(asked.missing(), "slow: left");
    BOOST_CHECK_EQUAL(fixture.emit_and_wait(fixture.join(), "a").how(), outcome::no_subscribers);
}

BOOST_AUTO_TEST_CASE(session_that_lagged_may_resume_and_reply_to_what_it_was_not_handed) {
    broker_fixture fixture{{.capacity = 1}};
    client& slow = fixture.subscriber({}, {.name = "slow"});
    client& other = fixture.subscriber({}, {.name = "other"});
    fixture.emit(fixture.join(), "a");
    (void)fixture.receive(other);
    wait& asked = fixture.emit_and_wait(fixture.join(), "a", {.policy = wait_policy::veto});
    (void)fixture.receive(slow);
    BOOST_CHECK_EQUAL(fixture.take_ended(slow), "lagged after 1");
    fixture.subscribe(slow, {}, {.name = "slow", .after_seq = 1});
    BOOST_CHECK_EQUAL(fixture.reply(slow, fixture.receive_one(slow).id, R"({"abort":"no"})"), refusal::none);
    BOOST_CHECK_EQUAL(asked.verdict().abort, "no");
    BOOST_CHECK_EQUAL(asked.missing(), "");
}

BOOST_AUTO_TEST_CASE(observer_that_lagged_is_missed_by_nobody) {
    broker_fixture fixture{{.capacity = 1}};
    client& slow = fixture.subscriber({}, {.responds = false});
    fixture.emit(fixture.join(), "a");
    fixture.emit(fixture.join(), "a");
    BOOST_CHECK_EQUAL(fixture.emit_and_wait(fixture.join(), "a").how(), outcome::no_subscribers);
    (void)fixture.receive(slow);
    BOOST_CHECK_EQUAL(fixture.take_ended(slow), "lagged after 1");
    BOOST_CHECK_EQUAL(fixture.stats().sessions.size(), 0U);
}

BOOST_AUTO_TEST_CASE(responders_that_the_event_itself_was_too_much_for_have_lagged) {
    broker_fixture fixture{{.capacity = 1}};
    (void)fixture.subscriber({}, {.name = "guard"});
    fixture.emit(fixture.join(), "a");
    wait& only = fixture.emit_and_wait(fixture.join(), "a", {.on_failure = failure_policy::closed});
    BOOST_CHECK_EQUAL(only.how(), outcome::abandoned);
    BOOST_CHECK_EQUAL(only.missing(), "guard: lagged");
    BOOST_CHECK(only.verdict().abort.find("guard") != std::string::npos);
    client& other = fixture.subscriber({}, {.name = "other"});
    client& third = fixture.subscriber({}, {.name = "third"});
    fixture.emit(fixture.join(), "a");
    (void)fixture.receive(other);
    wait& both = fixture.emit_and_wait(fixture.join(), "a", {.policy = wait_policy::all});
    BOOST_CHECK(fixture.reply(other, fixture.receive_one(other).id) == refusal::none);
    BOOST_CHECK_EQUAL(both.how(), outcome::abandoned);
    BOOST_CHECK_EQUAL(both.missing(), "guard: lagged; third: lagged");
    BOOST_CHECK_EQUAL(fixture.receive_names(third), "3:a");
    fixture.check_nobody_waits();
}

BOOST_AUTO_TEST_CASE(same_client_may_subscribe_again_and_resume) {
    broker_fixture fixture{{.capacity = 3}};
    client& slow = fixture.subscriber();
    for (int i = 0; i < 4; ++i) {
        fixture.emit(fixture.join(), "a");
    }
    const auto early = fixture.try_subscribe(slow);
    BOOST_CHECK_EQUAL(std::get<protocol::error>(early).code, errc::already_subscribed);  // it has not been told yet
    BOOST_CHECK_EQUAL(fixture.receive_names(slow), "1:a 2:a 3:a");
    BOOST_CHECK_EQUAL(fixture.take_ended(slow), "lagged after 3");
    BOOST_CHECK(fixture.subscribe(slow, {}, {.after_seq = 3}).resumed);
    fixture.emit(fixture.join(), "a");
    BOOST_CHECK_EQUAL(fixture.receive_names(slow), "4:a 5:a");
}

BOOST_AUTO_TEST_CASE(session_that_lagged_may_unsubscribe_before_it_is_told) {
    broker_fixture fixture{{.capacity = 1}};
    client& slow = fixture.subscriber();
    fixture.emit(fixture.join(), "a");
    fixture.emit(fixture.join(), "a");
    const auto ended = fixture.broker.unsubscribe(slow, fixture.now);
    BOOST_CHECK(ended.was_subscribed);
    BOOST_CHECK_EQUAL(ended.last_seq, 0U);
    BOOST_CHECK_EQUAL(fixture.take_ended(slow), "");
    BOOST_CHECK_EQUAL(fixture.broker.held().closing_sessions, 0U);
    fixture.subscribe(slow);
    fixture.emit(fixture.join(), "a");
    BOOST_CHECK_EQUAL(fixture.receive_names(slow), "3:a");
}

BOOST_AUTO_TEST_CASE(client_that_leaves_while_its_session_lags_leaves_nothing) {
    broker_fixture fixture{{.capacity = 1}};
    client& slow = fixture.subscriber();
    fixture.emit(fixture.join(), "a");
    fixture.emit(fixture.join(), "a");
    BOOST_CHECK_EQUAL(fixture.broker.held().closing_sessions, 1U);
    fixture.leave(slow);
    BOOST_CHECK_EQUAL(fixture.broker.held().closing_sessions, 0U);
    BOOST_CHECK_EQUAL(fixture.broker.held().event_bytes, fixture.stats().retained_bytes);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(bytes)

BOOST_AUTO_TEST_CASE(retained_events_go_before_any_subscriber) {
    const std::size_t one = footprint_of("a", kilobyte);
    broker_fixture fixture{{.capacity_bytes = 3 * one}};
    client& slow = fixture.subscriber({"a"});
    fixture.emit(fixture.join(), "b", {.payload = kilobyte});
    fixture.emit(fixture.join(), "b", {.payload = kilobyte});
    fixture.emit(fixture.join(), "a", {.payload = kilobyte});
    BOOST_CHECK_EQUAL(fixture.stats().retained_events, 3U);
    fixture.emit(fixture.join(), "a", {.payload = kilobyte});  // room for one: the first b goes
    BOOST_CHECK_EQUAL(fixture.stats().retained_events, 3U);
    BOOST_CHECK_EQUAL(fixture.stats().lagged, 0U);
    BOOST_CHECK_LE(fixture.broker.held().event_bytes, 3 * one);
    BOOST_CHECK_EQUAL(fixture.receive_names(slow), "3:a 4:a");
}

BOOST_AUTO_TEST_CASE(exactly_capacity_bytes_may_be_held) {
    const std::size_t one = footprint_of("a", kilobyte);
    for (const std::size_t spare : {std::size_t{0}, one - 1}) {
        broker_fixture fixture{{.capacity_bytes = 4 * one + spare}};
        client& slow = fixture.subscriber();
        for (int i = 0; i < 4; ++i) {
            fixture.emit(fixture.join(), "a", {.payload = kilobyte});
        }
        BOOST_CHECK_EQUAL(fixture.stats().lagged, 0U);
        fixture.emit(fixture.join(), "a", {.payload = kilobyte});
        BOOST_CHECK_EQUAL(fixture.stats().lagged, 1U);
        BOOST_CHECK_LE(fixture.broker.held().event_bytes, 4 * one + spare);
        // Its queue is what took the bytes: it ends with what it has read.
        BOOST_CHECK_EQUAL(fixture.receive_names(slow), "");
        BOOST_CHECK_EQUAL(fixture.take_ended(slow), "lagged after 0");
    }
}

BOOST_AUTO_TEST_CASE(newest_event_fits_even_where_it_is_larger_than_all_room) {
    broker_fixture fixture{{.capacity_bytes = 500}};
    client& hook = fixture.subscriber();
    BOOST_CHECK_EQUAL(fixture.emit(fixture.join(), "a", {.payload = kilobyte}).subscribers, 1U);
    BOOST_CHECK_EQUAL(fixture.receive_one(hook).payload, kilobyte);
    BOOST_CHECK_EQUAL(fixture.stats().retained_events, 1U);
    BOOST_CHECK_EQUAL(fixture.emit(fixture.join(), "b", {.payload = kilobyte}).subscribers, 1U);
    BOOST_CHECK_EQUAL(fixture.stats().retained_events, 1U);
    BOOST_CHECK_EQUAL(fixture.receive_names(hook), "2:b");
    BOOST_CHECK_EQUAL(fixture.stats().lagged, 0U);
}

BOOST_AUTO_TEST_CASE(session_with_most_bytes_goes_first_whatever_it_matches) {
    const std::size_t one = footprint_of("a", kilobyte);
    for (const auto* const newest : {"a", "d"}) {
        broker_fixture fixture{{.capacity_bytes = 6 * one}};
        client& innocent = fixture.subscriber({"c"}, {.name = "innocent"});
        client& small = fixture.subscriber({"a"}, {.name = "small"});
        client& large = fixture.subscriber({"a", "b"}, {.name = "large"});
        for (const auto* const name : {"c", "b", "b", "b", "a", "a"}) {
            fixture.emit(fixture.join(), name, {.payload = kilobyte});
        }
        BOOST_CHECK_EQUAL(fixture.stats().lagged, 0U);
        fixture.emit(fixture.join(), newest, {.payload = kilobyte});  // one too many
        BOOST_CHECK_EQUAL(fixture.take_ended(large), "lagged after 0");
        BOOST_CHECK_EQUAL(fixture.receive_names(small), newest == "a"sv ? "5:a 6:a 7:a" : "5:a 6:a");
        BOOST_CHECK_EQUAL(fixture.receive_names(innocent), "1:c");
        BOOST_CHECK_EQUAL(fixture.stats().lagged, 1U);
    }
}

// The one with most bytes first; of equals the oldest.
BOOST_AUTO_TEST_CASE(no_more_victims_than_the_event_needs) {
    const std::size_t one = footprint_of("a", kilobyte);
    broker_fixture fixture{{.capacity_bytes = 8 * one}};
    client& older = fixture.subscriber({"a*", "x"});
    client& newer = fixture.subscriber({"a*", "y"});
    client& largest = fixture.subscriber({"a*", "z"});
    client& idle = fixture.subscriber({"a*"});
    for (const auto* const name : {"x", "y", "z", "x", "y", "z", "z"}) {
        fixture.emit(fixture.join(), name, {.payload = kilobyte});
    }
    const std::string large = '"' + std::string(kilobyte.size() + 4 * one, 'x') + '"';
    BOOST_REQUIRE(footprint_of("a", large) > 4 * one && footprint_of("a", large) < 6 * one);
    // There is room for one, then for four, then for six.
    BOOST_CHECK_EQUAL(fixture.emit(fixture.join(), "a", {.payload = large}).subscribers, 2U);
    BOOST_CHECK_EQUAL(fixture.take_ended(largest), "lagged after 0");
    BOOST_CHECK_EQUAL(fixture.take_ended(older), "lagged after 0");
    BOOST_CHECK_EQUAL(fixture.receive_names(newer), "2:y 5:y 8:a");
    BOOST_CHECK_EQUAL(fixture.receive_names(idle), "8:a");
}

BOOST_AUTO_TEST_CASE(victim_keeps_a_gapless_prefix) {
    const std::size_t one = footprint_of("a", kilobyte);
    broker_fixture fixture{{.capacity_bytes = 4 * one}};
    client& slow = fixture.subscriber();
    for (int i = 0; i < 4; ++i) {
        fixture.emit(fixture.join(), "a", {.payload = kilobyte});
    }
    std::vector<event*> got;
    fixture.broker.peek_batch(slow, 2, std::size_t(-1), got);  // these two are on their way
    fixture.emit(fixture.join(), "a", {.payload = kilobyte});
    BOOST_CHECK_EQUAL(fixture.stats().lagged, 1U);
    BOOST_CHECK_EQUAL(got[1]->payload(), kilobyte);
    BOOST_CHECK_EQUAL(fixture.take_ended(slow), "lagged after 2");
    fixture.broker.sent(slow, 2);
    BOOST_CHECK_EQUAL(fixture.receive_names(slow), "");
}

BOOST_AUTO_TEST_CASE(queues_of_sessions_that_lagged_already_go_before_those_of_others) {
    const std::size_t one = footprint_of("a", kilobyte);
    broker_fixture fixture{{.capacity = 3, .capacity_bytes = 5 * one}};
    client& lagged = fixture.subscriber({"a"});
    for (int i = 0; i < 4; ++i) {
        fixture.emit(fixture.join(), "a", {.payload = kilobyte});
    }
    BOOST_CHECK_EQUAL(fixture.stats().lagged, 1U);
    client& keeps_up = fixture.subscriber({"b"});
    fixture.emit(fixture.join(), "b", {.payload = kilobyte});
    fixture.emit(fixture.join(), "b", {.payload = kilobyte});
    BOOST_CHECK_EQUAL(fixture.broker.held().event_bytes, 5 * one);
    fixture.emit(fixture.join(), "b", {.payload = kilobyte});
    BOOST_CHECK_EQUAL(fixture.stats().lagged, 1U);
    BOOST_CHECK_EQUAL(fixture.receive_names(keeps_up), "5:b 6:b 7:b");
    BOOST_CHECK_EQUAL(fixture.receive_names(lagged), "");
    BOOST_CHECK_EQUAL(fixture.take_ended(lagged), "lagged after 0");
}

BOOST_AUTO_TEST_CASE(wait_for_a_victim_is_abandoned_and_the_new_one_goes_on) {
    const std::size_t one = footprint_of("a", kilobyte);
    broker_fixture fixture{{.capacity_bytes = 2 * one + one / 2}};
    client& slow = fixture.subscriber({"a"}, {.name = "slow"});
    client& quick = fixture.subscriber({"a"}, {.name = "quick"});
    wait& first = fixture.emit_and_wait(fixture.join(), "a", {.payload = kilobyte, .policy = wait_policy::all});
    fixture.reply(quick, fixture.receive_one(quick).id);
    fixture.emit(fixture.join(), "a", {.payload = kilobyte});
    (void)fixture.receive(quick);
    BOOST_CHECK(!first.over());
    wait& third = fixture.emit_and_wait(fixture.join(), "a", {.payload = kilobyte, .policy = wait_policy::all});
    BOOST_CHECK_EQUAL(first.how(), outcome::abandoned);
    BOOST_CHECK_EQUAL(first.missing(), "slow: lagged");
    BOOST_CHECK_EQUAL(first.responses(), "{} by quick");
    BOOST_CHECK(!third.over());
    fixture.reply(quick, fixture.receive_one(quick).id);
    BOOST_CHECK_EQUAL(third.how(), outcome::abandoned);
    BOOST_CHECK_EQUAL(third.missing(), "slow: lagged");
    BOOST_CHECK_EQUAL(fixture.take_ended(slow), "lagged after 0");
    fixture.check_nobody_waits();
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace hookd::core::test
