// SPDX-License-Identifier: BSL-1.0
#include "broker_fixture.hpp"

// For a while, no veto of some events counts.
namespace hookd::core::test {
namespace {

protocol::bypass_result begin(
    broker_fixture& fixture, std::vector<std::string> events, std::chrono::milliseconds duration = 1min) {
    return fixture.broker.bypass(
        fixture.join(), {.events = std::move(events), .duration = duration, .reason = "deploying"}, fixture.now);
}

std::string audit_of(broker_fixture& fixture) {
    std::string text;
    for (const auto& each : fixture.broker.take_audit()) {
        text += (text.empty() ? "" : "; ") + each;
    }
    return text;
}

bool has(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

}  // namespace

BOOST_AUTO_TEST_SUITE(bypass)

BOOST_AUTO_TEST_CASE(veto_of_a_matching_event_is_overridden_and_says_so) {
    broker_fixture fixture;
    client& hook = fixture.subscriber({}, {.name = "hook"});
    client& watcher = fixture.subscriber({}, {.responds = false, .verdicts = true});
    const auto begun = begin(fixture, {"git.*"});
    BOOST_REQUIRE(begun.bypass);
    BOOST_CHECK(begun.bypass->left == 1min);
    BOOST_CHECK(!begun.ended);
    BOOST_CHECK(
        has(audit_of(fixture), "the bypass of git.* (deploying) was begun by user 1000 (pid 100) for 60000 ms"));

    wait& asked = fixture.emit_and_wait(fixture.join(), "git.pre_push", {.policy = wait_policy::veto});
    fixture.reply(hook, fixture.receive_one(hook).id, R"({"abort":"no pushes on Friday"})");
    BOOST_CHECK_EQUAL(asked.verdict().abort, "");
    BOOST_CHECK_EQUAL(asked.verdict().bypassed, "deploying");
    BOOST_CHECK_EQUAL(asked.how(), outcome::answered);
    BOOST_CHECK_EQUAL(asked.responses(), R"({"abort":"no pushes on Friday"} by hook)");
    (void)fixture.receive(watcher);
    BOOST_CHECK(has(fixture.receive_notices(watcher), R"("missing":[],"bypassed":"deploying","elapsed_ms")"));
    BOOST_CHECK(has(audit_of(fixture), R"(overrode "no pushes on Friday" on git.pre_push #1)"));

    wait& other = fixture.emit_and_wait(fixture.join(), "agent.stop");
    fixture.reply(hook, fixture.receive_one(hook).id, R"({"abort":"no"})");
    BOOST_CHECK_EQUAL(other.verdict().abort, "no");
    BOOST_CHECK_EQUAL(other.verdict().bypassed, "");
    const auto stats = fixture.stats();
    BOOST_CHECK_EQUAL(stats.bypassed, 1U);
    BOOST_CHECK_EQUAL(stats.vetoed, 1U);
    BOOST_CHECK_EQUAL(stats.proceeded, 0U);
}

BOOST_AUTO_TEST_CASE(failed_closed_required_and_insisting_ones_count_as_well) {
    broker_fixture fixture;
    (void)begin(fixture, {"a"});
    BOOST_CHECK_EQUAL(
        fixture.emit_and_wait(fixture.join(), "a", {.on_failure = failure_policy::closed}).verdict().bypassed,
        "deploying");
    BOOST_CHECK_EQUAL(
        fixture.emit_and_wait(fixture.join(), "a", {.require = {"guard"}}).verdict().bypassed, "deploying");
    client& insisting = fixture.subscriber({}, {.name = "guard", .on_failure = failure_policy::closed});
    wait& asked = fixture.emit_and_wait(fixture.join(), "a");
    fixture.fail(insisting, fixture.receive_one(insisting).id);
    BOOST_CHECK_EQUAL(asked.verdict().bypassed, "deploying");
    BOOST_CHECK_EQUAL(asked.missing(), "guard: failed: it broke");
    BOOST_CHECK_EQUAL(fixture.stats().bypassed, 3U);
    BOOST_CHECK_EQUAL(fixture.stats().failed_closed, 0U);
}

BOOST_AUTO_TEST_CASE(what_proceeds_anyway_is_not_bypassed) {
    broker_fixture fixture;
    (void)begin(fixture, {"a"});
    BOOST_CHECK_EQUAL(fixture.emit_and_wait(fixture.join(), "a").verdict().bypassed, "");
    BOOST_CHECK_EQUAL(fixture.stats().proceeded, 1U);
}

BOOST_AUTO_TEST_CASE(ends_when_its_time_is_over) {
    broker_fixture fixture;
    (void)begin(fixture, {"a"}, 10s);
    (void)audit_of(fixture);
    BOOST_CHECK(fixture.broker.next_deadline() == fixture.now.steady + 10s);
    fixture.pass(4s);
    BOOST_CHECK(fixture.stats().bypass->left == 6s);
    fixture.advance(6s);  // its deadline has passed, though the timer has not had its turn
    BOOST_CHECK(!fixture.stats().bypass);
    BOOST_CHECK_EQUAL(fixture.emit_and_wait(fixture.join(), "a", {.require = {"guard"}}).verdict().bypassed, "");
    fixture.pass(0s);
    BOOST_CHECK_EQUAL(audit_of(fixture), "the bypass of a (deploying) has expired; 0 verdicts bypassed");
    fixture.check_nobody_waits();
}

BOOST_AUTO_TEST_CASE(is_ended_and_replaced) {
    broker_fixture fixture;
    (void)begin(fixture, {"a"});
    const auto second = begin(fixture, {"b"});
    BOOST_CHECK_EQUAL(second.ended.value().events.front(), "a");
    BOOST_CHECK(has(audit_of(fixture), "the bypass of a (deploying) was replaced by user 1000"));
    const auto ended = fixture.broker.bypass(fixture.join(), {}, fixture.now);
    BOOST_CHECK_EQUAL(ended.ended.value().events.front(), "b");
    BOOST_CHECK(!ended.bypass);
    BOOST_CHECK(has(audit_of(fixture), "the bypass of b (deploying) was ended by user 1000"));
    BOOST_CHECK(!fixture.broker.bypass(fixture.join(), {}, fixture.now).ended);
    BOOST_CHECK_EQUAL(audit_of(fixture), "");
    BOOST_CHECK(!fixture.broker.next_deadline());
}

BOOST_AUTO_TEST_CASE(ends_with_the_daemon) {
    broker_fixture fixture;
    (void)begin(fixture, {"a"});
    (void)audit_of(fixture);
    fixture.shut_down();
    BOOST_CHECK(has(audit_of(fixture), "ended with the daemon"));
}

BOOST_AUTO_TEST_CASE(cancelled_wait_overrides_nothing) {
    broker_fixture fixture;
    client& hook = fixture.subscriber({}, {.name = "hook"});
    (void)begin(fixture, {"a"});
    (void)audit_of(fixture);
    fixture.cancel(fixture.emit_and_wait(fixture.join(), "a", {.on_failure = failure_policy::closed}));
    (void)fixture.receive(hook);
    BOOST_CHECK_EQUAL(audit_of(fixture), "");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace hookd::core::test
