// SPDX-License-Identifier: BSL-1.0
#include "broker_fixture.hpp"

// Responders without whom an operation does not proceed: those that insist (`on_failure`), and those that the emitter
// requires.
namespace hookd::core::test {
namespace {

constexpr auto closed = failure_policy::closed;

/// A guard that insists, another hook that does not, and how the guard comes to be missing.
struct guarded : broker_fixture {
    client& guard = subscriber({"push"}, {.name = "guard", .on_failure = closed});
    client& other = subscriber({"push"}, {.name = "other"});

    wait& ask(const wait_options& how = {.policy = wait_policy::veto}) {
        wait& asked = emit_and_wait(join(), "push", how);
        id = receive_one(guard).id;
        (void)receive_one(other);
        return asked;
    }
    std::string id{};
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(insisting, guarded)

BOOST_AUTO_TEST_CASE(one_that_insists_and_replies_stops_nothing) {
    wait& asked = ask();
    reply(other, id);
    reply(guard, id);
    BOOST_CHECK_EQUAL(asked.verdict().abort, "");
}

BOOST_AUTO_TEST_CASE(one_that_insists_and_abstains_stops_nothing) {
    wait& asked = ask();
    reply(other, id);
    abstain(guard, id);
    BOOST_CHECK_EQUAL(asked.verdict().abort, "");
}

BOOST_AUTO_TEST_CASE(one_that_insists_and_times_out_is_named) {
    wait& asked = ask();
    reply(other, id);
    pass(30s);
    BOOST_CHECK_EQUAL(asked.missing(), "guard: timeout");
    BOOST_CHECK(asked.verdict().abort.find("guard, which did not reply in time") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(one_that_insists_and_fails_is_named) {
    wait& asked = ask();
    reply(other, id);
    fail(guard, id, "out of memory");
    BOOST_CHECK(asked.verdict().abort.find("guard, which failed: out of memory") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(one_that_insists_and_leaves_is_named_though_another_decides) {
    wait& asked = ask({.policy = wait_policy::first});
    leave(guard);
    reply(other, id);
    BOOST_CHECK_EQUAL(asked.how(), outcome::answered);
    BOOST_CHECK_EQUAL(asked.missing(), "guard: left");
    BOOST_CHECK(asked.verdict().abort.find("guard, which left") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(one_that_insists_is_named_when_the_daemon_stops) {
    wait& asked = ask();
    shut_down();
    BOOST_CHECK(
        asked.verdict().abort.find("guard, which had not replied when the daemon stopped") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(one_that_does_not_insist_is_not_named) {
    wait& asked = ask();
    reply(guard, id);
    pass(30s);
    BOOST_CHECK_EQUAL(asked.missing(), "other: timeout");
    BOOST_CHECK_EQUAL(asked.verdict().abort, "");
}

BOOST_AUTO_TEST_CASE(veto_of_another_stands_alone) {
    wait& asked = ask();
    fail(guard, id);
    reply(other, id, R"({"abort":"no"})");
    BOOST_CHECK_EQUAL(asked.verdict().abort, "no");
}

BOOST_AUTO_TEST_CASE(first_reply_decides_without_one_that_insists) {
    wait& asked = ask({.policy = wait_policy::first});
    reply(other, id);
    BOOST_CHECK_EQUAL(asked.verdict().abort, "");
    BOOST_CHECK_EQUAL(asked.missing(), "");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(requiring)

BOOST_AUTO_TEST_CASE(one_that_is_not_there_is_absent_and_named) {
    broker_fixture fixture;
    wait& alone = fixture.emit_and_wait(fixture.join(), "push", {.require = {"guard"}});
    BOOST_CHECK_EQUAL(alone.how(), outcome::no_subscribers);
    BOOST_CHECK_EQUAL(alone.missing(), "guard: absent");
    BOOST_CHECK(alone.verdict().abort.find("guard, which is not there") != std::string::npos);
    (void)fixture.subscriber({"pull"}, {.name = "guard"});  // there, but not for this event
    client& other = fixture.subscriber({"push"}, {.name = "other"});
    wait& asked = fixture.emit_and_wait(fixture.join(), "push", {.require = {"guard"}});
    fixture.reply(other, fixture.receive_one(other).id);
    BOOST_CHECK_EQUAL(asked.how(), outcome::answered);
    BOOST_CHECK_EQUAL(asked.missing(), "guard: absent");
    BOOST_CHECK(asked.verdict().abort.find("guard") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(under_first_the_wait_goes_on_until_they_have_replied) {
    broker_fixture fixture;
    client& guard = fixture.subscriber({}, {.name = "guard"});
    client& other = fixture.subscriber({}, {.name = "other"});
    wait& asked = fixture.emit_and_wait(fixture.join(), "push", {.require = {"guard"}});
    fixture.reply(other, fixture.receive_one(other).id);
    BOOST_CHECK(!asked.over());
    fixture.reply(guard, fixture.receive_one(guard).id);
    BOOST_CHECK_EQUAL(asked.how(), outcome::answered);
    BOOST_CHECK_EQUAL(asked.responses(), "{} by guard; {} by other");
    BOOST_CHECK_EQUAL(asked.verdict().abort, "");
    fixture.check_nobody_waits();
}

BOOST_AUTO_TEST_CASE(under_first_an_abort_ends_it_at_once) {
    broker_fixture fixture;
    (void)fixture.subscriber({}, {.name = "guard"});
    client& other = fixture.subscriber({}, {.name = "other"});
    wait& asked = fixture.emit_and_wait(fixture.join(), "push", {.require = {"guard"}});
    fixture.reply(other, fixture.receive_one(other).id, R"({"abort":"no"})");
    BOOST_CHECK_EQUAL(asked.verdict().abort, "no");
    BOOST_CHECK_EQUAL(asked.missing(), "");
}

BOOST_AUTO_TEST_CASE(under_first_it_ends_once_they_can_reply_no_more) {
    for (const bool abstains : {true, false}) {
        broker_fixture fixture;
        client& guard = fixture.subscriber({}, {.name = "guard"});
        client& other = fixture.subscriber({}, {.name = "other"});
        wait& asked = fixture.emit_and_wait(fixture.join(), "push", {.require = {"guard"}});
        fixture.reply(other, fixture.receive_one(other).id);
        const auto id = fixture.receive_one(guard).id;
        abstains ? fixture.abstain(guard, id) : fixture.fail(guard, id);
        BOOST_CHECK_EQUAL(asked.how(), outcome::answered);
        BOOST_CHECK_EQUAL(asked.verdict().abort.empty(), abstains);
    }
}

BOOST_AUTO_TEST_CASE(under_first_the_time_out_names_them) {
    broker_fixture fixture;
    (void)fixture.subscriber({}, {.name = "guard"});
    client& other = fixture.subscriber({}, {.name = "other"});
    wait& asked = fixture.emit_and_wait(fixture.join(), "push", {.require = {"guard"}});
    fixture.reply(other, fixture.receive_one(other).id);
    fixture.pass(30s);
    BOOST_CHECK_EQUAL(asked.how(), outcome::timeout);
    BOOST_CHECK_EQUAL(asked.responses(), "{} by other");
    BOOST_CHECK(asked.verdict().abort.find("guard, which did not reply in time") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(one_of_several_of_a_name_is_enough) {
    broker_fixture fixture;
    client& first = fixture.subscriber({}, {.name = "guard"});
    client& second = fixture.subscriber({}, {.name = "guard"});
    wait& asked = fixture.emit_and_wait(fixture.join(), "push", {.policy = wait_policy::veto, .require = {"guard"}});
    const auto id = fixture.receive_one(first).id;
    fixture.fail(first, id);
    fixture.reply(second, id);
    BOOST_CHECK_EQUAL(asked.how(), outcome::abandoned);
    BOOST_CHECK_EQUAL(asked.verdict().abort, "");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace hookd::core::test
