// SPDX-License-Identifier: BSL-1.0
#include "broker_fixture.hpp"

// Each bound of the broker at n - 1, n and n + 1.
namespace hookd::core::test {
BOOST_AUTO_TEST_SUITE(bounds)

BOOST_AUTO_TEST_CASE(one_connection_waits_for_so_many_verdicts) {
    broker_fixture fixture{{.max_waiting_per_connection = 3}};
    client& hook = fixture.subscriber();
    client& emitter = fixture.join();
    wait& first = fixture.emit_and_wait(emitter, "a");
    fixture.emit_and_wait(emitter, "a");
    fixture.emit_and_wait(emitter, "a");
    wait& fourth = fixture.emit_and_wait(emitter, "a");
    BOOST_CHECK_EQUAL(limit_of(fourth), "max_waiting_per_connection");
    BOOST_CHECK(fourth.failure->message.find("connection") != std::string::npos);
    BOOST_CHECK_EQUAL(fourth.failure->data, R"({"limit":"max_waiting_per_connection","max":3})");
    BOOST_CHECK_EQUAL(fixture.stats().head_seq, 3U);  // what is refused is no event
    BOOST_CHECK_EQUAL(limit_of(fixture.try_emit(emitter, "a", {.reserve = 1s})), "max_waiting_per_connection");
    fixture.emit(emitter, "a");  // waits for nothing
    BOOST_CHECK(!fixture.emit_and_wait(fixture.join(), "a").over());
    fixture.reply(hook, fixture.receive(hook).front().id);
    BOOST_CHECK(first.over());
    BOOST_CHECK(!fixture.emit_and_wait(emitter, "a").over());
}

BOOST_AUTO_TEST_CASE(reservations_and_joined_waits_count_for_their_connection) {
    broker_fixture fixture{{.max_waiting_per_connection = 2}};
    client& hook = fixture.subscriber();
    client& emitter = fixture.join();
    client& other = fixture.join();
    const auto reserved = text_of(fixture.emit(emitter, "a", {.reserve = 10s}).hook_event_id);
    wait& asked = fixture.await_response(other, reserved);
    const wait_options retried{.operation_id = numbered_uuid(1)};
    fixture.emit_and_wait(emitter, "a", retried);
    BOOST_CHECK_EQUAL(limit_of(fixture.await_response(emitter, reserved)), "max_waiting_per_connection");
    BOOST_CHECK_EQUAL(limit_of(fixture.emit_and_wait(emitter, "a", retried)), "max_waiting_per_connection");
    BOOST_CHECK(!fixture.emit_and_wait(other, "a", retried).over());
    BOOST_CHECK_EQUAL(limit_of(fixture.emit_and_wait(other, "a", retried)), "max_waiting_per_connection");
    fixture.cancel(asked);
    BOOST_CHECK(!fixture.emit_and_wait(other, "a", retried).over());
    for (const auto& each : fixture.receive(hook)) {
        fixture.reply(hook, each.id);
    }
    BOOST_CHECK_EQUAL(emitter.account().waiting(), 1U);  // the reply that is kept
    BOOST_CHECK_EQUAL(other.account().waiting(), 0U);
    fixture.pass(10s);
    BOOST_CHECK_EQUAL(emitter.account().waiting(), 0U);
    fixture.check_nobody_waits();
}

BOOST_AUTO_TEST_CASE(kept_reply_is_given_to_one_who_may_not_wait) {
    broker_fixture fixture{{.max_waiting_per_connection = 1}};
    client& hook = fixture.subscriber();
    client& emitter = fixture.join();
    const auto id = text_of(fixture.emit(emitter, "a", {.reserve = 10s}).hook_event_id);
    fixture.reply(hook, id);
    BOOST_CHECK_EQUAL(fixture.await_response(emitter, id).how(), outcome::answered);
}

BOOST_AUTO_TEST_CASE(all_connections_together_wait_for_so_many_verdicts) {
    broker_fixture fixture{{.max_waiting = 4}};
    client& hook = fixture.subscriber();
    fixture.emit_and_wait(fixture.join(), "a", {.operation_id = numbered_uuid(1)});
    fixture.emit_and_wait(fixture.join(), "a", {.operation_id = numbered_uuid(1)});  // joins
    const auto reserved = text_of(fixture.emit(fixture.join(), "a", {.reserve = 10s}).hook_event_id);
    BOOST_CHECK_EQUAL(fixture.stats().waiting, 2U);  // slots
    fixture.await_response(fixture.join(), reserved);
    for (const auto* const method : {"wait", "reserve", "await", "join"}) {
        std::string limit;
        if (method == "wait"sv) {
            limit = limit_of(fixture.emit_and_wait(fixture.join(), "a"));
        } else if (method == "reserve"sv) {
            limit = limit_of(fixture.try_emit(fixture.join(), "a", {.reserve = 1s}));
        } else if (method == "await"sv) {
            limit = limit_of(fixture.await_response(fixture.join(), reserved));
        } else {
            limit = limit_of(fixture.emit_and_wait(fixture.join(), "a", {.operation_id = numbered_uuid(1)}));
        }
        BOOST_CHECK_EQUAL(limit, "max_waiting");
    }
    fixture.reply(hook, reserved);
    BOOST_CHECK(!fixture.emit_and_wait(fixture.join(), "a").over());
    BOOST_CHECK(!fixture.emit_and_wait(fixture.join(), "a").over());
    BOOST_CHECK_EQUAL(limit_of(fixture.emit_and_wait(fixture.join(), "a")), "max_waiting");
}

BOOST_AUTO_TEST_CASE(slots_that_live_on_without_their_connection_still_count) {
    broker_fixture fixture{{.max_waiting = 2}};
    (void)fixture.subscriber();
    client& gone = fixture.join();
    fixture.emit(gone, "a", {.reserve = 10s});
    fixture.emit_and_wait(gone, "a", {.operation_id = numbered_uuid(1)});
    fixture.leave(gone);
    BOOST_CHECK_EQUAL(limit_of(fixture.emit_and_wait(fixture.join(), "a")), "max_waiting");
    fixture.pass(10s);
    BOOST_CHECK(!fixture.emit_and_wait(fixture.join(), "a").over());
}

BOOST_AUTO_TEST_CASE(kept_replies_take_so_many_bytes) {
    broker_fixture fixture{{.memory_bytes = 30'000}};
    client& hook = fixture.subscriber({}, {.name = "hook"});
    client& second = fixture.subscriber();
    const std::string reply = R"({"x":")" + std::string(8000, 'x') + R"("})";
    client& emitter = fixture.join();
    std::vector<std::string> ids;
    for (int i = 0; i < 5; ++i) {
        ids.push_back(text_of(fixture.emit(emitter, "a", {.reserve = 10s}).hook_event_id));
    }
    std::size_t kept = 0;
    for (const auto& id : ids) {
        const auto result = fixture.try_respond(hook, id, reply);
        if (const auto* const failure = std::get_if<protocol::error>(&result)) {
            BOOST_CHECK_EQUAL(limit_of(*failure), "memory");
            break;
        }
        ++kept;
    }
    BOOST_CHECK_EQUAL(kept, 3U);
    BOOST_CHECK_LE(fixture.broker.held().memory_bytes, 30'000U);
    // A reply that is passed on at once takes none, whatever is kept.
    wait& asked = fixture.emit_and_wait(emitter, "a");
    const auto waited = fixture.receive(second).back().id;
    BOOST_CHECK_EQUAL(fixture.reply(hook, waited, reply), refusal::none);
    BOOST_CHECK_EQUAL(asked.how(), outcome::answered);
    // Whoever was refused may come again once there is room.
    BOOST_CHECK_EQUAL(fixture.await_response(emitter, ids[0]).how(), outcome::answered);
    BOOST_CHECK_EQUAL(fixture.reply(hook, ids[4], reply), refusal::none);
    fixture.pass(10s);
    BOOST_CHECK_EQUAL(fixture.broker.held().memory_bytes, 0U);
}

BOOST_AUTO_TEST_CASE(remembered_results_go_before_a_reply_is_refused) {
    broker_fixture fixture{{.memory_bytes = 10'000}};
    client& hook = fixture.subscriber();
    const std::string reply = R"({"x":")" + std::string(4000, 'x') + R"("})";
    for (std::uint64_t i = 1; i <= 2; ++i) {
        fixture.emit_and_wait(fixture.join(), "a", {.operation_id = numbered_uuid(i)});
        fixture.reply(hook, fixture.receive_one(hook).id, reply);
    }
    const auto reserved = text_of(fixture.emit(fixture.join(), "a", {.reserve = 10s}).hook_event_id);
    BOOST_CHECK_EQUAL(fixture.reply(hook, reserved, reply), refusal::none);
    const auto events = fixture.stats().head_seq;
    BOOST_CHECK_EQUAL(
        fixture.emit_and_wait(fixture.join(), "a", {.operation_id = numbered_uuid(2)}).how(), outcome::answered);
    BOOST_CHECK_EQUAL(fixture.stats().head_seq, events);  // still remembered
    fixture.emit_and_wait(fixture.join(), "a", {.operation_id = numbered_uuid(1)});
    BOOST_CHECK_EQUAL(fixture.stats().head_seq, events + 1);  // the oldest was forgotten
}

BOOST_AUTO_TEST_CASE(refused_reply_leaves_its_responder_waited_for) {
    broker_fixture fixture{{.memory_bytes = 4000}};
    client& hook = fixture.subscriber({}, {.name = "hook"});
    client& second = fixture.subscriber({}, {.name = "second"});
    wait& asked = fixture.emit_and_wait(fixture.join(), "a", {.policy = wait_policy::all});
    const auto id = fixture.receive_one(hook).id;
    const auto refused = fixture.try_respond(hook, id, R"({"x":")" + std::string(2000, 'x') + R"("})");
    BOOST_REQUIRE(std::holds_alternative<protocol::error>(refused));
    BOOST_CHECK_EQUAL(limit_of(std::get<protocol::error>(refused)), "memory");
    fixture.reply(second, id);
    BOOST_CHECK(!asked.over());
    fixture.reply(hook, id, R"({"short":true})");
    BOOST_CHECK_EQUAL(asked.responses(), R"({"short":true} by hook; {} by second)");
    BOOST_CHECK_EQUAL(fixture.broker.held().memory_bytes, 0U);
}

BOOST_AUTO_TEST_CASE(many_small_replies_do_not_escape_the_memory_limit) {
    broker_fixture fixture{{.memory_bytes = 100'000}};
    (void)fixture.subscriber();
    client& spy = fixture.subscriber({}, {.responds = false});
    wait& asked = fixture.emit_and_wait(fixture.join(), "a", {.policy = wait_policy::all});
    const auto id = fixture.receive_one(spy).id;
    std::size_t accepted = 0;
    for (; accepted < 10'000; ++accepted) {
        client& passer_by = fixture.join();
        const bool refused = std::holds_alternative<protocol::error>(fixture.try_respond(passer_by, id, "{}"));
        fixture.leave(passer_by);
        if (refused) {
            break;
        }
    }
    // Each is kept with a name and a time, whatever its size.
    BOOST_CHECK_LE(accepted * sizeof(protocol::wait_result::reply), 100'000U);
    BOOST_CHECK(!asked.over());
}

// Else a retry would do it all again.
BOOST_AUTO_TEST_CASE(result_of_kept_replies_is_remembered_in_their_room) {
    broker_fixture fixture{{.memory_bytes = 10'000}};
    client& hook = fixture.subscriber();
    client& emitter = fixture.join();
    const wait_options retried{.policy = wait_policy::all, .operation_id = numbered_uuid(1)};
    fixture.emit_and_wait(emitter, "a", retried);
    fixture.reply(hook, fixture.receive_one(hook).id, R"({"x":")" + std::string(7000, 'x') + R"("})");
    BOOST_CHECK_EQUAL(fixture.emit_and_wait(emitter, "a", retried).how(), outcome::answered);
    BOOST_CHECK_EQUAL(fixture.stats().head_seq, 1U);
}

// Each of those who wait gets a copy: a thousand retries of one request must not make a thousand large ones at once.
BOOST_AUTO_TEST_CASE(reply_is_charged_for_each_request_that_waits_for_it) {
    broker_fixture fixture{{.memory_bytes = 10'000}};
    client& hook = fixture.subscriber();
    client& emitter = fixture.join();
    const std::string reply = R"({"x":")" + std::string(4000, 'x') + R"("})";
    const wait_options retried{.operation_id = numbered_uuid(1)};
    wait& first = fixture.emit_and_wait(emitter, "a", retried);
    wait& second = fixture.emit_and_wait(emitter, "a", retried);
    wait& third = fixture.emit_and_wait(emitter, "a", retried);
    const auto id = fixture.receive_one(hook).id;
    const auto refused = fixture.try_respond(hook, id, reply);
    BOOST_REQUIRE(std::holds_alternative<protocol::error>(refused));
    BOOST_CHECK_EQUAL(limit_of(std::get<protocol::error>(refused)), "memory");
    BOOST_CHECK(!first.over());
    fixture.cancel(second);
    BOOST_CHECK_EQUAL(fixture.reply(hook, id, reply), refusal::none);
    BOOST_CHECK_EQUAL(first.how(), outcome::answered);
    BOOST_CHECK_EQUAL(third.how(), outcome::answered);
}

BOOST_AUTO_TEST_CASE(joining_takes_room_for_the_replies_that_are_there) {
    broker_fixture fixture{{.memory_bytes = 15'000}};
    client& hook = fixture.subscriber();
    (void)fixture.subscriber();
    client& emitter = fixture.join();
    const wait_options retried{.policy = wait_policy::all, .operation_id = numbered_uuid(1)};
    wait& first = fixture.emit_and_wait(emitter, "a", retried);
    fixture.reply(hook, fixture.receive_one(hook).id, R"({"x":")" + std::string(4000, 'x') + R"("})");
    const auto once = fixture.broker.held().memory_bytes;
    wait& second = fixture.emit_and_wait(emitter, "a", retried);
    BOOST_CHECK_EQUAL(fixture.broker.held().memory_bytes, 2 * once);
    BOOST_CHECK_EQUAL(limit_of(fixture.emit_and_wait(emitter, "a", retried)), "memory");
    fixture.cancel(second);
    BOOST_CHECK_EQUAL(fixture.broker.held().memory_bytes, once);
    BOOST_CHECK(!fixture.emit_and_wait(emitter, "a", retried).over());
    fixture.cancel(first);
    fixture.pass(30s);
    fixture.advance(10min);
    fixture.emit(emitter, "b", {.operation_id = numbered_uuid(2)});
    BOOST_CHECK_LT(fixture.broker.held().memory_bytes, 1000U);  // only what the last one remembers
}

BOOST_AUTO_TEST_CASE(what_a_waiting_request_keeps_is_charged) {
    broker_fixture fixture{{.memory_bytes = 10'000}};
    (void)fixture.subscriber();
    client& emitter = fixture.join();
    wait& first = fixture.emit_and_wait(emitter, "a", {.footprint_bytes = 6000});
    BOOST_CHECK_EQUAL(fixture.broker.held().memory_bytes, 6000U);
    BOOST_CHECK_EQUAL(limit_of(fixture.emit_and_wait(emitter, "a", {.footprint_bytes = 4001})), "memory");
    BOOST_CHECK_EQUAL(fixture.broker.held().memory_bytes, 6000U);
    BOOST_CHECK_EQUAL(fixture.stats().head_seq, 1U);
    wait& second = fixture.emit_and_wait(emitter, "a", {.footprint_bytes = 4000});
    fixture.cancel(first);
    fixture.cancel(second);
    BOOST_CHECK_EQUAL(fixture.broker.held().memory_bytes, 0U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace hookd::core::test
