// SPDX-License-Identifier: BSL-1.0
#include "broker_fixture.hpp"

// Waits of policy "chain": one responder after the other, each with the payload as those before it left it.
namespace hookd::core::test {
namespace {

constexpr auto chain_policy = wait_policy::chain;

struct chained : broker_fixture {
    client& second = subscriber({"push"}, {.name = "second", .order = 2});
    client& first = subscriber({"push"}, {.name = "first", .order = 1});
    client& third = subscriber({"push"}, {.name = "third", .order = 3});

    wait& ask(wait_options how = {}) {
        how.policy = chain_policy;
        return emit_and_wait(join(), "push", how);
    }
    /// What it gets, which must be one event or none.
    std::string payload_of(client& hook) {
        const auto got = receive(hook);
        return got.empty() ? "" : got.at(0).payload;
    }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(chains, chained)

BOOST_AUTO_TEST_CASE(responders_are_asked_one_after_the_other) {
    wait& asked = ask({.payload = R"({"n":1})"});
    const auto got = receive_one(first);
    BOOST_CHECK_EQUAL(got.payload, R"({"n":1})");
    BOOST_CHECK_EQUAL(receive_names(second) + receive_names(third), "");
    reply(first, got.id);
    BOOST_CHECK_EQUAL(payload_of(second), R"({"n":1})");
    BOOST_CHECK_EQUAL(receive_names(third), "");
    reply(second, got.id, R"({"note":"fine"})");
    BOOST_CHECK_EQUAL(receive_one(third).seq, 1U);
    abstain(third, got.id);
    BOOST_CHECK_EQUAL(asked.how(), outcome::answered);
    BOOST_CHECK_EQUAL(asked.responses(), R"({} by first; {"note":"fine"} by second)");
    BOOST_CHECK_EQUAL(asked.verdict().payload, "");  // nobody replaced it
    check_nobody_waits();
}

BOOST_AUTO_TEST_CASE(of_one_order_the_name_decides) {
    client& early = subscriber({"push"}, {.name = "b", .order = 1});
    client& earliest = subscriber({"push"}, {.name = "a", .order = 1});
    (void)ask();
    const auto id = receive_one(earliest).id;
    BOOST_CHECK_EQUAL(receive_names(early) + receive_names(first), "");
    reply(earliest, id);
    BOOST_CHECK_EQUAL(receive_names(early), "1:push");
    reply(early, id);
    BOOST_CHECK_EQUAL(receive_names(first), "1:push");
}

BOOST_AUTO_TEST_CASE(payload_of_a_reply_replaces_it_byte_for_byte) {
    wait& asked = ask();
    const auto id = receive_one(first).id;
    reply(first, id, R"({"payload":{ "n": 1.000000000000000000001, "n":2 }})");
    BOOST_CHECK_EQUAL(payload_of(second), R"({ "n": 1.000000000000000000001, "n":2 })");
    reply(second, id, R"({"payload":"no object"})");
    BOOST_CHECK_EQUAL(payload_of(third), R"({ "n": 1.000000000000000000001, "n":2 })");
    reply(third, id, R"({"payload":{"last":true}})");
    BOOST_CHECK_EQUAL(asked.verdict().payload, R"({"last":true})");
    BOOST_CHECK_EQUAL(broker.held().memory_bytes, 0U);
}

BOOST_AUTO_TEST_CASE(conditions_are_those_of_the_payload_of_the_turn) {
    client& of_old = subscriber({"push"}, {.name = "of-old", .order = 5, .where = {{"/k", "old"}}});
    client& of_new = subscriber({"push"}, {.name = "of-new", .order = 6, .where = {{"/k", "new"}}});
    wait& asked = ask({.payload = R"({"k":"old"})", .require = {"of-old"}});
    const auto id = receive_one(first).id;
    reply(first, id, R"({"payload":{"k":"new"}})");
    for (client* each : {&second, &third}) {
        receive_one(*each);
        reply(*each, id);
    }
    BOOST_CHECK_EQUAL(receive_names(of_old), "");
    BOOST_CHECK_EQUAL(payload_of(of_new), R"({"k":"new"})");
    reply(of_new, id);
    BOOST_CHECK_EQUAL(asked.how(), outcome::answered);
    BOOST_CHECK_EQUAL(asked.missing(), "of-old: absent");
    check_nobody_waits();
}

BOOST_AUTO_TEST_CASE(conditions_that_none_meets_begin_no_chain) {
    for (client* each : {&first, &second, &third}) {
        leave(*each);
    }
    (void)subscriber({"push"}, {.name = "guard", .where = {{"/k", "new"}}});
    BOOST_CHECK_EQUAL(ask({.payload = R"({"k":"old"})"}).how(), outcome::no_subscribers);
    check_nobody_waits();
}

BOOST_AUTO_TEST_CASE(first_abort_ends_it) {
    wait& asked = ask();
    const auto id = receive_one(first).id;
    reply(first, id, R"({"payload":{"n":1}})");
    (void)receive_one(second);
    reply(second, id, R"({"abort":"no","payload":{"n":2}})");
    BOOST_CHECK_EQUAL(asked.how(), outcome::answered);
    BOOST_CHECK_EQUAL(asked.verdict().abort, "no");
    BOOST_CHECK_EQUAL(asked.verdict().payload, R"({"n":1})");
    BOOST_CHECK_EQUAL(asked.missing(), "");
    BOOST_CHECK_EQUAL(receive_names(third), "");
}

BOOST_AUTO_TEST_CASE(one_that_fails_or_leaves_has_had_its_turn) {
    wait& asked = ask();
    const auto id = receive_one(first).id;
    fail(first, id, "broken");
    (void)receive_one(second);
    leave(second);
    (void)receive_one(third);
    reply(third, id);
    BOOST_CHECK_EQUAL(asked.how(), outcome::abandoned);
    BOOST_CHECK_EQUAL(asked.missing(), "second: left; first: failed: broken");
    BOOST_CHECK_EQUAL(asked.responses(), "{} by third");
}

BOOST_AUTO_TEST_CASE(one_that_leaves_before_its_turn_is_skipped) {
    wait& asked = ask();
    const auto id = receive_one(first).id;
    leave(second);
    BOOST_CHECK_EQUAL(receive_names(third), "");
    reply(first, id);
    reply(third, receive_one(third).id);
    BOOST_CHECK_EQUAL(asked.missing(), "second: left");
}

BOOST_AUTO_TEST_CASE(all_share_one_deadline) {
    wait& asked = ask({.timeout = 10s});
    const auto id = receive_one(first).id;
    pass(4s);
    reply(first, id);
    BOOST_CHECK(receive_one(second).timeout == 6s);
    pass(6s);
    BOOST_CHECK_EQUAL(asked.how(), outcome::timeout);
    BOOST_CHECK_EQUAL(asked.missing(), "second: timeout; third: timeout");
    BOOST_CHECK_EQUAL(receive_names(third), "");
    check_nobody_waits();
}

BOOST_AUTO_TEST_CASE(nobody_replies_before_its_turn) {
    wait& asked = ask();
    const auto id = receive_one(first).id;
    BOOST_CHECK_EQUAL(reply(third, id), refusal::unknown);
    reply(first, id);
    BOOST_CHECK_EQUAL(reply(second, id, R"({"abort":"no"})"), refusal::none);
    BOOST_CHECK_EQUAL(asked.verdict().abort, "no");
}

BOOST_AUTO_TEST_CASE(event_of_a_chain_may_come_after_later_ones) {
    (void)ask();
    emit(join(), "push");
    const auto got = receive(first);
    BOOST_REQUIRE_EQUAL(got.size(), 2U);
    reply(first, got[0].id);
    BOOST_CHECK_EQUAL(receive_names(second), "2:push 1:push");
}

BOOST_AUTO_TEST_CASE(observers_get_it_as_it_was_emitted) {
    client& observer = subscriber({}, {.responds = false});
    (void)ask({.payload = R"({"n":1})"});
    BOOST_CHECK_EQUAL(receive_one(observer).payload, R"({"n":1})");
}

BOOST_AUTO_TEST_CASE(one_that_lagged_is_skipped_at_its_turn) {
    broker_fixture small{{.capacity = 1}};
    client& early = small.subscriber({"push"}, {.name = "a"});
    client& late = small.subscriber({"push", "other"}, {.name = "b"});
    wait& asked = small.emit_and_wait(small.join(), "push", {.policy = chain_policy});
    small.emit(small.join(), "other");  // its queue is full at its turn
    small.reply(early, small.receive_one(early).id);
    BOOST_CHECK_EQUAL(asked.how(), outcome::abandoned);
    BOOST_CHECK_EQUAL(asked.missing(), "b: lagged");
    BOOST_CHECK_EQUAL(small.receive_names(late), "2:other");
    small.check_nobody_waits();
}

BOOST_AUTO_TEST_CASE(chain_may_wait_for_a_first_subscriber) {
    broker_fixture fresh;
    wait& asked = fresh.emit_and_wait(fresh.join(), "push", {.policy = chain_policy, .require_subscriber = false});
    client& late = fresh.subscriber({}, {.name = "late"});
    fresh.reply(late, fresh.receive_one(late).id, R"({"payload":{"n":2}})");
    BOOST_CHECK_EQUAL(asked.verdict().payload, R"({"n":2})");
    fresh.check_nobody_waits();
}

BOOST_AUTO_TEST_CASE(payloads_that_chains_hold_are_bounded) {
    const std::string kilobyte = '"' + std::string(998, 'x') + '"';
    broker_fixture small{{.capacity_bytes = 4096}};
    client& hook = small.subscriber();
    int open = 0;
    for (; open < 100; ++open) {
        wait& asked = small.emit_and_wait(small.join(), "a", {.payload = kilobyte, .policy = chain_policy});
        if (asked.over()) {
            BOOST_CHECK_EQUAL(limit_of(asked.failure.value()), "capacity_bytes");
            break;
        }
        (void)small.receive(hook);
    }
    BOOST_CHECK_GE(open, 3);
    BOOST_CHECK_LE(open, 4);
    small.pass(30s);
    small.check_nobody_waits();
}

BOOST_AUTO_TEST_CASE(emitter_that_cancels_ends_it) {
    wait& asked = ask();
    const auto id = receive_one(first).id;
    cancel(asked);
    BOOST_CHECK_EQUAL(reply(first, id), refusal::cancelled);
    BOOST_CHECK_EQUAL(receive_names(second), "");
    check_nobody_waits();
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace hookd::core::test
