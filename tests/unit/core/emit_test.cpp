// SPDX-License-Identifier: BSL-1.0
#include "broker_fixture.hpp"

// Events, their order, and the way out of them.
namespace hookd::core::test {

BOOST_AUTO_TEST_SUITE(emitting)

BOOST_AUTO_TEST_CASE(every_event_has_the_next_number_and_an_id_of_its_own) {
    broker_fixture fixture;
    client& emitter = fixture.join();
    const auto first = fixture.emit(emitter, "a");
    const auto second = fixture.emit(fixture.join(), "b");
    BOOST_CHECK_EQUAL(first.seq, 1U);
    BOOST_CHECK_EQUAL(second.seq, 2U);
    BOOST_CHECK(first.hook_event_id != second.hook_event_id);
    BOOST_CHECK_EQUAL(fixture.emit_and_wait(emitter, "c").verdict().seq.value(), 3U);
    BOOST_CHECK_EQUAL(fixture.stats().head_seq, 3U);
    BOOST_CHECK_EQUAL(fixture.stats().events_total, 3U);
}

BOOST_AUTO_TEST_CASE(only_the_sessions_that_match_get_it_and_are_counted) {
    broker_fixture fixture;
    client& by_name = fixture.subscriber({"push"});
    client& by_glob = fixture.subscriber({"p*"});
    client& everything = fixture.subscriber();
    client& observer = fixture.subscriber({"push"}, {.responds = false});
    client& other = fixture.subscriber({"pull", "*_push"});
    BOOST_CHECK_EQUAL(fixture.emit(fixture.join(), "push").subscribers, 4U);
    for (client* const each : {&by_name, &by_glob, &everything, &observer}) {
        BOOST_CHECK_EQUAL(fixture.receive_names(*each), "1:push");
    }
    BOOST_CHECK_EQUAL(fixture.receive_names(other), "");
    BOOST_CHECK_EQUAL(fixture.emit(fixture.join(), "nothing_like_it").subscribers, 1U);
    BOOST_CHECK_EQUAL(fixture.stats().deliveries, 4U);
}

BOOST_AUTO_TEST_CASE(emitter_that_subscribed_gets_its_own_event) {
    broker_fixture fixture;
    client& both = fixture.subscriber({"a"});
    BOOST_CHECK_EQUAL(fixture.emit(both, "a").subscribers, 1U);
    BOOST_CHECK_EQUAL(fixture.receive_names(both), "1:a");
}

BOOST_AUTO_TEST_CASE(subscriber_sees_what_was_emitted) {
    broker_fixture fixture;
    client& hook = fixture.subscriber();
    fixture.now.wall += 1'000'000'000ns;
    const auto sent = fixture.emit(fixture.join(), "a", {.payload = " [1.00, 1.00] "});
    const auto got = fixture.receive_one(hook);
    BOOST_CHECK_EQUAL(got.id, text_of(sent.hook_event_id));
    BOOST_CHECK_EQUAL(got.payload, " [1.00, 1.00] ");
    BOOST_CHECK(!got.expects_response);
    BOOST_CHECK(got.timeout == 0ms);
}

BOOST_AUTO_TEST_CASE(event_says_whether_and_how_long_somebody_waits) {
    broker_fixture fixture;
    client& hook = fixture.subscriber();
    client& emitter = fixture.join();
    fixture.emit_and_wait(emitter, "a", {.timeout = 1234ms});
    fixture.emit_and_wait(emitter, "b");
    fixture.emit(emitter, "c", {.reserve = 99ms});
    const auto got = fixture.receive(hook);
    BOOST_REQUIRE_EQUAL(got.size(), 3U);
    BOOST_CHECK(got[0].expects_response);
    BOOST_CHECK(got[0].timeout == 1234ms);
    BOOST_CHECK(got[1].timeout == 30s);
    BOOST_CHECK(got[2].expects_response);
    BOOST_CHECK(got[2].timeout == 99ms);
}

BOOST_AUTO_TEST_CASE(events_come_in_the_order_of_their_numbers) {
    broker_fixture fixture;
    client& all = fixture.subscriber();
    client& some = fixture.subscriber({"a", "c"});
    for (const auto* const name : {"a", "b", "c", "a"}) {
        fixture.emit(fixture.join(), name);
    }
    BOOST_CHECK_EQUAL(fixture.receive_names(all), "1:a 2:b 3:c 4:a");
    BOOST_CHECK_EQUAL(fixture.receive_names(some), "1:a 3:c 4:a");
}

BOOST_AUTO_TEST_CASE(default_timeout_is_configurable) {
    broker_fixture fixture{{.default_timeout = 5s}};
    client& hook = fixture.subscriber();
    wait& asked = fixture.emit_and_wait(fixture.join(), "a");
    BOOST_CHECK(fixture.receive_one(hook).timeout == 5s);
    fixture.pass(5s - 1ns);
    BOOST_CHECK(!asked.over());
    fixture.pass(1ns);
    BOOST_CHECK_EQUAL(asked.how(), outcome::timeout);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(handing_out)

BOOST_AUTO_TEST_CASE(client_is_named_as_ready_once_until_it_has_been_seen) {
    broker_fixture fixture;
    client& one = fixture.subscriber({"a"});
    client& two = fixture.subscriber({"b"});
    client& emitter = fixture.join();
    BOOST_CHECK(!fixture.broker.has_output());
    fixture.emit(emitter, "b");
    fixture.emit(emitter, "a");
    fixture.emit(emitter, "b");
    BOOST_CHECK(fixture.broker.has_output());
    BOOST_CHECK_EQUAL(fixture.broker.take_next_ready(), two.sink());
    BOOST_CHECK_EQUAL(fixture.broker.take_next_ready(), one.sink());
    BOOST_CHECK(fixture.broker.take_next_ready() == nullptr);
    BOOST_CHECK(!fixture.broker.has_output());
    fixture.emit(emitter, "a");
    BOOST_CHECK_EQUAL(fixture.broker.take_next_ready(), one.sink());
    fixture.broker.wake(emitter, urgency::awaited);
    fixture.broker.wake(emitter, urgency::awaited);
    BOOST_CHECK_EQUAL(fixture.broker.take_next_ready(), emitter.sink());
    BOOST_CHECK(fixture.broker.take_next_ready() == nullptr);
}

BOOST_AUTO_TEST_CASE(client_that_left_is_not_named_as_ready) {
    broker_fixture fixture;
    client& gone = fixture.subscriber();
    client& stays = fixture.subscriber();
    fixture.emit(fixture.join(), "a");
    const auto* const sink = stays.sink();
    fixture.leave(gone);
    BOOST_CHECK_EQUAL(fixture.broker.take_next_ready(), sink);
    BOOST_CHECK(fixture.broker.take_next_ready() == nullptr);
}

BOOST_AUTO_TEST_CASE(events_are_handed_out_by_count_and_given_back_by_count) {
    broker_fixture fixture;
    client& hook = fixture.subscriber();
    for (int i = 0; i < 5; ++i) {
        fixture.emit(fixture.join(), "a");
    }
    std::vector<event*> got;
    fixture.broker.peek_batch(hook, 2, std::size_t(-1), got);
    BOOST_REQUIRE_EQUAL(got.size(), 2U);
    BOOST_CHECK_EQUAL(got[1]->seq(), 2U);
    fixture.broker.peek_batch(hook, 2, std::size_t(-1), got);  // appends, and goes on where it was
    BOOST_REQUIRE_EQUAL(got.size(), 4U);
    BOOST_CHECK_EQUAL(got[3]->seq(), 4U);
    BOOST_CHECK_EQUAL(hook.peeked(), 4U);
    BOOST_CHECK_EQUAL(fixture.stats().deliveries, 0U);
    fixture.broker.sent(hook, 3);
    BOOST_CHECK_EQUAL(hook.peeked(), 1U);
    BOOST_CHECK_EQUAL(hook.outbox().size(), 2U);
    BOOST_CHECK_EQUAL(fixture.stats().deliveries, 3U);
    fixture.broker.sent(hook, 1);
    BOOST_CHECK_EQUAL(fixture.receive_names(hook), "5:a");
    BOOST_CHECK_EQUAL(hook.outbox().bytes(), 0U);
    BOOST_CHECK_EQUAL(fixture.stats().deliveries, 5U);
}

BOOST_AUTO_TEST_CASE(bytes_bound_what_is_handed_out_but_for_the_first) {
    broker_fixture fixture;
    client& hook = fixture.subscriber();
    const std::string kilobyte = '"' + std::string(998, 'x') + '"';
    for (int i = 0; i < 4; ++i) {
        fixture.emit(fixture.join(), "a", {.payload = kilobyte});
    }
    const std::size_t footprint = hook.outbox()[0].footprint_bytes();
    std::vector<event*> got;
    fixture.broker.peek_batch(hook, 100, 1, got);
    BOOST_CHECK_EQUAL(got.size(), 1U);
    fixture.broker.peek_batch(hook, 100, 2 * footprint, got);
    BOOST_CHECK_EQUAL(got.size(), 3U);
    fixture.broker.peek_batch(hook, 100, 2 * footprint, got);
    BOOST_CHECK_EQUAL(got.size(), 4U);
    fixture.broker.peek_batch(hook, 100, 2 * footprint, got);
    BOOST_CHECK_EQUAL(got.size(), 4U);
}

BOOST_AUTO_TEST_CASE(what_was_handed_out_stays_valid_when_the_session_ends) {
    broker_fixture fixture{{.capacity = 2}};
    client& hook = fixture.subscriber();
    fixture.emit(fixture.join(), "first");
    fixture.emit(fixture.join(), "second");
    std::vector<event*> got;
    fixture.broker.peek_batch(hook, 1, std::size_t(-1), got);
    const auto ended = fixture.broker.unsubscribe(hook, fixture.now);
    BOOST_CHECK_EQUAL(ended.last_seq, 1U);
    for (int i = 0; i < 10; ++i) {
        fixture.emit(fixture.join(), "more");  // the log drops them
    }
    BOOST_CHECK_EQUAL(got[0]->name(), "first");
    BOOST_CHECK_EQUAL(hook.outbox().size(), 1U);
    fixture.broker.sent(hook, 1);
    BOOST_CHECK(!hook.is_owed_anything());
    BOOST_CHECK_EQUAL(fixture.broker.held().event_bytes, fixture.stats().retained_bytes);
}

BOOST_AUTO_TEST_CASE(what_will_never_be_written_is_not_counted_as_delivered) {
    broker_fixture fixture;
    client& hook = fixture.subscriber();
    fixture.emit(fixture.join(), "a");
    fixture.emit(fixture.join(), "a");
    std::vector<event*> got;
    fixture.broker.peek_batch(hook, 10, std::size_t(-1), got);
    fixture.broker.forget_peeked(hook);
    BOOST_CHECK_EQUAL(fixture.stats().deliveries, 0U);
    BOOST_CHECK_EQUAL(hook.peeked(), 0U);
    BOOST_CHECK_EQUAL(hook.outbox().bytes(), 0U);
    BOOST_CHECK(hook.outbox().empty());
}

BOOST_AUTO_TEST_CASE(empty_queue_takes_no_memory_after_a_burst) {
    broker_fixture fixture;
    client& hook = fixture.subscriber();
    BOOST_CHECK_EQUAL(hook.outbox().capacity(), 0U);
    for (int i = 0; i < 100; ++i) {
        fixture.emit(fixture.join(), "a");
    }
    BOOST_CHECK_GE(hook.outbox().capacity(), 100U);
    (void)fixture.receive(hook);
    BOOST_CHECK_EQUAL(hook.outbox().capacity(), 0U);
}

BOOST_AUTO_TEST_CASE(half_full_queue_asks_for_output_first) {
    broker_fixture fixture{{.capacity = 8}};
    client& hook = fixture.subscriber();
    for (int i = 0; i < 3; ++i) {
        fixture.emit(fixture.join(), "a");
        BOOST_CHECK(!fixture.broker.has_backpressure());
    }
    fixture.emit(fixture.join(), "a");
    BOOST_CHECK(fixture.broker.has_backpressure());
    BOOST_CHECK_EQUAL(fixture.broker.take_next_ready(), hook.sink());
    BOOST_CHECK(!fixture.broker.has_backpressure());
    (void)fixture.receive(hook);
    fixture.emit(fixture.join(), "a");
    BOOST_CHECK(!fixture.broker.has_backpressure());
}

BOOST_AUTO_TEST_CASE(events_are_freed_when_nobody_has_them_any_longer) {
    broker_fixture fixture{{.capacity = 3}};
    client& slow = fixture.subscriber({"a"});
    const auto bytes = [&fixture] { return fixture.broker.held().event_bytes; };
    fixture.emit(fixture.join(), "a");
    const std::size_t one = bytes();
    for (int i = 0; i < 5; ++i) {
        fixture.emit(fixture.join(), "b");
    }
    BOOST_CHECK_EQUAL(bytes(), 4 * one);  // three retained, one queued
    (void)fixture.receive(slow);
    BOOST_CHECK_EQUAL(bytes(), 3 * one);
    BOOST_CHECK_EQUAL(fixture.stats().retained_bytes, 3 * one);
    BOOST_CHECK_EQUAL(fixture.stats().retained_events, 3U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace hookd::core::test
