#include "broker_fixture.hpp"

// What sessions are told besides events: `cancelled` and `verdict`.
namespace hookd::core::test {

BOOST_AUTO_TEST_SUITE(cancellations)

BOOST_AUTO_TEST_CASE(one_that_is_still_at_work_is_told_how_the_wait_ended) {
    for (const refusal how : {refusal::answered, refusal::expired, refusal::cancelled}) {
        world w;
        client& slow = w.subscriber({}, {.name = "slow", .cancellations = true});
        client& quick = w.subscriber({}, {.name = "quick"});
        wait& asked = w.emit_and_wait(w.join(), "a");
        const auto id = w.receive_one(slow).id;
        BOOST_CHECK_EQUAL(w.receive_notices(slow), "");
        switch (how) {
            case refusal::answered:
                w.reply(quick, id);
                break;
            case refusal::expired:
                w.pass(30s);
                break;
            default:
                w.cancel(asked);
        }
        BOOST_CHECK_EQUAL(w.receive_notices(slow), "cancelled " + std::string{to_string(how)});
        BOOST_CHECK_EQUAL(w.receive_notices(quick), "");
    }
}

BOOST_AUTO_TEST_CASE(one_that_has_replied_or_did_not_ask_for_it_is_not_told) {
    world w;
    client& done = w.subscriber({}, {.name = "done", .cancellations = true});
    client& silent = w.subscriber({}, {.name = "silent"});
    (void)w.emit_and_wait(w.join(), "a", {.policy = wait_policy::all});
    w.reply(done, w.receive_one(done).id);
    w.pass(30s);
    BOOST_CHECK_EQUAL(w.receive_notices(done) + w.receive_notices(silent), "");
}

BOOST_AUTO_TEST_CASE(events_that_were_queued_before_go_first) {
    world w;
    client& slow = w.subscriber({}, {.name = "slow", .cancellations = true});
    wait& asked = w.emit_and_wait(w.join(), "a");
    w.cancel(asked);
    BOOST_CHECK_EQUAL(w.receive_notices(slow), "");
    BOOST_CHECK_EQUAL(w.receive_names(slow), "1:a");
    BOOST_CHECK_EQUAL(w.receive_notices(slow), "cancelled cancelled");
}

BOOST_AUTO_TEST_CASE(emitter_that_goes_away_cancels) {
    world w;
    client& slow = w.subscriber({}, {.name = "slow", .cancellations = true});
    client& emitter = w.join();
    (void)w.emit_and_wait(emitter, "a");
    (void)w.receive(slow);
    w.leave(emitter);
    BOOST_CHECK_EQUAL(w.receive_notices(slow), "cancelled cancelled");
}

BOOST_AUTO_TEST_CASE(one_in_a_chain_is_told_if_it_was_asked) {
    world w;
    client& first = w.subscriber({}, {.name = "a", .cancellations = true});
    client& second = w.subscriber({}, {.name = "b", .cancellations = true});
    (void)w.emit_and_wait(w.join(), "a", {.policy = wait_policy::chain});
    (void)w.receive(first);
    w.pass(30s);
    BOOST_CHECK_EQUAL(w.receive_notices(first), "cancelled expired");
    BOOST_CHECK_EQUAL(w.receive_notices(second), "");
}

BOOST_AUTO_TEST_CASE(reservation_that_is_answered_tells_the_others) {
    world w;
    client& slow = w.subscriber({}, {.name = "slow", .cancellations = true});
    client& quick = w.subscriber({}, {.name = "quick"});
    const auto id = text_of(w.emit(w.join(), "a", {.reserve = 1min}).hook_event_id);
    (void)w.receive(slow);
    w.reply(quick, id);
    BOOST_CHECK_EQUAL(w.receive_notices(slow), "cancelled answered");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(verdict_notices)

BOOST_AUTO_TEST_CASE(verdict_on_a_matching_event_is_told) {
    world w;
    client& watcher = w.subscriber({"a*"}, {.responds = false, .verdicts = true});
    client& hook = w.subscriber({}, {.name = "hook"});
    wait& asked = w.emit_and_wait(w.join(), "ab");
    w.advance(1500us);
    w.reply(hook, w.receive_one(hook).id, R"({"abort":"no"})");
    BOOST_CHECK_EQUAL(w.receive_notices(watcher), "");  // the event first
    BOOST_CHECK_EQUAL(w.receive_names(watcher), "1:ab");
    BOOST_CHECK_EQUAL(w.receive_notices(watcher),
        R"({"jsonrpc":"2.0","method":"verdict","params":{"seq":1,"hook_event_id":")" + asked.verdict().hook_event_id +
            R"(","event":"ab","outcome":"answered","abort":"no","responses":[{"response":{"abort":"no"},"responder":"hook",)"
            R"("uid":1000,"elapsed_ms":1.500}],"missing":[],"elapsed_ms":1.500}})");
    BOOST_CHECK_EQUAL(w.receive_notices(hook), "");
}

BOOST_AUTO_TEST_CASE(verdicts_without_hooks_are_told_and_those_on_other_events_are_not) {
    world w;
    client& watcher = w.subscriber({"a"}, {.responds = false, .verdicts = true});
    (void)w.emit_and_wait(w.join(), "b");
    (void)w.emit_and_wait(w.join(), "a", {.require = {"guard"}});
    w.emit(w.join(), "a");
    (void)w.receive(watcher);
    const auto told = w.receive_notices(watcher);
    BOOST_CHECK(told.find(R"("seq":2)") != std::string::npos);
    BOOST_CHECK(told.find(R"("missing":[{"responder":"guard","why":"absent"}])") != std::string::npos);
    BOOST_CHECK(told.find("; ") == told.rfind("; "));  // one notice: the semicolon is in the reason
}

BOOST_AUTO_TEST_CASE(cancelled_wait_has_a_verdict_too) {
    world w;
    client& watcher = w.subscriber({}, {.responds = false, .verdicts = true});
    client& hook = w.subscriber({}, {.name = "hook"});
    client& emitter = w.join();
    for (const bool leaves : {false, true}) {
        wait& asked = w.emit_and_wait(emitter, "a", {.policy = wait_policy::all, .on_failure = failure_policy::closed});
        (void)w.receive(watcher);
        leaves ? w.leave(emitter) : w.cancel(asked);
        const auto told = w.receive_notices(watcher);
        BOOST_CHECK(told.find(R"("outcome":"cancelled","abort":"","responses":[],"missing":[])") != std::string::npos);
        (void)w.receive(hook);
    }
    BOOST_CHECK_EQUAL(w.outcomes(outcome::cancelled), 2U);
    const auto stats = w.stats();
    BOOST_CHECK_EQUAL(stats.proceeded + stats.vetoed + stats.failed_closed, 0U);  // nobody has heard of it
}

BOOST_AUTO_TEST_CASE(reservation_that_nobody_asked_for_has_one_verdict_at_its_end) {
    world w;
    client& watcher = w.subscriber({}, {.responds = false, .verdicts = true});
    client& hook = w.subscriber({}, {.name = "hook"});
    w.emit(w.join(), "a", {.reserve = 1min});
    const auto kept = text_of(w.emit(w.join(), "b", {.reserve = 1min}).hook_event_id);
    (void)w.receive(watcher);
    w.reply(hook, kept, R"({"abort":"no"})");
    (void)w.await_response(w.join(), text_of(w.emit(w.join(), "c", {.reserve = 1min}).hook_event_id), 1s);
    (void)w.receive(watcher);
    w.pass(30s);
    BOOST_CHECK_EQUAL(w.receive_notices(watcher), "");  // the third one's time-out is not the end of it
    w.pass(30s);
    const auto told = w.receive_notices(watcher);
    BOOST_CHECK(
        told.find(
            R"("event":"a","outcome":"timeout","abort":"","responses":[],"missing":[{"responder":"hook","why":"timeout"}])") !=
        std::string::npos);
    BOOST_CHECK(told.find(R"("event":"b","outcome":"answered","abort":"no")") != std::string::npos);
    BOOST_CHECK(told.find(R"("event":"c","outcome":"timeout")") != std::string::npos);
    BOOST_CHECK_EQUAL(w.receive_notices(watcher), "");
    w.check_nobody_waits();
}

BOOST_AUTO_TEST_CASE(where_selects_verdicts_too) {
    world w;
    client& watcher = w.subscriber({}, {.responds = false, .verdicts = true, .where = {{"/n", "1"}}});
    (void)w.emit_and_wait(w.join(), "a", {.payload = R"({"n":"2"})"});
    BOOST_CHECK_EQUAL(w.receive_notices(watcher), "");
    (void)w.emit_and_wait(w.join(), "a", {.payload = R"({"n":"1"})"});
    (void)w.receive(watcher);
    BOOST_CHECK(w.receive_notices(watcher).find(R"("seq":2)") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(one_that_does_not_take_its_verdicts_lags) {
    world w{{.capacity = 4}};
    client& watcher = w.subscriber({}, {.responds = false, .asked_only = true, .verdicts = true});
    for (int i = 0; i < 4; ++i) {
        (void)w.emit_and_wait(w.join(), "a");
        (void)w.receive(watcher);
    }
    BOOST_CHECK_EQUAL(w.stats().lagged, 0U);
    (void)w.emit_and_wait(w.join(), "a");
    BOOST_CHECK_EQUAL(w.stats().lagged, 1U);
    (void)w.receive(watcher);
    BOOST_CHECK_EQUAL(w.receive_notices(watcher), "");
    BOOST_CHECK_EQUAL(w.take_ended(watcher), "lagged after 4");
    BOOST_CHECK_EQUAL(w.broker.held().event_bytes, w.stats().retained_bytes);
}

BOOST_AUTO_TEST_CASE(verdicts_count_as_bytes_that_wait) {
    world w{{.capacity_bytes = 8192}};
    client& watcher = w.subscriber({}, {.responds = false, .verdicts = true});
    client& hook = w.subscriber({}, {.name = "hook"});
    for (int i = 0; i < 10; ++i) {
        (void)w.emit_and_wait(w.join(), "a");
        w.reply(hook, w.receive_one(hook).id, R"({"x":")" + std::string(3000, 'x') + "\"}");
        (void)w.receive(watcher);
        BOOST_CHECK_LE(w.broker.held().event_bytes, 8192U + 4096U);
    }
    BOOST_CHECK_EQUAL(w.stats().lagged, 1U);
}

BOOST_AUTO_TEST_CASE(client_that_leaves_takes_its_notices_along) {
    world w;
    client& watcher = w.subscriber({}, {.responds = false, .verdicts = true});
    (void)w.emit_and_wait(w.join(), "a");
    w.leave(watcher);
    BOOST_CHECK_EQUAL(w.broker.held().event_bytes, w.stats().retained_bytes);
    BOOST_CHECK_EQUAL(w.emit_and_wait(w.join(), "a").how(), outcome::no_subscribers);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace hookd::core::test
