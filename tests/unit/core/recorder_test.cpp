// SPDX-License-Identifier: BSL-1.0
#include "broker_fixture.hpp"
#include "memory_log.hpp"

// What is told to a recorder, from which the journal is made.
namespace hookd::core::test {

namespace {

/// ` past guard: disabled; lint: where`; empty where there are none.
std::string past(const protocol::passed_over_hooks* hooks) {
    return hooks != nullptr ? " past " + names_of(*hooks) : "";
}

/// Keeps what it is told as a line each.
class lines_recorder final : public recorder {
public:
    std::vector<std::string> lines{};

    void event_published(const event& what, const peer& emitter, std::size_t subscribers,
        const protocol::passed_over_hooks* passed_over, const secret_filter* secrets) noexcept override {
        const auto hidden = secrets != nullptr ? secrets->payload(what.name(), what.payload()) : std::nullopt;
        lines.push_back("event " + std::to_string(what.seq()) + " " + std::string{what.name()} + " by " +
                        emitter.program + " to " + std::to_string(subscribers) + " " +
                        (hidden ? *hidden : std::string{what.payload()}) + past(passed_over));
    }
    void event_restored(
        const event& what, std::uint32_t uid, std::size_t responders, const secret_filter* secrets) noexcept override {
        const auto hidden = secrets != nullptr ? secrets->payload(what.name(), what.payload()) : std::nullopt;
        lines.push_back("restored " + std::to_string(what.seq()) + " " + std::string{what.name()} + " by user " +
                        std::to_string(uid) + " to " + std::to_string(responders) + " " +
                        (hidden ? *hidden : std::string{what.payload()}));
    }
    void event_delivered(const event& delivered, std::string_view session_name, bool is_asked) noexcept override {
        lines.push_back("handed " + std::to_string(delivered.seq()) + (is_asked ? " to " : " to the observer ") +
                        std::string{session_name});
    }
    void wait_ended(std::string_view event_name, const protocol::wait_result& verdict,
        std::chrono::nanoseconds elapsed) noexcept override {
        std::string line = "verdict " + std::to_string(verdict.seq.value_or(0)) + " " + std::string{event_name} + " " +
                           std::string{to_string(verdict.outcome)} + " '" + verdict.abort + "'";
        for (const auto& each : verdict.responses) {
            line += " " + std::string{each.text()};
        }
        for (const auto& each : verdict.missing) {
            line += " " + each.responder + ":" + each.why;
        }
        lines.push_back(line + " after " + std::to_string(elapsed / 1ms) + " ms" + past(verdict.passed_over.get()));
    }
    void wait_given_up(std::uint64_t seq, refusal why) noexcept override {
        lines.push_back("given up " + std::to_string(seq) + " " + std::string{to_string(why)});
    }

    void shadow_replied(const shadow_reply& reply) noexcept override {
        lines.push_back("shadow " + std::to_string(reply.seq) + " " + std::string{reply.responder} + " " +
                        std::string{reply.failed.empty() ? reply.response : reply.failed} + " after " +
                        std::to_string(reply.elapsed / 1ms) + " ms");
    }

    void events_committed(std::uint64_t seq) noexcept override { lines.push_back("committed " + std::to_string(seq)); }
    void events_refused() noexcept override { lines.push_back("refused"); }

    [[nodiscard]] std::string take() {
        std::string text;
        for (const auto& each : lines) {
            text += (text.empty() ? "" : "; ") + each;
        }
        lines.clear();
        return text;
    }
};

class hides_everything final : public secret_filter {
public:
    [[nodiscard]] std::optional<std::string> payload(std::string_view, std::string_view) const override {
        return "\"hidden\"";
    }
    [[nodiscard]] std::optional<std::string> reply(std::string_view, std::string_view) const override {
        return "{\"hidden\":1}";
    }
};

struct recorded_world : broker_fixture {
    lines_recorder told{};
    recorded_world() { broker.record_to(&told); }

    client& program(std::string name) { return join({.pid = 100, .uid = 1000, .program = std::move(name)}); }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(recording)

BOOST_AUTO_TEST_CASE(a_wait_that_a_restart_continues_is_told_with_its_user_before_its_verdict) {
    memory_log log;
    const wait_options terms{.timeout = 60s, .operation_id = numbered_uuid(7)};
    {
        broker_fixture before;
        before.broker.make_durable(log, {}, before.now);
        (void)before.subscriber({}, {.name = "guard"});
        (void)before.emit_and_wait(before.join({.uid = 1000}), "a", terms);
        before.emit(before.join(), "told");
        before.broker.write_changes();
        log.commit();
    }
    recorded_world after;
    const hides_everything secrets;
    after.broker.make_durable(log, log.records(), after.now);
    BOOST_CHECK_EQUAL(after.told.take(), "");
    after.broker.hide(&secrets);
    after.broker.record_restored();
    BOOST_CHECK_EQUAL(after.told.take(), "restored 1 a by user 1000 to 1 \"hidden\"");
}

BOOST_AUTO_TEST_CASE(the_commit_of_an_event_is_told_before_its_delivery_and_a_refusal_after_all_of_it) {
    memory_log log;
    recorded_world fixture;
    fixture.broker.make_durable(log, {}, fixture.now);
    fixture.broker.record_to(&fixture.told);
    BOOST_CHECK_EQUAL(fixture.told.take(), "committed 0");
    client& guard = fixture.subscriber({}, {.name = "guard"});
    (void)fixture.emit_and_wait(fixture.program("git"), "push");
    fixture.broker.write_changes();
    BOOST_CHECK_EQUAL(fixture.told.take(), "event 1 push by git to 1 {}");
    fixture.broker.committed(log.commit(), fixture.now);
    (void)fixture.receive(guard);
    BOOST_CHECK_EQUAL(fixture.told.take(), "committed 1; handed 1 to guard");
    (void)fixture.emit_and_wait(fixture.program("git"), "pull");
    fixture.broker.write_changes();
    log.lose();
    fixture.broker.lost("no space left on device", fixture.now);
    BOOST_CHECK_EQUAL(fixture.told.take(), "event 2 pull by git to 1 {}; given up 2 cancelled; refused");
}

BOOST_AUTO_TEST_CASE(a_question_is_told_from_its_event_to_its_verdict) {
    recorded_world fixture;
    client& guard = fixture.subscriber({}, {.name = "guard"});
    client& by = fixture.program("git");
    (void)fixture.emit_and_wait(by, "push", {.payload = "[1]"});
    const auto id = fixture.receive_one(guard).id;
    fixture.advance(7ms);
    fixture.reply(guard, id, R"({"abort":"no"})");
    BOOST_CHECK_EQUAL(fixture.told.take(),
        "event 1 push by git to 1 [1]; handed 1 to guard; "
        "verdict 1 push answered 'no' {\"abort\":\"no\"} after 7 ms");
}

BOOST_AUTO_TEST_CASE(a_told_event_has_no_verdict) {
    recorded_world fixture;
    client& watcher = fixture.subscriber({}, {.name = "watcher", .responds = false});
    (void)fixture.emit(fixture.program("make"), "built");
    (void)fixture.receive(watcher);
    BOOST_CHECK_EQUAL(fixture.told.take(), "event 1 built by make to 1 {}; handed 1 to the observer watcher");
}

BOOST_AUTO_TEST_CASE(a_question_that_nobody_hears_has_a_verdict_at_once) {
    recorded_world fixture;
    (void)fixture.emit_and_wait(fixture.join(), "a");
    BOOST_CHECK_EQUAL(fixture.told.take(), "event 1 a by  to 0 {}; verdict 1 a no_subscribers '' after 0 ms");
}

BOOST_AUTO_TEST_CASE(the_hooks_that_an_event_passes_over_are_told_with_it) {
    recorded_world fixture;
    fixture.broker.set_names_aside(
        {}, {{.name = "off", .events = {"a"}}, {.name = "off-asked", .events = {"a"}, .asked_only = true}});
    (void)fixture.subscriber({"a"}, {.name = "asked", .asked_only = true});
    (void)fixture.subscriber({"a"}, {.name = "there", .where = {{"/cwd", "/there"}}});
    (void)fixture.emit(fixture.join(), "a");
    BOOST_CHECK_EQUAL(fixture.told.take(), "event 1 a by  to 0 {} past off: disabled; asked: asked_only; there: where");
    (void)fixture.emit(fixture.join(), "b");
    BOOST_CHECK_EQUAL(fixture.told.take(), "event 2 b by  to 0 {}");
    (void)fixture.emit_and_wait(fixture.join(), "a", {.timeout = 5ms});
    fixture.pass(5ms);
    BOOST_CHECK_EQUAL(fixture.told.take(),
        "event 3 a by  to 1 {} past off: disabled; off-asked: disabled; there: where; "
        "verdict 3 a timeout '' asked:timeout after 5 ms past off: disabled; off-asked: disabled; there: where");
}

BOOST_AUTO_TEST_CASE(who_was_missing_is_told) {
    recorded_world fixture;
    client& slow = fixture.subscriber({}, {.name = "slow"});
    (void)fixture.emit_and_wait(fixture.join(), "a", {.timeout = 5ms, .on_failure = failure_policy::closed});
    (void)fixture.receive(slow);
    fixture.pass(5ms);
    const auto told = fixture.told.take();
    BOOST_TEST(told.find("verdict 1 a timeout '") != std::string::npos);
    BOOST_TEST(told.find(" slow:timeout after 5 ms") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_wait_that_ends_without_a_verdict_is_given_up) {
    recorded_world fixture;
    client& guard = fixture.subscriber({}, {.name = "guard"});
    wait& asked = fixture.emit_and_wait(fixture.join(), "a");
    fixture.cancel(asked);
    (void)fixture.receive(guard);
    BOOST_CHECK_EQUAL(fixture.told.take(), "event 1 a by  to 1 {}; given up 1 cancelled; handed 1 to guard");
    (void)fixture.emit(fixture.join(), "b", {.reserve = 5ms});
    fixture.pass(5ms);
    BOOST_CHECK_EQUAL(fixture.told.take(), "event 2 b by  to 1 {}; given up 2 expired");
}

BOOST_AUTO_TEST_CASE(a_reserved_reply_has_its_verdict_when_it_is_asked_for) {
    recorded_world fixture;
    client& guard = fixture.subscriber({}, {.name = "guard"});
    const auto id = text_of(fixture.emit(fixture.join(), "a", {.reserve = 1s}).hook_event_id);
    fixture.reply(guard, id);
    (void)fixture.receive(guard);
    (void)fixture.told.take();
    (void)fixture.await_response(fixture.join(), id);
    BOOST_CHECK_EQUAL(fixture.told.take(), "verdict 1 a answered '' {} after 0 ms");
}

BOOST_AUTO_TEST_CASE(deliveries_to_very_many_are_not_all_told) {
    recorded_world fixture;
    for (int i = 0; i < 100; ++i) {
        (void)fixture.subscriber({}, {.responds = false});
    }
    (void)fixture.emit(fixture.join(), "a");
    while (fixture.broker.take_next_ready() != nullptr) {
    }
    BOOST_TEST(fixture.told.lines.size() == 1u);
}

BOOST_AUTO_TEST_CASE(secrets_are_told_to_nobody_who_does_not_answer) {
    recorded_world fixture;
    const hides_everything secrets;
    fixture.broker.hide(&secrets);
    client& guard = fixture.subscriber({}, {.name = "guard"});
    client& watcher = fixture.subscriber({}, {.responds = false, .verdicts = true});
    wait& asked = fixture.emit_and_wait(fixture.join(), "a", {.payload = R"({"token":"t"})"});
    const auto got = fixture.receive_one(guard);
    BOOST_CHECK_EQUAL(got.payload, R"({"token":"t"})");
    fixture.reply(guard, got.id, R"({"key":"k"})");
    BOOST_CHECK_EQUAL(asked.responses(), R"({"key":"k"} by guard)");
    (void)fixture.receive(watcher);
    const auto told = fixture.told.take() + fixture.receive_notices(watcher);
    BOOST_TEST(told.find("\"t\"") == std::string::npos);
    BOOST_TEST(told.find("\"k\"") == std::string::npos);
    BOOST_TEST(told.find("verdict 1 a answered '' {\"hidden\":1}") != std::string::npos);
    fixture.broker.hide(nullptr);
}

BOOST_AUTO_TEST_CASE(what_a_shadow_says_is_recorded_whenever_it_says_it) {
    recorded_world fixture;
    client& shadow = fixture.subscriber({}, {.name = "trial", .shadow = true});
    client& guard = fixture.subscriber({}, {.name = "guard"});
    (void)fixture.emit_and_wait(fixture.join(), "a");
    const auto early = fixture.receive_one(shadow);
    fixture.advance(3ms);
    fixture.reply(shadow, early.id, R"({"abort":"no"})");
    fixture.reply(guard, fixture.receive_one(guard).id);
    BOOST_TEST(fixture.told.take().find("shadow 1 trial {\"abort\":\"no\"} after 3 ms; ") != std::string::npos);
    (void)fixture.emit_and_wait(fixture.join(), "a");
    const auto late = fixture.receive_one(shadow);
    fixture.reply(guard, fixture.receive_one(guard).id);
    (void)fixture.told.take();
    fixture.fail(shadow, late.id);
    BOOST_CHECK_EQUAL(fixture.told.take(), "shadow 2 trial it broke after 0 ms");
    const hides_everything secrets;
    fixture.broker.hide(&secrets);
    (void)fixture.emit_and_wait(fixture.join(), "a");
    fixture.reply(shadow, fixture.receive_one(shadow).id, R"({"key":"k"})");
    BOOST_TEST(fixture.told.take().find("shadow 3 trial {\"hidden\":1}") != std::string::npos);
    fixture.broker.hide(nullptr);
}

BOOST_AUTO_TEST_CASE(a_secret_reason_stops_the_operation_and_is_told_to_nobody_else) {
    recorded_world fixture;
    const hides_everything secrets;
    fixture.broker.hide(&secrets);
    client& guard = fixture.subscriber({}, {.name = "guard"});
    wait& asked = fixture.emit_and_wait(fixture.join(), "a");
    fixture.reply(guard, fixture.receive_one(guard).id, R"({"abort":"the key is k"})");
    BOOST_CHECK_EQUAL(asked.verdict().abort, "the key is k");
    const auto told = fixture.told.take();
    BOOST_TEST(told.find("verdict 1 a answered '…' {\"hidden\":1}") != std::string::npos, told);
    fixture.broker.hide(nullptr);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace hookd::core::test
