#include "broker_fixture.hpp"

// For a while, no veto of some events counts.
namespace hookd::core::test {
namespace {

protocol::bypass_result begin(world& w, std::vector<std::string> events, std::chrono::milliseconds duration = 1min) {
    return w.broker.bypass(w.join(), {.events = std::move(events), .duration = duration, .reason = "deploying"}, w.now);
}

std::string audit_of(world& w) {
    std::string text;
    for (const auto& each : w.broker.take_audit()) {
        text += (text.empty() ? "" : "; ") + each;
    }
    return text;
}

bool has(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

}  // namespace

BOOST_AUTO_TEST_SUITE(bypass)

BOOST_AUTO_TEST_CASE(veto_of_a_matching_event_is_overridden_and_says_so) {
    world w;
    client& hook = w.subscriber({}, {.name = "hook"});
    client& watcher = w.subscriber({}, {.responds = false, .verdicts = true});
    const auto begun = begin(w, {"git.*"});
    BOOST_REQUIRE(begun.bypass);
    BOOST_CHECK(begun.bypass->left == 1min);
    BOOST_CHECK(!begun.ended);
    BOOST_CHECK(has(audit_of(w), "the bypass of git.* (deploying) was begun by user 1000 (pid 100) for 60000 ms"));

    wait& asked = w.emit_and_wait(w.join(), "git.pre_push", {.policy = wait_policy::veto});
    w.reply(hook, w.receive_one(hook).id, R"({"abort":"no pushes on Friday"})");
    BOOST_CHECK_EQUAL(asked.verdict().abort, "");
    BOOST_CHECK_EQUAL(asked.verdict().bypassed, "deploying");
    BOOST_CHECK_EQUAL(asked.how(), outcome::answered);
    BOOST_CHECK_EQUAL(asked.responses(), R"({"abort":"no pushes on Friday"} by hook)");
    (void)w.receive(watcher);
    BOOST_CHECK(has(w.receive_notices(watcher), R"("missing":[],"bypassed":"deploying","elapsed_ms")"));
    BOOST_CHECK(has(audit_of(w), R"(overrode "no pushes on Friday" on git.pre_push #1)"));

    wait& other = w.emit_and_wait(w.join(), "agent.stop");
    w.reply(hook, w.receive_one(hook).id, R"({"abort":"no"})");
    BOOST_CHECK_EQUAL(other.verdict().abort, "no");
    BOOST_CHECK_EQUAL(other.verdict().bypassed, "");
    const auto stats = w.stats();
    BOOST_CHECK_EQUAL(stats.bypassed, 1U);
    BOOST_CHECK_EQUAL(stats.vetoed, 1U);
    BOOST_CHECK_EQUAL(stats.proceeded, 0U);
}

BOOST_AUTO_TEST_CASE(failed_closed_required_and_insisting_ones_count_as_well) {
    world w;
    (void)begin(w, {"a"});
    BOOST_CHECK_EQUAL(
        w.emit_and_wait(w.join(), "a", {.on_failure = failure_policy::closed}).verdict().bypassed, "deploying");
    BOOST_CHECK_EQUAL(w.emit_and_wait(w.join(), "a", {.require = {"guard"}}).verdict().bypassed, "deploying");
    client& insisting = w.subscriber({}, {.name = "guard", .on_failure = failure_policy::closed});
    wait& asked = w.emit_and_wait(w.join(), "a");
    w.fail(insisting, w.receive_one(insisting).id);
    BOOST_CHECK_EQUAL(asked.verdict().bypassed, "deploying");
    BOOST_CHECK_EQUAL(asked.missing(), "guard: failed: it broke");
    BOOST_CHECK_EQUAL(w.stats().bypassed, 3U);
    BOOST_CHECK_EQUAL(w.stats().failed_closed, 0U);
}

BOOST_AUTO_TEST_CASE(what_proceeds_anyway_is_not_bypassed) {
    world w;
    (void)begin(w, {"a"});
    BOOST_CHECK_EQUAL(w.emit_and_wait(w.join(), "a").verdict().bypassed, "");
    BOOST_CHECK_EQUAL(w.stats().proceeded, 1U);
}

BOOST_AUTO_TEST_CASE(ends_when_its_time_is_over) {
    world w;
    (void)begin(w, {"a"}, 10s);
    (void)audit_of(w);
    BOOST_CHECK(w.broker.next_deadline() == w.now.steady + 10s);
    w.pass(4s);
    BOOST_CHECK(w.stats().bypass->left == 6s);
    w.advance(6s);  // its deadline has passed, though the timer has not had its turn
    BOOST_CHECK(!w.stats().bypass);
    BOOST_CHECK_EQUAL(w.emit_and_wait(w.join(), "a", {.require = {"guard"}}).verdict().bypassed, "");
    w.pass(0s);
    BOOST_CHECK_EQUAL(audit_of(w), "the bypass of a (deploying) has expired; 0 verdicts bypassed");
    w.check_nobody_waits();
}

BOOST_AUTO_TEST_CASE(is_ended_and_replaced) {
    world w;
    (void)begin(w, {"a"});
    const auto second = begin(w, {"b"});
    BOOST_CHECK_EQUAL(second.ended.value().events.front(), "a");
    BOOST_CHECK(has(audit_of(w), "the bypass of a (deploying) was replaced by user 1000"));
    const auto ended = w.broker.bypass(w.join(), {}, w.now);
    BOOST_CHECK_EQUAL(ended.ended.value().events.front(), "b");
    BOOST_CHECK(!ended.bypass);
    BOOST_CHECK(has(audit_of(w), "the bypass of b (deploying) was ended by user 1000"));
    BOOST_CHECK(!w.broker.bypass(w.join(), {}, w.now).ended);
    BOOST_CHECK_EQUAL(audit_of(w), "");
    BOOST_CHECK(!w.broker.next_deadline());
}

BOOST_AUTO_TEST_CASE(ends_with_the_daemon) {
    world w;
    (void)begin(w, {"a"});
    (void)audit_of(w);
    w.shut_down();
    BOOST_CHECK(has(audit_of(w), "ended with the daemon"));
}

BOOST_AUTO_TEST_CASE(cancelled_wait_overrides_nothing) {
    world w;
    client& hook = w.subscriber({}, {.name = "hook"});
    (void)begin(w, {"a"});
    (void)audit_of(w);
    w.cancel(w.emit_and_wait(w.join(), "a", {.on_failure = failure_policy::closed}));
    (void)w.receive(hook);
    BOOST_CHECK_EQUAL(audit_of(w), "");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace hookd::core::test
