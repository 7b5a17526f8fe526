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
    world w;
    (void)w.subscriber();
    client& emitter = w.join();
    BOOST_CHECK(!w.broker.next_deadline());
    wait& long_one = w.emit_and_wait(emitter, "a", {.timeout = 30s});
    BOOST_CHECK(w.broker.next_deadline() == after(30s));
    wait& short_one = w.emit_and_wait(emitter, "a", {.timeout = 10s});
    BOOST_CHECK(w.broker.next_deadline() == after(10s));
    wait& middle_one = w.emit_and_wait(emitter, "a", {.timeout = 20s});
    BOOST_CHECK(w.broker.next_deadline() == after(10s));
    w.cancel(short_one);
    BOOST_CHECK(w.broker.next_deadline() == after(20s));
    w.cancel(middle_one);
    BOOST_CHECK(w.broker.next_deadline() == after(30s));
    w.cancel(long_one);
    BOOST_CHECK(!w.broker.next_deadline());
}

BOOST_AUTO_TEST_CASE(waits_expire_in_the_order_of_their_deadlines) {
    world w;
    (void)w.subscriber();
    client& emitter = w.join();
    const int seconds[] = {5, 1, 4, 2, 3, 2};
    std::vector<wait*> asked;
    for (const int each : seconds) {
        asked.push_back(&w.emit_and_wait(emitter, "a", {.timeout = each * 1000ms}));
    }
    w.advance(10s);
    w.broker.expire(w.now);
    std::vector<int> order;
    const auto ended = w.broker.take_completions();
    for (const auto& each : ended) {
        const auto at = std::find(asked.begin(), asked.end(), each.who);
        order.push_back(seconds[at - asked.begin()]);
    }
    const int expected[] = {1, 2, 2, 3, 4, 5};
    BOOST_CHECK_EQUAL_COLLECTIONS(order.begin(), order.end(), std::begin(expected), std::end(expected));
    BOOST_CHECK(!w.broker.next_deadline());
}

// Others have their turn in between.
BOOST_AUTO_TEST_CASE(what_is_due_expires_in_portions) {
    world w{{.capacity = 4000, .max_waiting_per_connection = 4000}};
    (void)w.subscriber();
    client& emitter = w.join();
    for (int i = 0; i < 2500; ++i) {
        w.emit_and_wait(emitter, "a", {.timeout = 1s + i * 1ms});
    }
    w.advance(10s);
    for (const std::size_t expected : {1024U, 1024U, 452U}) {
        BOOST_REQUIRE(w.broker.next_deadline());
        BOOST_CHECK(*w.broker.next_deadline() <= w.now.steady);
        w.broker.expire(w.now);
        BOOST_CHECK_EQUAL(w.broker.take_completions().size(), expected);
    }
    BOOST_CHECK(!w.broker.next_deadline());
    BOOST_CHECK_EQUAL(w.outcomes(outcome::timeout), 2500U);
    w.check_nobody_waits();
}

BOOST_AUTO_TEST_CASE(only_what_is_due_expires) {
    world w;
    client& hook = w.subscriber();
    client& emitter = w.join();
    wait& first = w.emit_and_wait(emitter, "a", {.timeout = 1ms});
    wait& second = w.emit_and_wait(emitter, "a", {.timeout = 2ms});
    w.pass(1ms);
    BOOST_CHECK_EQUAL(first.how(), outcome::timeout);
    BOOST_CHECK(!second.over());
    w.reply(hook, w.receive(hook).back().id);
    w.pass(24h);
    BOOST_CHECK_EQUAL(second.how(), outcome::answered);
    BOOST_CHECK_EQUAL(w.outcomes(outcome::timeout), 1U);
}

BOOST_AUTO_TEST_CASE(deadline_of_one_who_awaits_comes_before_that_of_the_reservation) {
    world w;
    (void)w.subscriber();
    const auto id = text_of(w.emit(w.join(), "a", {.reserve = 20s}).hook_event_id);
    BOOST_CHECK(w.broker.next_deadline() == after(20s));
    wait& asked = w.await_response(w.join(), id, 5s);
    BOOST_CHECK(w.broker.next_deadline() == after(5s));
    w.pass(5s);
    BOOST_CHECK_EQUAL(asked.how(), outcome::timeout);
    BOOST_CHECK(w.broker.next_deadline() == after(20s));
}

BOOST_AUTO_TEST_CASE(cancelled_wait_ends_once_and_at_once) {
    world w;
    client& hook = w.subscriber();
    client& emitter = w.join();
    wait& asked = w.emit_and_wait(emitter, "a", {.timeout = 1s});
    w.cancel(asked);
    BOOST_CHECK_EQUAL(asked.error_code(), errc::cancelled);
    w.pass(1s);
    w.leave(emitter);
    w.leave(hook);
    w.check_nobody_waits();
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(shutting_down)

BOOST_AUTO_TEST_CASE(every_wait_ends_and_says_so) {
    world w;
    client& hook = w.subscriber({"a"}, {.name = "hook"});
    client& emitter = w.join();
    wait& plain = w.emit_and_wait(emitter, "a", {.on_failure = failure_policy::closed});
    wait& unclaimed = w.emit_and_wait(emitter, "nobody", {.require_subscriber = false});
    wait& retried = w.emit_and_wait(emitter, "a", {.operation_id = numbered_uuid(1)});
    wait& joined = w.emit_and_wait(w.join(), "a", {.operation_id = numbered_uuid(1)});
    wait& partial = w.emit_and_wait(emitter, "a", {.policy = wait_policy::all});
    const auto reserved = text_of(w.emit(emitter, "a", {.reserve = 60s}).hook_event_id);
    wait& awaiting = w.await_response(w.join(), reserved, 5s);
    w.emit(emitter, "a", {.reserve = 60s});
    const auto kept = text_of(w.emit(emitter, "a", {.reserve = 60s}).hook_event_id);
    w.reply(hook, kept);
    w.reply(w.join(9), w.receive(hook).at(2).id);
    w.shut_down();
    for (wait* const each : {&plain, &unclaimed, &retried, &joined, &partial, &awaiting}) {
        BOOST_CHECK_EQUAL(each->how(), outcome::shutdown);
    }
    BOOST_CHECK_EQUAL(plain.missing(), "hook: shutdown");
    BOOST_CHECK(plain.verdict().abort.find("shutdown") != std::string::npos);
    BOOST_CHECK_EQUAL(unclaimed.missing(), "");
    BOOST_CHECK_EQUAL(partial.responses(), "{} by pid 9");
    w.check_nobody_waits();
}

BOOST_AUTO_TEST_CASE(every_session_gets_its_queue_and_is_told) {
    world w;
    client& hook = w.subscriber();
    client& idle = w.subscriber({"never"});
    w.emit(w.join(), "a");
    w.emit(w.join(), "b");
    w.shut_down();
    BOOST_CHECK_EQUAL(w.take_ended(hook), "");
    BOOST_CHECK_EQUAL(w.receive_names(hook), "1:a 2:b");
    BOOST_CHECK_EQUAL(w.take_ended(hook), "shutdown after 2");
    BOOST_CHECK_EQUAL(w.take_ended(idle), "shutdown after 0");  // it got nothing: that is where it began
    BOOST_CHECK(!broker_state::is_owed_anything(hook));
    BOOST_CHECK_EQUAL(w.broker.held().closing_sessions, 0U);
    BOOST_CHECK_EQUAL(w.stats().lagged, 0U);
}

BOOST_AUTO_TEST_CASE(those_who_are_to_be_told_are_ready) {
    world w;
    client& idle = w.subscriber();
    w.shut_down();
    BOOST_CHECK_EQUAL(w.broker.take_next_ready(), idle.owner);
}

BOOST_AUTO_TEST_CASE(session_that_lagged_before_is_told_that) {
    world w{{.capacity = 1}};
    client& slow = w.subscriber();
    w.emit(w.join(), "a");
    w.emit(w.join(), "a");
    w.shut_down();
    (void)w.receive(slow);
    BOOST_CHECK_EQUAL(w.take_ended(slow), "lagged after 1");
}

BOOST_AUTO_TEST_CASE(requests_are_refused_from_then_on) {
    world w;
    client& late = w.join();
    w.shut_down();
    w.shut_down();  // no harm
    const auto emitted = w.try_emit(late, "a");
    BOOST_CHECK_EQUAL(std::get<protocol::error>(emitted).code, errc::shutting_down);
    BOOST_CHECK_EQUAL(w.emit_and_wait(late, "a").error_code(), errc::shutting_down);
    BOOST_CHECK_EQUAL(w.await_response(late, "x").error_code(), errc::shutting_down);
    const auto subscribed = w.try_subscribe(late);
    BOOST_CHECK_EQUAL(std::get<protocol::error>(subscribed).code, errc::shutting_down);
    const auto responded = w.try_respond(late, "x", "{}");
    BOOST_CHECK_EQUAL(std::get<protocol::error>(responded).code, errc::shutting_down);
    BOOST_CHECK(!w.broker.unsubscribe(late, w.now).was_subscribed);
    w.check_nobody_waits();
}

// A broker may be destroyed with everything still going on.
BOOST_AUTO_TEST_CASE(broker_ends_with_waits_queues_and_sessions_open) {
    world w{{.capacity = 2}};
    client& slow = w.subscriber();
    wait& asked = w.emit_and_wait(w.join(), "a");
    const auto id = text_of(w.emit(w.join(), "a", {.reserve = 1min}).hook_event_id);
    wait& awaiting = w.await_response(w.join(), id);
    w.emit_and_wait(w.join(), "b", {.require_subscriber = false, .operation_id = numbered_uuid(1)});
    std::vector<event*> got;
    w.broker.hand_out(slow, 1, std::size_t(-1), got);
    BOOST_CHECK(!awaiting.over());
    BOOST_CHECK(!asked.over());  // slow lagged with the third event, but has the first
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace hookd::core::test
