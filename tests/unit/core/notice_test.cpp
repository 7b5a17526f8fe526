// SPDX-License-Identifier: BSL-1.0
#include "broker_fixture.hpp"

// What sessions are told besides events: `cancelled` and `verdict`.
namespace hookd::core::test {

BOOST_AUTO_TEST_SUITE(cancellations)

BOOST_AUTO_TEST_CASE(one_that_is_still_at_work_is_told_how_the_wait_ended) {
    for (const refusal how : {refusal::answered, refusal::expired, refusal::cancelled}) {
        broker_fixture fixture;
        client& slow = fixture.subscriber({}, {.name = "slow", .cancellations = true});
        client& quick = fixture.subscriber({}, {.name = "quick"});
        wait& asked = fixture.emit_and_wait(fixture.join(), "a");
        const auto id = fixture.receive_one(slow).id;
        BOOST_CHECK_EQUAL(fixture.receive_notices(slow), "");
        switch (how) {
            case refusal::answered:
                fixture.reply(quick, id);
                break;
            case refusal::expired:
                fixture.pass(30s);
                break;
            default:
                fixture.cancel(asked);
        }
        BOOST_CHECK_EQUAL(fixture.receive_notices(slow), "cancelled " + std::string{to_string(how)});
        BOOST_CHECK_EQUAL(fixture.receive_notices(quick), "");
    }
}

BOOST_AUTO_TEST_CASE(one_that_has_replied_or_did_not_ask_for_it_is_not_told) {
    broker_fixture fixture;
    client& done = fixture.subscriber({}, {.name = "done", .cancellations = true});
    client& silent = fixture.subscriber({}, {.name = "silent"});
    (void)fixture.emit_and_wait(fixture.join(), "a", {.policy = wait_policy::all});
    fixture.reply(done, fixture.receive_one(done).id);
    fixture.pass(30s);
    BOOST_CHECK_EQUAL(fixture.receive_notices(done) + fixture.receive_notices(silent), "");
}

BOOST_AUTO_TEST_CASE(events_that_were_queued_before_go_first) {
    broker_fixture fixture;
    client& slow = fixture.subscriber({}, {.name = "slow", .cancellations = true});
    wait& asked = fixture.emit_and_wait(fixture.join(), "a");
    fixture.cancel(asked);
    BOOST_CHECK_EQUAL(fixture.receive_notices(slow), "");
    BOOST_CHECK_EQUAL(fixture.receive_names(slow), "1:a");
    BOOST_CHECK_EQUAL(fixture.receive_notices(slow), "cancelled cancelled");
}

BOOST_AUTO_TEST_CASE(emitter_that_goes_away_cancels) {
    broker_fixture fixture;
    client& slow = fixture.subscriber({}, {.name = "slow", .cancellations = true});
    client& emitter = fixture.join();
    (void)fixture.emit_and_wait(emitter, "a");
    (void)fixture.receive(slow);
    fixture.leave(emitter);
    BOOST_CHECK_EQUAL(fixture.receive_notices(slow), "cancelled cancelled");
}

BOOST_AUTO_TEST_CASE(one_in_a_chain_is_told_if_it_was_asked) {
    broker_fixture fixture;
    client& first = fixture.subscriber({}, {.name = "a", .cancellations = true});
    client& second = fixture.subscriber({}, {.name = "b", .cancellations = true});
    (void)fixture.emit_and_wait(fixture.join(), "a", {.policy = wait_policy::chain});
    (void)fixture.receive(first);
    fixture.pass(30s);
    BOOST_CHECK_EQUAL(fixture.receive_notices(first), "cancelled expired");
    BOOST_CHECK_EQUAL(fixture.receive_notices(second), "");
}

BOOST_AUTO_TEST_CASE(reservation_that_is_answered_tells_the_others) {
    broker_fixture fixture;
    client& slow = fixture.subscriber({}, {.name = "slow", .cancellations = true});
    client& quick = fixture.subscriber({}, {.name = "quick"});
    const auto id = text_of(fixture.emit(fixture.join(), "a", {.reserve = 1min}).hook_event_id);
    (void)fixture.receive(slow);
    fixture.reply(quick, id);
    BOOST_CHECK_EQUAL(fixture.receive_notices(slow), "cancelled answered");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(verdict_notices)

BOOST_AUTO_TEST_CASE(verdict_on_a_matching_event_is_told) {
    broker_fixture fixture;
    client& watcher = fixture.subscriber({"a*"}, {.responds = false, .verdicts = true});
    client& hook = fixture.subscriber({}, {.name = "hook"});
    wait& asked = fixture.emit_and_wait(fixture.join(), "ab");
    fixture.advance(1500us);
    fixture.reply(hook, fixture.receive_one(hook).id, R"({"abort":"no"})");
    BOOST_CHECK_EQUAL(fixture.receive_notices(watcher), "");  // the event first
    BOOST_CHECK_EQUAL(fixture.receive_names(watcher), "1:ab");
    BOOST_CHECK_EQUAL(fixture.receive_notices(watcher),
        R"({"jsonrpc":"2.0","method":"verdict","params":{"seq":1,"hook_event_id":")" + asked.verdict().hook_event_id +
            R"(","event":"ab","outcome":"answered","abort":"no","responses":[{"response":{"abort":"no"},"responder":"hook",)"
            R"("uid":1000,"elapsed_ms":1.500}],"missing":[],"elapsed_ms":1.500}})");
    BOOST_CHECK_EQUAL(fixture.receive_notices(hook), "");
}

BOOST_AUTO_TEST_CASE(verdicts_without_hooks_are_told_and_those_on_other_events_are_not) {
    broker_fixture fixture;
    client& watcher = fixture.subscriber({"a"}, {.responds = false, .verdicts = true});
    (void)fixture.emit_and_wait(fixture.join(), "b");
    (void)fixture.emit_and_wait(fixture.join(), "a", {.require = {"guard"}});
    fixture.emit(fixture.join(), "a");
    (void)fixture.receive(watcher);
    const auto told = fixture.receive_notices(watcher);
    BOOST_CHECK(told.find(R"("seq":2)") != std::string::npos);
    BOOST_CHECK(told.find(R"("missing":[{"responder":"guard","why":"absent"}])") != std::string::npos);
    BOOST_CHECK(told.find("; ") == told.rfind("; "));  // one notice: the semicolon is in the reason
}

BOOST_AUTO_TEST_CASE(cancelled_wait_has_a_verdict_too) {
    broker_fixture fixture;
    client& watcher = fixture.subscriber({}, {.responds = false, .verdicts = true});
    client& hook = fixture.subscriber({}, {.name = "hook"});
    client& emitter = fixture.join();
    for (const bool leaves : {false, true}) {
        wait& asked =
            fixture.emit_and_wait(emitter, "a", {.policy = wait_policy::all, .on_failure = failure_policy::closed});
        (void)fixture.receive(watcher);
        leaves ? fixture.leave(emitter) : fixture.cancel(asked);
        const auto told = fixture.receive_notices(watcher);
        BOOST_CHECK(told.find(R"("outcome":"cancelled","abort":"","responses":[],"missing":[])") != std::string::npos);
        (void)fixture.receive(hook);
    }
    BOOST_CHECK_EQUAL(fixture.outcomes(outcome::cancelled), 2U);
    const auto stats = fixture.stats();
    BOOST_CHECK_EQUAL(stats.proceeded + stats.vetoed + stats.failed_closed, 0U);  // nobody has heard of it
}

BOOST_AUTO_TEST_CASE(reservation_that_nobody_asked_for_has_one_verdict_at_its_end) {
    broker_fixture fixture;
    client& watcher = fixture.subscriber({}, {.responds = false, .verdicts = true});
    client& hook = fixture.subscriber({}, {.name = "hook"});
    fixture.emit(fixture.join(), "a", {.reserve = 1min});
    const auto kept = text_of(fixture.emit(fixture.join(), "b", {.reserve = 1min}).hook_event_id);
    (void)fixture.receive(watcher);
    fixture.reply(hook, kept, R"({"abort":"no"})");
    (void)fixture.await_response(
        fixture.join(), text_of(fixture.emit(fixture.join(), "c", {.reserve = 1min}).hook_event_id), 1s);
    (void)fixture.receive(watcher);
    fixture.pass(30s);
    BOOST_CHECK_EQUAL(fixture.receive_notices(watcher), "");  // the third one's time-out is not the end of it
    fixture.pass(30s);
    const auto told = fixture.receive_notices(watcher);
    BOOST_CHECK(
        told.find(
            R"("event":"a","outcome":"timeout","abort":"","responses":[],"missing":[{"responder":"hook","why":"timeout"}])") !=
        std::string::npos);
    BOOST_CHECK(told.find(R"("event":"b","outcome":"answered","abort":"no")") != std::string::npos);
    BOOST_CHECK(told.find(R"("event":"c","outcome":"timeout")") != std::string::npos);
    BOOST_CHECK_EQUAL(fixture.receive_notices(watcher), "");
    fixture.check_nobody_waits();
}

BOOST_AUTO_TEST_CASE(where_selects_verdicts_too) {
    broker_fixture fixture;
    client& watcher = fixture.subscriber({}, {.responds = false, .verdicts = true, .where = {{"/n", "1"}}});
    (void)fixture.emit_and_wait(fixture.join(), "a", {.payload = R"({"n":"2"})"});
    BOOST_CHECK_EQUAL(fixture.receive_notices(watcher), "");
    (void)fixture.emit_and_wait(fixture.join(), "a", {.payload = R"({"n":"1"})"});
    (void)fixture.receive(watcher);
    BOOST_CHECK(fixture.receive_notices(watcher).find(R"("seq":2)") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(one_that_does_not_take_its_verdicts_lags) {
    broker_fixture fixture{{.capacity = 4}};
    client& watcher = fixture.subscriber({}, {.responds = false, .asked_only = true, .verdicts = true});
    for (int i = 0; i < 4; ++i) {
        (void)fixture.emit_and_wait(fixture.join(), "a");
        (void)fixture.receive(watcher);
    }
    BOOST_CHECK_EQUAL(fixture.stats().lagged, 0U);
    (void)fixture.emit_and_wait(fixture.join(), "a");
    BOOST_CHECK_EQUAL(fixture.stats().lagged, 1U);
    (void)fixture.receive(watcher);
    BOOST_CHECK_EQUAL(fixture.receive_notices(watcher), "");
    BOOST_CHECK_EQUAL(fixture.take_ended(watcher), "lagged after 4");
    BOOST_CHECK_EQUAL(fixture.broker.held().event_bytes, fixture.stats().retained_bytes);
}

BOOST_AUTO_TEST_CASE(verdicts_count_as_bytes_that_wait) {
    broker_fixture fixture{{.capacity_bytes = 8192}};
    client& watcher = fixture.subscriber({}, {.responds = false, .verdicts = true});
    client& hook = fixture.subscriber({}, {.name = "hook"});
    for (int i = 0; i < 10; ++i) {
        (void)fixture.emit_and_wait(fixture.join(), "a");
        fixture.reply(hook, fixture.receive_one(hook).id, R"({"x":")" + std::string(3000, 'x') + "\"}");
        (void)fixture.receive(watcher);
        BOOST_CHECK_LE(fixture.broker.held().event_bytes, 8192U + 4096U);
    }
    BOOST_CHECK_EQUAL(fixture.stats().lagged, 1U);
}

BOOST_AUTO_TEST_CASE(client_that_leaves_takes_its_notices_along) {
    broker_fixture fixture;
    client& watcher = fixture.subscriber({}, {.responds = false, .verdicts = true});
    (void)fixture.emit_and_wait(fixture.join(), "a");
    fixture.leave(watcher);
    BOOST_CHECK_EQUAL(fixture.broker.held().event_bytes, fixture.stats().retained_bytes);
    BOOST_CHECK_EQUAL(fixture.emit_and_wait(fixture.join(), "a").how(), outcome::no_subscribers);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace hookd::core::test
