// SPDX-License-Identifier: BSL-1.0
#include "broker_fixture.hpp"

// The hooks whose events match, and on which a verdict did not depend: who they were and why.
namespace hookd::core::test {

namespace {

std::string named_in(const std::shared_ptr<const protocol::passed_over_hooks>& hooks) {
    return hooks ? names_of(*hooks) : "";
}

std::string passed_over_by(broker_fixture& fixture, const std::string& event, const wait_options& options = {}) {
    auto& asked = fixture.emit_and_wait(fixture.join(), event, options);
    return named_in(asked.verdict().passed_over);
}

protocol::hook_definition disabled(std::string name, std::vector<std::string> events) {
    return {.name = std::move(name), .events = std::move(events)};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(passing_over)

BOOST_AUTO_TEST_CASE(a_disabled_hook_is_named_where_its_events_and_conditions_match) {
    broker_fixture fixture;
    auto elsewhere = disabled("elsewhere", {"push"});
    elsewhere.where = {{"/cwd", "/src/*"}};
    fixture.broker.set_names_aside(
        {"guard", "elsewhere", "other"}, {disabled("guard", {"push", "pu*"}), elsewhere, disabled("other", {"pull"})});
    BOOST_CHECK_EQUAL(passed_over_by(fixture, "push"), "guard: disabled");
    BOOST_CHECK_EQUAL(
        passed_over_by(fixture, "push", {.payload = R"({"cwd":"/src/shop"})"}), "guard: disabled; elsewhere: disabled");
    BOOST_CHECK_EQUAL(passed_over_by(fixture, "pull"), "guard: disabled; other: disabled");
    BOOST_CHECK_EQUAL(passed_over_by(fixture, "commit"), "");
    fixture.broker.set_names_aside({"guard"});
    BOOST_CHECK_EQUAL(passed_over_by(fixture, "push"), "");
}

BOOST_AUTO_TEST_CASE(a_hook_that_is_disabled_while_its_session_is_still_there_is_asked_and_not_passed_over) {
    broker_fixture fixture;
    client& guard = fixture.join({100, 1000}, {.may_use_set_aside_names = true});
    fixture.subscribe(guard, {"push"}, {.name = "guard"});
    fixture.broker.set_names_aside({}, {disabled("guard", {"push"})});
    auto& asked = fixture.emit_and_wait(fixture.join(), "push");
    fixture.reply(guard, fixture.receive_one(guard).id);
    BOOST_CHECK_EQUAL(named_in(asked.verdict().passed_over), "");
}

BOOST_AUTO_TEST_CASE(a_shadow_and_a_hook_whose_conditions_do_not_hold_are_named_and_observers_are_not) {
    broker_fixture fixture;
    (void)fixture.subscriber({"push"}, {.name = "trial", .shadow = true});
    (void)fixture.subscriber({"push"}, {.name = "there", .where = {{"/cwd", "/there"}}});
    (void)fixture.subscriber({"push"}, {.name = "watcher", .responds = false, .where = {{"/cwd", "/there"}}});
    (void)fixture.subscriber({"pull"}, {.name = "other"});
    BOOST_CHECK_EQUAL(passed_over_by(fixture, "push"), "trial: shadow; there: where");
}

BOOST_AUTO_TEST_CASE(a_chain_names_a_hook_whose_conditions_the_payload_of_its_turn_does_not_meet) {
    broker_fixture fixture;
    client& first = fixture.subscriber({"push"}, {.name = "first", .order = 1});
    (void)fixture.subscriber({"push"}, {.name = "second", .order = 2, .where = {{"/cwd", "/there"}}});
    auto& asked =
        fixture.emit_and_wait(fixture.join(), "push", {.payload = R"({"cwd":"/there"})", .policy = wait_policy::chain});
    fixture.reply(first, fixture.receive_one(first).id, R"({"payload":{"cwd":"/elsewhere"}})");
    BOOST_CHECK_EQUAL(named_in(asked.verdict().passed_over), "second: where");
}

BOOST_AUTO_TEST_CASE(no_more_than_sixteen_are_named_and_all_are_counted) {
    const auto named_of = [](std::size_t count) {
        broker_fixture fixture;
        std::vector<protocol::hook_definition> hooks;
        for (std::size_t i = 0; i < count; ++i) {
            hooks.push_back(disabled("hook" + std::to_string(i), {"push"}));
        }
        fixture.broker.set_names_aside({}, std::move(hooks));
        return fixture.emit_and_wait(fixture.join(), "push").verdict().passed_over;
    };
    for (const std::size_t count : {15U, 16U, 17U}) {
        const auto passed = named_of(count);
        BOOST_CHECK_EQUAL(passed->named.size(), std::min<std::size_t>(count, 16));
        BOOST_CHECK_EQUAL(passed->total, count);
    }
}

BOOST_AUTO_TEST_CASE(verdicts_on_events_that_pass_over_the_same_hooks_share_what_says_so) {
    broker_fixture fixture;
    fixture.broker.set_names_aside({}, {disabled("guard", {"push"})});
    const auto first = fixture.emit_and_wait(fixture.join(), "push").verdict().passed_over;
    BOOST_CHECK_EQUAL(fixture.emit_and_wait(fixture.join(), "push").verdict().passed_over, first);
}

BOOST_AUTO_TEST_CASE(the_notification_has_them_and_the_result_of_the_wait_has_not) {
    broker_fixture fixture;
    fixture.broker.set_names_aside({}, {disabled("guard", {"push"})});
    client& watcher = fixture.subscriber({"push"}, {.name = "watcher", .responds = false, .verdicts = true});
    auto& asked = fixture.emit_and_wait(fixture.join(), "push");
    (void)fixture.receive(watcher);
    BOOST_TEST(fixture.receive_notices(watcher).find(
                   R"("missing":[],"passed_over":[{"responder":"guard","why":"disabled"}],"elapsed_ms")") !=
               std::string::npos);
    std::string result;
    protocol::append_json(result, asked.verdict());
    BOOST_TEST(result.find("passed_over") == std::string::npos, result);
}

BOOST_AUTO_TEST_CASE(who_names_them_too) {
    broker_fixture fixture;
    fixture.broker.set_names_aside({}, {disabled("guard", {"push"})});
    (void)fixture.subscriber({"push"}, {.name = "there", .where = {{"/cwd", "/there"}}});
    (void)fixture.subscriber({"push"}, {.name = "trial", .shadow = true});
    const auto who = fixture.broker.who({.event = "push"});
    BOOST_CHECK_EQUAL(named_in(who.passed_over), "guard: disabled; there: where");
    BOOST_CHECK_EQUAL(who.responders.size(), 1U);  // the shadow, with its state
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace hookd::core::test
