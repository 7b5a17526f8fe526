#include "broker_fixture.hpp"

// Events, their order, and the way out of them.
namespace hookd::core::test {

BOOST_AUTO_TEST_SUITE(emitting)

BOOST_AUTO_TEST_CASE(every_event_has_the_next_number_and_an_id_of_its_own) {
    world w;
    client& emitter = w.join();
    const auto first = w.emit(emitter, "a");
    const auto second = w.emit(w.join(), "b");
    BOOST_CHECK_EQUAL(first.seq, 1U);
    BOOST_CHECK_EQUAL(second.seq, 2U);
    BOOST_CHECK(first.hook_event_id != second.hook_event_id);
    BOOST_CHECK_EQUAL(w.emit_and_wait(emitter, "c").verdict().seq.value(), 3U);
    BOOST_CHECK_EQUAL(w.stats().head_seq, 3U);
    BOOST_CHECK_EQUAL(w.stats().events_total, 3U);
}

BOOST_AUTO_TEST_CASE(only_the_sessions_that_match_get_it_and_are_counted) {
    world w;
    client& by_name = w.subscriber({"push"});
    client& by_glob = w.subscriber({"p*"});
    client& everything = w.subscriber();
    client& observer = w.subscriber({"push"}, {.responds = false});
    client& other = w.subscriber({"pull", "*_push"});
    BOOST_CHECK_EQUAL(w.emit(w.join(), "push").subscribers, 4U);
    for (client* const each : {&by_name, &by_glob, &everything, &observer}) {
        BOOST_CHECK_EQUAL(w.receive_names(*each), "1:push");
    }
    BOOST_CHECK_EQUAL(w.receive_names(other), "");
    BOOST_CHECK_EQUAL(w.emit(w.join(), "nothing_like_it").subscribers, 1U);
    BOOST_CHECK_EQUAL(w.stats().deliveries, 4U);
}

BOOST_AUTO_TEST_CASE(emitter_that_subscribed_gets_its_own_event) {
    world w;
    client& both = w.subscriber({"a"});
    BOOST_CHECK_EQUAL(w.emit(both, "a").subscribers, 1U);
    BOOST_CHECK_EQUAL(w.receive_names(both), "1:a");
}

BOOST_AUTO_TEST_CASE(subscriber_sees_what_was_emitted) {
    world w;
    client& hook = w.subscriber();
    w.now.wall += 1'000'000'000ns;
    const auto sent = w.emit(w.join(), "a", {.payload = " [1.00, 1.00] "});
    const auto got = w.receive_one(hook);
    BOOST_CHECK_EQUAL(got.id, text_of(sent.hook_event_id));
    BOOST_CHECK_EQUAL(got.payload, " [1.00, 1.00] ");
    BOOST_CHECK(!got.expects_response);
    BOOST_CHECK(got.timeout == 0ms);
}

BOOST_AUTO_TEST_CASE(event_says_whether_and_how_long_somebody_waits) {
    world w;
    client& hook = w.subscriber();
    client& emitter = w.join();
    w.emit_and_wait(emitter, "a", {.timeout = 1234ms});
    w.emit_and_wait(emitter, "b");
    w.emit(emitter, "c", {.reserve = 99ms});
    const auto got = w.receive(hook);
    BOOST_REQUIRE_EQUAL(got.size(), 3U);
    BOOST_CHECK(got[0].expects_response);
    BOOST_CHECK(got[0].timeout == 1234ms);
    BOOST_CHECK(got[1].timeout == 30s);
    BOOST_CHECK(got[2].expects_response);
    BOOST_CHECK(got[2].timeout == 99ms);
}

BOOST_AUTO_TEST_CASE(events_come_in_the_order_of_their_numbers) {
    world w;
    client& all = w.subscriber();
    client& some = w.subscriber({"a", "c"});
    for (const auto* const name : {"a", "b", "c", "a"}) {
        w.emit(w.join(), name);
    }
    BOOST_CHECK_EQUAL(w.receive_names(all), "1:a 2:b 3:c 4:a");
    BOOST_CHECK_EQUAL(w.receive_names(some), "1:a 3:c 4:a");
}

BOOST_AUTO_TEST_CASE(default_timeout_is_configurable) {
    world w{{.default_timeout = 5s}};
    client& hook = w.subscriber();
    wait& asked = w.emit_and_wait(w.join(), "a");
    BOOST_CHECK(w.receive_one(hook).timeout == 5s);
    w.pass(5s - 1ns);
    BOOST_CHECK(!asked.over());
    w.pass(1ns);
    BOOST_CHECK_EQUAL(asked.how(), outcome::timeout);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(handing_out)

BOOST_AUTO_TEST_CASE(client_is_named_as_ready_once_until_it_has_been_seen) {
    world w;
    client& one = w.subscriber({"a"});
    client& two = w.subscriber({"b"});
    client& emitter = w.join();
    BOOST_CHECK(!w.broker.has_output());
    w.emit(emitter, "b");
    w.emit(emitter, "a");
    w.emit(emitter, "b");
    BOOST_CHECK(w.broker.has_output());
    BOOST_CHECK_EQUAL(w.broker.take_next_ready(), two.owner);
    BOOST_CHECK_EQUAL(w.broker.take_next_ready(), one.owner);
    BOOST_CHECK(w.broker.take_next_ready() == nullptr);
    BOOST_CHECK(!w.broker.has_output());
    w.emit(emitter, "a");
    BOOST_CHECK_EQUAL(w.broker.take_next_ready(), one.owner);
    w.broker.poke(emitter);
    w.broker.poke(emitter);
    BOOST_CHECK_EQUAL(w.broker.take_next_ready(), emitter.owner);
    BOOST_CHECK(w.broker.take_next_ready() == nullptr);
}

BOOST_AUTO_TEST_CASE(client_that_left_is_not_named_as_ready) {
    world w;
    client& gone = w.subscriber();
    client& stays = w.subscriber();
    w.emit(w.join(), "a");
    const auto* const owner = stays.owner;
    w.leave(gone);
    BOOST_CHECK_EQUAL(w.broker.take_next_ready(), owner);
    BOOST_CHECK(w.broker.take_next_ready() == nullptr);
}

BOOST_AUTO_TEST_CASE(events_are_handed_out_by_count_and_given_back_by_count) {
    world w;
    client& hook = w.subscriber();
    for (int i = 0; i < 5; ++i) {
        w.emit(w.join(), "a");
    }
    std::vector<event*> got;
    w.broker.hand_out(hook, 2, std::size_t(-1), got);
    BOOST_REQUIRE_EQUAL(got.size(), 2U);
    BOOST_CHECK_EQUAL(got[1]->seq(), 2U);
    w.broker.hand_out(hook, 2, std::size_t(-1), got);  // appends, and goes on where it was
    BOOST_REQUIRE_EQUAL(got.size(), 4U);
    BOOST_CHECK_EQUAL(got[3]->seq(), 4U);
    BOOST_CHECK_EQUAL(hook.handed_out, 4U);
    BOOST_CHECK_EQUAL(w.stats().deliveries, 0U);
    w.broker.sent(hook, 3);
    BOOST_CHECK_EQUAL(hook.handed_out, 1U);
    BOOST_CHECK_EQUAL(hook.outbox.size(), 2U);
    BOOST_CHECK_EQUAL(w.stats().deliveries, 3U);
    w.broker.sent(hook, 1);
    BOOST_CHECK_EQUAL(w.receive_names(hook), "5:a");
    BOOST_CHECK_EQUAL(hook.outbox.bytes(), 0U);
    BOOST_CHECK_EQUAL(w.stats().deliveries, 5U);
}

BOOST_AUTO_TEST_CASE(bytes_bound_what_is_handed_out_but_for_the_first) {
    world w;
    client& hook = w.subscriber();
    const std::string kilobyte = '"' + std::string(998, 'x') + '"';
    for (int i = 0; i < 4; ++i) {
        w.emit(w.join(), "a", {.payload = kilobyte});
    }
    const std::size_t footprint = hook.outbox[0].footprint_bytes();
    std::vector<event*> got;
    w.broker.hand_out(hook, 100, 1, got);
    BOOST_CHECK_EQUAL(got.size(), 1U);
    w.broker.hand_out(hook, 100, 2 * footprint, got);
    BOOST_CHECK_EQUAL(got.size(), 3U);
    w.broker.hand_out(hook, 100, 2 * footprint, got);
    BOOST_CHECK_EQUAL(got.size(), 4U);
    w.broker.hand_out(hook, 100, 2 * footprint, got);
    BOOST_CHECK_EQUAL(got.size(), 4U);
}

BOOST_AUTO_TEST_CASE(what_was_handed_out_stays_valid_when_the_session_ends) {
    world w{{.capacity = 2}};
    client& hook = w.subscriber();
    w.emit(w.join(), "first");
    w.emit(w.join(), "second");
    std::vector<event*> got;
    w.broker.hand_out(hook, 1, std::size_t(-1), got);
    const auto ended = w.broker.unsubscribe(hook, w.now);
    BOOST_CHECK_EQUAL(ended.last_seq, 1U);
    for (int i = 0; i < 10; ++i) {
        w.emit(w.join(), "more");  // the log drops them
    }
    BOOST_CHECK_EQUAL(got[0]->name(), "first");
    BOOST_CHECK_EQUAL(hook.outbox.size(), 1U);
    w.broker.sent(hook, 1);
    BOOST_CHECK(!broker_state::is_owed_anything(hook));
    BOOST_CHECK_EQUAL(w.broker.held().event_bytes, w.stats().retained_bytes);
}

BOOST_AUTO_TEST_CASE(what_will_never_be_written_is_not_counted_as_delivered) {
    world w;
    client& hook = w.subscriber();
    w.emit(w.join(), "a");
    w.emit(w.join(), "a");
    std::vector<event*> got;
    w.broker.hand_out(hook, 10, std::size_t(-1), got);
    w.broker.forget_handed_out(hook);
    BOOST_CHECK_EQUAL(w.stats().deliveries, 0U);
    BOOST_CHECK_EQUAL(hook.handed_out, 0U);
    BOOST_CHECK_EQUAL(hook.outbox.bytes(), 0U);
    BOOST_CHECK(hook.outbox.empty());
}

BOOST_AUTO_TEST_CASE(empty_queue_takes_no_memory_after_a_burst) {
    world w;
    client& hook = w.subscriber();
    BOOST_CHECK_EQUAL(hook.outbox.capacity(), 0U);
    for (int i = 0; i < 100; ++i) {
        w.emit(w.join(), "a");
    }
    BOOST_CHECK_GE(hook.outbox.capacity(), 100U);
    (void)w.receive(hook);
    BOOST_CHECK_EQUAL(hook.outbox.capacity(), 0U);
}

BOOST_AUTO_TEST_CASE(half_full_queue_asks_for_output_first) {
    world w{{.capacity = 8}};
    client& hook = w.subscriber();
    for (int i = 0; i < 3; ++i) {
        w.emit(w.join(), "a");
        BOOST_CHECK(!w.broker.take_pressure());
    }
    w.emit(w.join(), "a");
    BOOST_CHECK(w.broker.take_pressure());
    BOOST_CHECK(!w.broker.take_pressure());  // said once
    (void)w.receive(hook);
    w.emit(w.join(), "a");
    BOOST_CHECK(!w.broker.take_pressure());
}

BOOST_AUTO_TEST_CASE(events_are_freed_when_nobody_has_them_any_longer) {
    world w{{.capacity = 3}};
    client& slow = w.subscriber({"a"});
    const auto bytes = [&w] { return w.broker.held().event_bytes; };
    w.emit(w.join(), "a");
    const std::size_t one = bytes();
    for (int i = 0; i < 5; ++i) {
        w.emit(w.join(), "b");
    }
    BOOST_CHECK_EQUAL(bytes(), 4 * one);  // three retained, one queued
    (void)w.receive(slow);
    BOOST_CHECK_EQUAL(bytes(), 3 * one);
    BOOST_CHECK_EQUAL(w.stats().retained_bytes, 3 * one);
    BOOST_CHECK_EQUAL(w.stats().retained_events, 3U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace hookd::core::test
