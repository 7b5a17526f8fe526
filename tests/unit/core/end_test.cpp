// SPDX-License-Identifier: BSL-1.0
#include "broker_fixture.hpp"

// Deadlines, cancellation, and the end of everything.
namespace hookd::core::test {
namespace {

steady_time after(std::chrono::nanoseconds span) {
    return steady_time{} + std::chrono::duration_cast<steady_time::duration>(span);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(deadlines)

BOOST_AUTO_TEST_CASE(next_deadline_is_the_earliest_one) {
    broker_fixture fixture;
    (void)fixture.subscriber();
    client& emitter = fixture.join();
    BOOST_CHECK(!fixture.broker.next_deadline());
    wait& long_one = fixture.emit_and_wait(emitter, "a", {.timeout = 30s});
    BOOST_CHECK(fixture.broker.next_deadline() == after(30s));
    wait& short_one = fixture.emit_and_wait(emitter, "a", {.timeout = 10s});
    BOOST_CHECK(fixture.broker.next_deadline() == after(10s));
    wait& middle_one = fixture.emit_and_wait(emitter, "a", {.timeout = 20s});
    BOOST_CHECK(fixture.broker.next_deadline() == after(10s));
    fixture.cancel(short_one);
    BOOST_CHECK(fixture.broker.next_deadline() == after(20s));
    fixture.cancel(middle_one);
    BOOST_CHECK(fixture.broker.next_deadline() == after(30s));
    fixture.cancel(long_one);
    BOOST_CHECK(!fixture.broker.next_deadline());
}

BOOST_AUTO_TEST_CASE(step_of_the_wall_clock_moves_no_deadline) {
    for (const auto step : {-24h, 24h}) {
        broker_fixture fixture;
        client& responder = fixture.subscriber();
        client& emitter = fixture.join();
        fixture.advance(48h);
        wait& asked = fixture.emit_and_wait(emitter, "a", {.timeout = 10s, .policy = wait_policy::chain});
        const auto reserved = fixture.emit(emitter, "b", {.reserve = 20s});
        fixture.now.wall += step;
        BOOST_CHECK(fixture.broker.next_deadline() == after(48h + 10s));
        fixture.pass(9s);
        BOOST_TEST(!asked.over());
        BOOST_TEST(fixture.receive(responder).front().timeout.count() <= 10'000);
        fixture.pass(1s);
        BOOST_TEST(asked.how() == outcome::timeout);
        wait& awaited = fixture.await_response(emitter, text_of(reserved.hook_event_id), 60s);
        fixture.pass(9s);
        BOOST_TEST(!awaited.over());
        fixture.pass(1s);
        BOOST_TEST(awaited.how() == outcome::timeout);
        fixture.check_nobody_waits();
    }
}

BOOST_AUTO_TEST_CASE(waits_expire_in_the_order_of_their_deadlines) {
    broker_fixture fixture;
    (void)fixture.subscriber();
    client& emitter = fixture.join();
    const int seconds[] = {5, 1, 4, 2, 3, 2};
    std::vector<wait*> asked;
    for (const int each : seconds) {
        asked.push_back(&fixture.emit_and_wait(emitter, "a", {.timeout = each * 1000ms}));
    }
    fixture.advance(10s);
    std::vector<const waiter*> waiters;
    for (const wait* const each : asked) {
        waiters.push_back(each->pending);
    }
    fixture.broker.expire(fixture.now);
    std::vector<int> order;
    while (fixture.broker.has_completions()) {
        const auto next = fixture.broker.take_completion();
        const auto at = std::find(waiters.begin(), waiters.end(), next.waiter.get());
        order.push_back(seconds[at - waiters.begin()]);
    }
    const int expected[] = {1, 2, 2, 3, 4, 5};
    BOOST_CHECK_EQUAL_COLLECTIONS(order.begin(), order.end(), std::begin(expected), std::end(expected));
    BOOST_CHECK(!fixture.broker.next_deadline());
}

// Others have their turn in between.
BOOST_AUTO_TEST_CASE(what_is_due_expires_in_portions) {
    broker_fixture fixture{{.capacity = 4000, .max_waiting_per_connection = 4000}};
    (void)fixture.subscriber();
    client& emitter = fixture.join();
    for (int i = 0; i < 2500; ++i) {
        fixture.emit_and_wait(emitter, "a", {.timeout = 1s + i * 1ms});
    }
    fixture.advance(10s);
    std::size_t portions = 0;
    for (; fixture.broker.next_deadline(); ++portions) {
        BOOST_REQUIRE(*fixture.broker.next_deadline() <= fixture.now.steady);
        const auto before = fixture.outcomes(outcome::timeout);
        fixture.broker.expire(fixture.now);
        const auto ended = fixture.outcomes(outcome::timeout) - before;
        BOOST_TEST(ended > 0U);
        BOOST_TEST(ended <= 256U);
        fixture.collect();
    }
    BOOST_TEST(portions >= 2500U / 256U);
    BOOST_CHECK_EQUAL(fixture.outcomes(outcome::timeout), 2500U);
    fixture.check_nobody_waits();
}

// No peer waits for all the waits that another leaves behind, or that a hook was expected to reply to.
BOOST_AUTO_TEST_CASE(what_a_client_leaves_behind_ends_in_portions) {
    constexpr std::size_t waits = 2500;
    for (const bool hook_leaves : {false, true}) {
        broker_fixture fixture{{.capacity = 4000, .max_waiting_per_connection = 4000}};
        client& hook = fixture.subscriber();
        client& emitter = fixture.join();
        for (std::size_t i = 0; i < waits; ++i) {
            fixture.emit_and_wait(emitter, "a", {});
        }
        const auto kind = hook_leaves ? outcome::abandoned : outcome::cancelled;
        fixture.broker.detach(hook_leaves ? hook : emitter, fixture.now);
        for (std::size_t before = 0; fixture.broker.has_pending();) {
            const auto now = fixture.outcomes(kind);
            BOOST_REQUIRE_LE(now - before, 256U);
            before = now;
            fixture.broker.advance_pending(fixture.now);
        }
        BOOST_CHECK_EQUAL(fixture.outcomes(kind), waits);
        fixture.collect();
        fixture.check_nobody_waits();
    }
}

// Waits with many responders take as many steps.
BOOST_AUTO_TEST_CASE(portion_counts_responders) {
    broker_fixture fixture;
    for (int i = 0; i < 100; ++i) {
        (void)fixture.subscriber();
    }
    client& emitter = fixture.join();
    for (int i = 0; i < 30; ++i) {
        fixture.emit_and_wait(emitter, "a", {.timeout = 1s});
    }
    fixture.advance(10s);
    fixture.broker.expire(fixture.now);
    BOOST_CHECK_EQUAL(fixture.outcomes(outcome::timeout), 3U);
}

BOOST_AUTO_TEST_CASE(only_what_is_due_expires) {
    broker_fixture fixture;
    client& hook = fixture.subscriber();
    client& emitter = fixture.join();
    wait& first = fixture.emit_and_wait(emitter, "a", {.timeout = 1ms});
    wait& second = fixture.emit_and_wait(emitter, "a", {.timeout = 2ms});
    fixture.pass(1ms);
    BOOST_CHECK_EQUAL(first.how(), outcome::timeout);
    BOOST_CHECK(!second.over());
    fixture.reply(hook, fixture.receive(hook).back().id);
    fixture.pass(24h);
    BOOST_CHECK_EQUAL(second.how(), outcome::answered);
    BOOST_CHECK_EQUAL(fixture.outcomes(outcome::timeout), 1U);
}

BOOST_AUTO_TEST_CASE(deadline_of_one_who_awaits_comes_before_that_of_the_reservation) {
    broker_fixture fixture;
    (void)fixture.subscriber();
    const auto id = text_of(fixture.emit(fixture.join(), "a", {.reserve = 20s}).hook_event_id);
    BOOST_CHECK(fixture.broker.next_deadline() == after(20s));
    wait& asked = fixture.await_response(fixture.join(), id, 5s);
    BOOST_CHECK(fixture.broker.next_deadline() == after(5s));
    fixture.pass(5s);
    BOOST_CHECK_EQUAL(asked.how(), outcome::timeout);
    BOOST_CHECK(fixture.broker.next_deadline() == after(20s));
}

BOOST_AUTO_TEST_CASE(cancelled_wait_ends_once_and_at_once) {
    broker_fixture fixture;
    client& hook = fixture.subscriber();
    client& emitter = fixture.join();
    wait& asked = fixture.emit_and_wait(emitter, "a", {.timeout = 1s});
    fixture.cancel(asked);
    BOOST_CHECK_EQUAL(asked.error_code(), errc::cancelled);
    fixture.pass(1s);
    fixture.leave(emitter);
    fixture.leave(hook);
    fixture.check_nobody_waits();
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(shutting_down)

BOOST_AUTO_TEST_CASE(every_wait_ends_and_says_so) {
    broker_fixture fixture;
    client& hook = fixture.subscriber({"a"}, {.name = "hook"});
    client& emitter = fixture.join();
    wait& plain = fixture.emit_and_wait(emitter, "a", {.on_failure = failure_policy::closed});
    wait& parked = fixture.emit_and_wait(emitter, "nobody", {.require_subscriber = false});
    wait& retried = fixture.emit_and_wait(emitter, "a", {.operation_id = numbered_uuid(1)});
    wait& joined = fixture.emit_and_wait(fixture.join(), "a", {.operation_id = numbered_uuid(1)});
    wait& partial = fixture.emit_and_wait(emitter, "a", {.policy = wait_policy::all});
    const auto reserved = text_of(fixture.emit(emitter, "a", {.reserve = 60s}).hook_event_id);
    wait& awaiting = fixture.await_response(fixture.join(), reserved, 5s);
    fixture.emit(emitter, "a", {.reserve = 60s});
    const auto kept = text_of(fixture.emit(emitter, "a", {.reserve = 60s}).hook_event_id);
    fixture.reply(hook, kept);
    fixture.reply(fixture.join(9), fixture.receive(hook).at(2).id);
    fixture.shut_down();
    for (wait* const each : {&plain, &parked, &retried, &joined, &partial, &awaiting}) {
        BOOST_CHECK_EQUAL(each->how(), outcome::shutdown);
    }
    BOOST_CHECK_EQUAL(plain.missing(), "hook: shutdown");
    BOOST_CHECK(plain.verdict().abort.find("shutdown") != std::string::npos);
    BOOST_CHECK_EQUAL(parked.missing(), "");
    BOOST_CHECK_EQUAL(partial.responses(), "{} by pid 9");
    fixture.check_nobody_waits();
}

BOOST_AUTO_TEST_CASE(every_session_gets_its_queue_and_is_told) {
    broker_fixture fixture;
    client& hook = fixture.subscriber();
    client& idle = fixture.subscriber({"never"});
    fixture.emit(fixture.join(), "a");
    fixture.emit(fixture.join(), "b");
    fixture.shut_down();
    BOOST_CHECK_EQUAL(fixture.take_ended(hook), "");
    BOOST_CHECK_EQUAL(fixture.receive_names(hook), "1:a 2:b");
    BOOST_CHECK_EQUAL(fixture.take_ended(hook), "shutdown after 2");
    BOOST_CHECK_EQUAL(fixture.take_ended(idle), "shutdown after 0");  // it got nothing: that is where it began
    BOOST_CHECK(!hook.is_owed_anything());
    BOOST_CHECK_EQUAL(fixture.broker.held().closing_sessions, 0U);
    BOOST_CHECK_EQUAL(fixture.stats().lagged, 0U);
}

BOOST_AUTO_TEST_CASE(those_who_are_to_be_told_are_ready) {
    broker_fixture fixture;
    client& idle = fixture.subscriber();
    fixture.shut_down();
    BOOST_CHECK_EQUAL(fixture.broker.take_next_ready(), idle.sink());
}

BOOST_AUTO_TEST_CASE(session_that_lagged_before_is_told_that) {
    broker_fixture fixture{{.capacity = 1}};
    client& slow = fixture.subscriber();
    fixture.emit(fixture.join(), "a");
    fixture.emit(fixture.join(), "a");
    fixture.shut_down();
    (void)fixture.receive(slow);
    BOOST_CHECK_EQUAL(fixture.take_ended(slow), "lagged after 1");
}

BOOST_AUTO_TEST_CASE(requests_are_refused_from_then_on) {
    broker_fixture fixture;
    client& late = fixture.join();
    fixture.shut_down();
    fixture.shut_down();  // no harm
    const auto emitted = fixture.try_emit(late, "a");
    BOOST_CHECK_EQUAL(std::get<protocol::error>(emitted).code, errc::shutting_down);
    BOOST_CHECK_EQUAL(fixture.emit_and_wait(late, "a").error_code(), errc::shutting_down);
    BOOST_CHECK_EQUAL(fixture.await_response(late, "x").error_code(), errc::shutting_down);
    const auto subscribed = fixture.try_subscribe(late);
    BOOST_CHECK_EQUAL(std::get<protocol::error>(subscribed).code, errc::shutting_down);
    const auto responded = fixture.try_respond(late, "x", "{}");
    BOOST_CHECK_EQUAL(std::get<protocol::error>(responded).code, errc::shutting_down);
    BOOST_CHECK(!fixture.broker.unsubscribe(late, fixture.now).was_subscribed);
    fixture.check_nobody_waits();
}

// A broker may be destroyed with everything still going on.
BOOST_AUTO_TEST_CASE(broker_ends_with_waits_queues_and_sessions_open) {
    broker_fixture fixture{{.capacity = 2}};
    client& slow = fixture.subscriber();
    wait& asked = fixture.emit_and_wait(fixture.join(), "a");
    const auto id = text_of(fixture.emit(fixture.join(), "a", {.reserve = 1min}).hook_event_id);
    wait& awaiting = fixture.await_response(fixture.join(), id);
    fixture.emit_and_wait(fixture.join(), "b", {.require_subscriber = false, .operation_id = numbered_uuid(1)});
    std::vector<event*> got;
    fixture.broker.peek_batch(slow, 1, std::size_t(-1), got);
    BOOST_CHECK(!awaiting.over());
    BOOST_CHECK(!asked.over());  // slow lagged with the third event, but has the first
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace hookd::core::test
