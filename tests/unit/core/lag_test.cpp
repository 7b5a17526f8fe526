#include "broker_fixture.hpp"

// Subscribers that don't keep up: closed after a gapless prefix, and nobody else notices.
namespace hookd::core::test {
namespace {

const std::string kilobyte = '"' + std::string(998, 'x') + '"';

}  // namespace

BOOST_AUTO_TEST_SUITE(lagging)

BOOST_AUTO_TEST_CASE(exactly_capacity_events_may_wait) {
    world w{{.capacity = 4}};
    client& slow = w.subscriber({}, {.name = "slow"});
    for (int i = 0; i < 4; ++i) {
        BOOST_CHECK_EQUAL(w.emit(w.join(), "a").subscribers, 1U);
    }
    BOOST_CHECK(!w.stats().sessions.at(0).lagged);
    BOOST_CHECK_EQUAL(w.stats().lagged, 0U);
    BOOST_CHECK_EQUAL(w.emit(w.join(), "a").subscribers, 0U);
    BOOST_CHECK(w.stats().sessions.at(0).lagged);
    BOOST_CHECK_EQUAL(w.stats().lagged, 1U);
    BOOST_CHECK_EQUAL(w.emit(w.join(), "a").subscribers, 0U);
    BOOST_CHECK_EQUAL(w.take_ended(slow), "");  // not before its queue is out
    BOOST_CHECK_EQUAL(w.receive_names(slow), "1:a 2:a 3:a 4:a");
    BOOST_CHECK_EQUAL(w.take_ended(slow), "lagged after 4");
    BOOST_CHECK_EQUAL(w.take_ended(slow), "");
    BOOST_CHECK_EQUAL(w.stats().subscribers, 0U);
    BOOST_CHECK_EQUAL(w.broker.held().closing_sessions, 0U);
}

BOOST_AUTO_TEST_CASE(session_that_reads_in_time_never_lags) {
    world w{{.capacity = 2}};
    client& quick = w.subscriber();
    for (int i = 0; i < 100; ++i) {
        w.emit(w.join(), "a");
        w.emit(w.join(), "a");
        BOOST_CHECK_EQUAL(w.receive(quick).size(), 2U);
    }
    BOOST_CHECK_EQUAL(w.stats().lagged, 0U);
}

BOOST_AUTO_TEST_CASE(events_that_are_being_written_still_wait) {
    world w{{.capacity = 2}};
    client& slow = w.subscriber();
    w.emit(w.join(), "a");
    w.emit(w.join(), "a");
    std::vector<event*> got;
    w.broker.hand_out(slow, 2, std::size_t(-1), got);
    w.emit(w.join(), "a");
    BOOST_CHECK_EQUAL(w.stats().lagged, 1U);
    w.broker.sent(slow, 2);
    BOOST_CHECK_EQUAL(w.take_ended(slow), "lagged after 2");
}

BOOST_AUTO_TEST_CASE(events_that_do_not_match_never_push_a_session_out) {
    world w{{.capacity = 2, .capacity_bytes = 8192}};
    client& slow = w.subscriber({"a"});
    w.emit(w.join(), "a", {.payload = kilobyte});
    w.emit(w.join(), "a", {.payload = kilobyte});
    client& other = w.subscriber({"b"});
    for (int i = 0; i < 100; ++i) {
        w.emit(w.join(), "b", {.payload = kilobyte});
        BOOST_CHECK_EQUAL(w.receive(other).size(), 1U);
    }
    BOOST_CHECK_EQUAL(w.stats().lagged, 0U);
    BOOST_CHECK_EQUAL(w.receive_names(slow), "1:a 2:a");
}

BOOST_AUTO_TEST_CASE(lagging_session_disturbs_no_other_and_no_emitter) {
    world w{{.capacity = 2}};
    client& slow = w.subscriber({}, {.name = "slow"});
    client& quick = w.subscriber({}, {.name = "quick"});
    for (int i = 0; i < 5; ++i) {
        wait& asked = w.emit_and_wait(w.join(), "a");
        const auto got = w.receive_one(quick);
        BOOST_CHECK_EQUAL(w.reply(quick, got.id), refusal::none);
        BOOST_CHECK_EQUAL(asked.responses(), "{} by quick");
    }
    BOOST_CHECK_EQUAL(w.stats().lagged, 1U);
    BOOST_CHECK_EQUAL(w.receive_names(slow), "1:a 2:a");
}

BOOST_AUTO_TEST_CASE(several_that_lag_at_once_disturb_no_other) {
    world w{{.capacity = 1}};
    client& first = w.subscriber({"a"});
    client& keeps_up = w.subscriber({"*"});
    client& second = w.subscriber({"?", "a"});
    client& third = w.subscriber({"a"});
    client& keeps_up_too = w.subscriber();
    BOOST_CHECK_EQUAL(w.emit(w.join(), "a").subscribers, 5U);
    for (std::uint64_t seq = 2; seq < 5; ++seq) {
        BOOST_CHECK_EQUAL(w.receive(keeps_up).size(), 1U);
        BOOST_CHECK_EQUAL(w.receive(keeps_up_too).size(), 1U);
        BOOST_CHECK_EQUAL(w.emit(w.join(), "a").subscribers, 2U);
        BOOST_CHECK_EQUAL(w.stats().lagged, 3U);
    }
    for (client* const each : {&first, &second, &third}) {
        BOOST_CHECK_EQUAL(w.receive_names(*each), "1:a");
        BOOST_CHECK_EQUAL(w.take_ended(*each), "lagged after 1");
    }
    BOOST_CHECK_EQUAL(w.receive_names(keeps_up), "4:a");
    BOOST_CHECK_EQUAL(w.receive_names(keeps_up_too), "4:a");
}

BOOST_AUTO_TEST_CASE(session_that_lagged_owes_what_it_is_handed) {
    world w{{.capacity = 2}};
    client& slow = w.subscriber({}, {.name = "slow"});
    wait& first = w.emit_and_wait(w.join(), "a");
    wait& second = w.emit_and_wait(w.join(), "a");
    const auto early = w.emit_and_wait(w.join(), "a").missing();
    BOOST_CHECK_EQUAL(early, "slow: lagged");  // it matched, and lagged by that very event
    BOOST_CHECK(!first.over());
    const auto got = w.receive(slow);
    BOOST_REQUIRE_EQUAL(got.size(), 2U);
    BOOST_CHECK_EQUAL(w.reply(slow, got[0].id), refusal::none);
    BOOST_CHECK_EQUAL(first.responses(), "{} by slow");
    BOOST_CHECK_EQUAL(w.take_ended(slow), "lagged after 2");
    BOOST_CHECK(!second.over());
    BOOST_CHECK_EQUAL(
        w.reply(slow, got[1].id, R"({"abort":"no"})"), refusal::none);  // nor does the end of its session end that
    BOOST_CHECK_EQUAL(second.verdict().abort, "no");
    w.check_nobody_waits();
}

BOOST_AUTO_TEST_CASE(session_that_lagged_owes_it_still_when_it_has_subscribed_again) {
    world w{{.capacity = 1}};
    client& slow = w.subscriber({"a"}, {.name = "slow"});
    wait& asked = w.emit_and_wait(w.join(), "a", {.policy = wait_policy::veto});
    w.emit(w.join(), "a");
    const auto got = w.receive_one(slow);
    BOOST_CHECK_EQUAL(w.take_ended(slow), "lagged after 1");
    w.subscribe(slow, {"b"}, {.name = "slow"});
    BOOST_CHECK(!asked.over());
    BOOST_CHECK_EQUAL(w.reply(slow, got.id), refusal::none);
    BOOST_CHECK_EQUAL(asked.responses(), "{} by slow");
    BOOST_CHECK_EQUAL(asked.how(), outcome::answered);
    w.check_nobody_waits();
}

BOOST_AUTO_TEST_CASE(session_that_lagged_counts_as_missing_until_it_subscribes_again) {
    world w{{.capacity = 1}};
    client& slow = w.subscriber({"a*"}, {.name = "slow"});
    w.emit(w.join(), "a");
    w.emit(w.join(), "a");
    (void)w.receive(slow);
    BOOST_CHECK_EQUAL(w.take_ended(slow), "lagged after 1");
    for (int i = 0; i < 2; ++i) {
        wait& asked = w.emit_and_wait(w.join(), "ab", {.on_failure = failure_policy::closed});
        BOOST_CHECK_EQUAL(asked.how(), outcome::abandoned);
        BOOST_CHECK_EQUAL(asked.missing(), "slow: lagged");
        BOOST_CHECK(asked.verdict().abort.find("slow has lagged behind its events") != std::string::npos);
    }
    BOOST_CHECK_EQUAL(w.emit_and_wait(w.join(), "b").how(), outcome::no_subscribers);  // it would not have been asked
    BOOST_CHECK(!w.broker.unsubscribe(slow, w.now).was_subscribed);
    BOOST_CHECK_EQUAL(w.emit_and_wait(w.join(), "ab").missing(), "slow: lagged");
    w.subscribe(slow, {"a*"}, {.name = "slow"});
    wait& asked = w.emit_and_wait(w.join(), "ab");
    w.reply(slow, w.receive_one(slow).id);
    BOOST_CHECK_EQUAL(asked.how(), outcome::answered);
    w.check_nobody_waits();
}

BOOST_AUTO_TEST_CASE(session_that_lagged_is_missed_no_more_when_its_connection_ends) {
    world w{{.capacity = 1}};
    client& slow = w.subscriber({}, {.name = "slow"});
    wait& asked = w.emit_and_wait(w.join(), "a");
    w.emit(w.join(), "a");
    (void)w.receive(slow);
    (void)w.take_ended(slow);
    w.leave(slow);
    BOOST_CHECK_EQUAL(asked.missing(), "slow: left");
    BOOST_CHECK_EQUAL(w.emit_and_wait(w.join(), "a").how(), outcome::no_subscribers);
}

BOOST_AUTO_TEST_CASE(session_that_lagged_may_resume_and_reply_to_what_it_was_not_handed) {
    world w{{.capacity = 1}};
    client& slow = w.subscriber({}, {.name = "slow"});
    client& other = w.subscriber({}, {.name = "other"});
    w.emit(w.join(), "a");
    (void)w.receive(other);
    wait& asked = w.emit_and_wait(w.join(), "a", {.policy = wait_policy::veto});
    (void)w.receive(slow);
    BOOST_CHECK_EQUAL(w.take_ended(slow), "lagged after 1");
    w.subscribe(slow, {}, {.name = "slow", .after_seq = 1});
    BOOST_CHECK_EQUAL(w.reply(slow, w.receive_one(slow).id, R"({"abort":"no"})"), refusal::none);
    BOOST_CHECK_EQUAL(asked.verdict().abort, "no");
    BOOST_CHECK_EQUAL(asked.missing(), "");
}

BOOST_AUTO_TEST_CASE(observer_that_lagged_is_missed_by_nobody) {
    world w{{.capacity = 1}};
    client& slow = w.subscriber({}, {.responds = false});
    w.emit(w.join(), "a");
    w.emit(w.join(), "a");
    BOOST_CHECK_EQUAL(w.emit_and_wait(w.join(), "a").how(), outcome::no_subscribers);
    (void)w.receive(slow);
    BOOST_CHECK_EQUAL(w.take_ended(slow), "lagged after 1");
    BOOST_CHECK_EQUAL(w.stats().sessions.size(), 0U);
}

BOOST_AUTO_TEST_CASE(responders_that_the_event_itself_was_too_much_for_have_lagged) {
    world w{{.capacity = 1}};
    (void)w.subscriber({}, {.name = "guard"});
    w.emit(w.join(), "a");
    wait& only = w.emit_and_wait(w.join(), "a", {.on_failure = failure_policy::closed});
    BOOST_CHECK_EQUAL(only.how(), outcome::abandoned);
    BOOST_CHECK_EQUAL(only.missing(), "guard: lagged");
    BOOST_CHECK(only.verdict().abort.find("guard") != std::string::npos);
    client& other = w.subscriber({}, {.name = "other"});
    client& third = w.subscriber({}, {.name = "third"});
    w.emit(w.join(), "a");
    (void)w.receive(other);
    wait& both = w.emit_and_wait(w.join(), "a", {.policy = wait_policy::all});
    BOOST_CHECK(w.reply(other, w.receive_one(other).id) == refusal::none);
    BOOST_CHECK_EQUAL(both.how(), outcome::abandoned);
    BOOST_CHECK_EQUAL(both.missing(), "guard: lagged; third: lagged");
    BOOST_CHECK_EQUAL(w.receive_names(third), "3:a");
    w.check_nobody_waits();
}

BOOST_AUTO_TEST_CASE(same_client_may_subscribe_again_and_resume) {
    world w{{.capacity = 3}};
    client& slow = w.subscriber();
    for (int i = 0; i < 4; ++i) {
        w.emit(w.join(), "a");
    }
    const auto early = w.try_subscribe(slow);
    BOOST_CHECK_EQUAL(std::get<protocol::error>(early).code, errc::already_subscribed);  // it has not been told yet
    BOOST_CHECK_EQUAL(w.receive_names(slow), "1:a 2:a 3:a");
    BOOST_CHECK_EQUAL(w.take_ended(slow), "lagged after 3");
    BOOST_CHECK(w.subscribe(slow, {}, {.after_seq = 3}).resumed);
    w.emit(w.join(), "a");
    BOOST_CHECK_EQUAL(w.receive_names(slow), "4:a 5:a");
}

BOOST_AUTO_TEST_CASE(session_that_lagged_may_unsubscribe_before_it_is_told) {
    world w{{.capacity = 1}};
    client& slow = w.subscriber();
    w.emit(w.join(), "a");
    w.emit(w.join(), "a");
    const auto ended = w.broker.unsubscribe(slow, w.now);
    BOOST_CHECK(ended.was_subscribed);
    BOOST_CHECK_EQUAL(ended.last_seq, 0U);
    BOOST_CHECK_EQUAL(w.take_ended(slow), "");
    BOOST_CHECK_EQUAL(w.broker.held().closing_sessions, 0U);
    w.subscribe(slow);
    w.emit(w.join(), "a");
    BOOST_CHECK_EQUAL(w.receive_names(slow), "3:a");
}

BOOST_AUTO_TEST_CASE(client_that_leaves_while_its_session_lags_leaves_nothing) {
    world w{{.capacity = 1}};
    client& slow = w.subscriber();
    w.emit(w.join(), "a");
    w.emit(w.join(), "a");
    BOOST_CHECK_EQUAL(w.broker.held().closing_sessions, 1U);
    w.leave(slow);
    BOOST_CHECK_EQUAL(w.broker.held().closing_sessions, 0U);
    BOOST_CHECK_EQUAL(w.broker.held().event_bytes, w.stats().retained_bytes);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(bytes)

BOOST_AUTO_TEST_CASE(retained_events_go_before_any_subscriber) {
    const std::size_t one = footprint_of("a", kilobyte);
    world w{{.capacity_bytes = 3 * one}};
    client& slow = w.subscriber({"a"});
    w.emit(w.join(), "b", {.payload = kilobyte});
    w.emit(w.join(), "b", {.payload = kilobyte});
    w.emit(w.join(), "a", {.payload = kilobyte});
    BOOST_CHECK_EQUAL(w.stats().retained_events, 3U);
    w.emit(w.join(), "a", {.payload = kilobyte});  // room for one: the first b goes
    BOOST_CHECK_EQUAL(w.stats().retained_events, 3U);
    BOOST_CHECK_EQUAL(w.stats().lagged, 0U);
    BOOST_CHECK_LE(w.broker.held().event_bytes, 3 * one);
    BOOST_CHECK_EQUAL(w.receive_names(slow), "3:a 4:a");
}

BOOST_AUTO_TEST_CASE(exactly_capacity_bytes_may_be_held) {
    const std::size_t one = footprint_of("a", kilobyte);
    for (const std::size_t spare : {std::size_t{0}, one - 1}) {
        world w{{.capacity_bytes = 4 * one + spare}};
        client& slow = w.subscriber();
        for (int i = 0; i < 4; ++i) {
            w.emit(w.join(), "a", {.payload = kilobyte});
        }
        BOOST_CHECK_EQUAL(w.stats().lagged, 0U);
        w.emit(w.join(), "a", {.payload = kilobyte});
        BOOST_CHECK_EQUAL(w.stats().lagged, 1U);
        BOOST_CHECK_LE(w.broker.held().event_bytes, 4 * one + spare);
        // Its queue is what took the bytes: it ends with what it has read.
        BOOST_CHECK_EQUAL(w.receive_names(slow), "");
        BOOST_CHECK_EQUAL(w.take_ended(slow), "lagged after 0");
    }
}

BOOST_AUTO_TEST_CASE(newest_event_fits_even_where_it_is_larger_than_all_room) {
    world w{{.capacity_bytes = 500}};
    client& hook = w.subscriber();
    BOOST_CHECK_EQUAL(w.emit(w.join(), "a", {.payload = kilobyte}).subscribers, 1U);
    BOOST_CHECK_EQUAL(w.receive_one(hook).payload, kilobyte);
    BOOST_CHECK_EQUAL(w.stats().retained_events, 1U);
    BOOST_CHECK_EQUAL(w.emit(w.join(), "b", {.payload = kilobyte}).subscribers, 1U);
    BOOST_CHECK_EQUAL(w.stats().retained_events, 1U);
    BOOST_CHECK_EQUAL(w.receive_names(hook), "2:b");
    BOOST_CHECK_EQUAL(w.stats().lagged, 0U);
}

BOOST_AUTO_TEST_CASE(session_with_most_bytes_goes_first_whatever_it_matches) {
    const std::size_t one = footprint_of("a", kilobyte);
    for (const auto* const newest : {"a", "d"}) {
        world w{{.capacity_bytes = 6 * one}};
        client& innocent = w.subscriber({"c"}, {.name = "innocent"});
        client& small = w.subscriber({"a"}, {.name = "small"});
        client& large = w.subscriber({"a", "b"}, {.name = "large"});
        for (const auto* const name : {"c", "b", "b", "b", "a", "a"}) {
            w.emit(w.join(), name, {.payload = kilobyte});
        }
        BOOST_CHECK_EQUAL(w.stats().lagged, 0U);
        w.emit(w.join(), newest, {.payload = kilobyte});  // one too many
        BOOST_CHECK_EQUAL(w.take_ended(large), "lagged after 0");
        BOOST_CHECK_EQUAL(w.receive_names(small), newest == "a"sv ? "5:a 6:a 7:a" : "5:a 6:a");
        BOOST_CHECK_EQUAL(w.receive_names(innocent), "1:c");
        BOOST_CHECK_EQUAL(w.stats().lagged, 1U);
    }
}

// The one with most bytes first; of equals the oldest.
BOOST_AUTO_TEST_CASE(no_more_victims_than_the_event_needs) {
    const std::size_t one = footprint_of("a", kilobyte);
    world w{{.capacity_bytes = 8 * one}};
    client& older = w.subscriber({"a*", "x"});
    client& newer = w.subscriber({"a*", "y"});
    client& largest = w.subscriber({"a*", "z"});
    client& idle = w.subscriber({"a*"});
    for (const auto* const name : {"x", "y", "z", "x", "y", "z", "z"}) {
        w.emit(w.join(), name, {.payload = kilobyte});
    }
    const std::string large = '"' + std::string(kilobyte.size() + 4 * one, 'x') + '"';
    BOOST_REQUIRE(footprint_of("a", large) > 4 * one && footprint_of("a", large) < 6 * one);
    // There is room for one, then for four, then for six.
    BOOST_CHECK_EQUAL(w.emit(w.join(), "a", {.payload = large}).subscribers, 2U);
    BOOST_CHECK_EQUAL(w.take_ended(largest), "lagged after 0");
    BOOST_CHECK_EQUAL(w.take_ended(older), "lagged after 0");
    BOOST_CHECK_EQUAL(w.receive_names(newer), "2:y 5:y 8:a");
    BOOST_CHECK_EQUAL(w.receive_names(idle), "8:a");
}

BOOST_AUTO_TEST_CASE(victim_keeps_a_gapless_prefix) {
    const std::size_t one = footprint_of("a", kilobyte);
    world w{{.capacity_bytes = 4 * one}};
    client& slow = w.subscriber();
    for (int i = 0; i < 4; ++i) {
        w.emit(w.join(), "a", {.payload = kilobyte});
    }
    std::vector<event*> got;
    w.broker.hand_out(slow, 2, std::size_t(-1), got);  // these two are on their way
    w.emit(w.join(), "a", {.payload = kilobyte});
    BOOST_CHECK_EQUAL(w.stats().lagged, 1U);
    BOOST_CHECK_EQUAL(got[1]->payload(), kilobyte);
    BOOST_CHECK_EQUAL(w.take_ended(slow), "lagged after 2");
    w.broker.sent(slow, 2);
    BOOST_CHECK_EQUAL(w.receive_names(slow), "");
}

BOOST_AUTO_TEST_CASE(queues_of_sessions_that_lagged_already_go_before_those_of_others) {
    const std::size_t one = footprint_of("a", kilobyte);
    world w{{.capacity = 3, .capacity_bytes = 5 * one}};
    client& lagged = w.subscriber({"a"});
    for (int i = 0; i < 4; ++i) {
        w.emit(w.join(), "a", {.payload = kilobyte});
    }
    BOOST_CHECK_EQUAL(w.stats().lagged, 1U);
    client& keeps_up = w.subscriber({"b"});
    w.emit(w.join(), "b", {.payload = kilobyte});
    w.emit(w.join(), "b", {.payload = kilobyte});
    BOOST_CHECK_EQUAL(w.broker.held().event_bytes, 5 * one);
    w.emit(w.join(), "b", {.payload = kilobyte});
    BOOST_CHECK_EQUAL(w.stats().lagged, 1U);
    BOOST_CHECK_EQUAL(w.receive_names(keeps_up), "5:b 6:b 7:b");
    BOOST_CHECK_EQUAL(w.receive_names(lagged), "");
    BOOST_CHECK_EQUAL(w.take_ended(lagged), "lagged after 0");
}

BOOST_AUTO_TEST_CASE(wait_for_a_victim_is_abandoned_and_the_new_one_goes_on) {
    const std::size_t one = footprint_of("a", kilobyte);
    world w{{.capacity_bytes = 2 * one + one / 2}};
    client& slow = w.subscriber({"a"}, {.name = "slow"});
    client& quick = w.subscriber({"a"}, {.name = "quick"});
    wait& first = w.emit_and_wait(w.join(), "a", {.payload = kilobyte, .policy = wait_policy::all});
    w.reply(quick, w.receive_one(quick).id);
    w.emit(w.join(), "a", {.payload = kilobyte});
    (void)w.receive(quick);
    BOOST_CHECK(!first.over());
    wait& third = w.emit_and_wait(w.join(), "a", {.payload = kilobyte, .policy = wait_policy::all});
    BOOST_CHECK_EQUAL(first.how(), outcome::abandoned);
    BOOST_CHECK_EQUAL(first.missing(), "slow: lagged");
    BOOST_CHECK_EQUAL(first.responses(), "{} by quick");
    BOOST_CHECK(!third.over());
    w.reply(quick, w.receive_one(quick).id);
    BOOST_CHECK_EQUAL(third.how(), outcome::abandoned);
    BOOST_CHECK_EQUAL(third.missing(), "slow: lagged");
    BOOST_CHECK_EQUAL(w.take_ended(slow), "lagged after 0");
    w.check_nobody_waits();
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace hookd::core::test
