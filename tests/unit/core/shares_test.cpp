// SPDX-License-Identifier: BSL-1.0
#include "broker_fixture.hpp"

// What one user may take of what there is for all, and what is set aside: each at n - 1, n and n + 1.
namespace hookd::core::test {
namespace {

std::string most_of(const wait& refused) { return refused.failure ? refused.failure->data : std::string{}; }

}  // namespace

BOOST_AUTO_TEST_SUITE(shares)

BOOST_AUTO_TEST_CASE(reservations_have_a_bound_of_their_own_and_waits_go_on) {
    broker_fixture fixture{{.max_waiting = 8, .max_reserved = 3}};
    (void)fixture.subscriber();
    client& gone = fixture.join();
    for (int i = 0; i < 3; ++i) {
        fixture.emit(gone, "a", {.reserve = 10s});
    }
    const auto refused = fixture.try_emit(gone, "a", {.reserve = 10s});
    BOOST_CHECK_EQUAL(limit_of(refused), "max_reserved");
    BOOST_CHECK_EQUAL(std::get<protocol::error>(refused).data, R"({"limit":"max_reserved","max":3})");
    fixture.leave(gone);
    BOOST_CHECK_EQUAL(limit_of(fixture.try_emit(fixture.join(), "a", {.reserve = 10s})), "max_reserved");
    for (int i = 0; i < 5; ++i) {
        BOOST_CHECK(!fixture.emit_and_wait(fixture.join(), "a").over());
    }
    BOOST_CHECK_EQUAL(limit_of(fixture.emit_and_wait(fixture.join(), "a")), "max_waiting");
    BOOST_CHECK_EQUAL(fixture.broker.held().reserved_slots, 3U);
    fixture.pass(10s);
    BOOST_CHECK_EQUAL(fixture.broker.held().reserved_slots, 0U);
    fixture.emit(fixture.join(), "a", {.reserve = 10s});
}

BOOST_AUTO_TEST_CASE(named_user_reserves_a_quarter) {
    broker_fixture fixture{{.max_reserved = 8}};
    client& one = fixture.join_as(7);
    fixture.emit(one, "a", {.reserve = 10s});
    fixture.emit(fixture.join_as(7), "a", {.reserve = 20s});
    const auto refused = fixture.try_emit(one, "a", {.reserve = 10s});
    BOOST_CHECK_EQUAL(std::get<protocol::error>(refused).data, R"({"limit":"max_reserved","max":2})");
    fixture.leave(one);
    BOOST_CHECK_EQUAL(
        limit_of(fixture.try_emit(fixture.join_as(7), "a", {.reserve = 10s})), "max_reserved");  // they outlive it
    for (int i = 0; i < 6; ++i) {
        fixture.emit(fixture.join(), "a", {.reserve = 10s});
    }
    BOOST_CHECK_EQUAL(limit_of(fixture.try_emit(fixture.join_as(8), "a", {.reserve = 10s})), "max_reserved");
    fixture.pass(10s);
    fixture.emit(fixture.join_as(7), "a", {.reserve = 10s});
}

BOOST_AUTO_TEST_CASE(named_user_takes_half_of_all_waits) {
    broker_fixture fixture{{.max_waiting = 8}};
    client& hook = fixture.subscriber();
    client& one = fixture.join_as(7);
    const wait_options retried{.operation_id = numbered_uuid(1)};
    fixture.emit_and_wait(one, "a", retried);
    fixture.emit_and_wait(fixture.join_as(7), "a", retried);  // joins
    const auto reserved = text_of(fixture.emit(one, "a", {.reserve = 10s}).hook_event_id);
    BOOST_CHECK(!fixture.await_response(fixture.join_as(7), reserved).over());
    BOOST_CHECK_EQUAL(most_of(fixture.emit_and_wait(fixture.join_as(7), "a")), R"({"limit":"max_waiting","max":4})");
    BOOST_CHECK_EQUAL(limit_of(fixture.await_response(fixture.join_as(7), reserved)), "max_waiting");
    BOOST_CHECK_EQUAL(limit_of(fixture.emit_and_wait(fixture.join_as(7), "a", retried)), "max_waiting");
    fixture.reply(hook, reserved);
    BOOST_CHECK(!fixture.emit_and_wait(fixture.join_as(7), "a").over());
    BOOST_CHECK(!fixture.emit_and_wait(fixture.join_as(7), "a").over());
    BOOST_CHECK_EQUAL(limit_of(fixture.emit_and_wait(fixture.join_as(7), "a")), "max_waiting");
    BOOST_CHECK(!fixture.emit_and_wait(fixture.join(), "a").over());
}

BOOST_AUTO_TEST_CASE(waits_are_kept_for_the_daemons_user_and_root) {
    broker_fixture fixture{{.max_waiting = 1000, .max_waiting_per_connection = 1000}};
    (void)fixture.subscriber();
    client& one = fixture.join_as(7);
    client& two = fixture.join_as(8);
    for (int i = 0; i < 372; ++i) {
        BOOST_REQUIRE(!fixture.emit_and_wait(one, "a").over());
        BOOST_REQUIRE(!fixture.emit_and_wait(two, "a").over());
    }
    BOOST_CHECK_EQUAL(most_of(fixture.emit_and_wait(one, "a")), R"({"limit":"max_waiting","max":744})");
    client& own = fixture.join();
    for (int i = 0; i < 256; ++i) {
        BOOST_REQUIRE(!fixture.emit_and_wait(own, "a").over());
    }
    BOOST_CHECK_EQUAL(most_of(fixture.emit_and_wait(own, "a")), R"({"limit":"max_waiting","max":1000})");
}

BOOST_AUTO_TEST_CASE(named_user_keeps_half_of_the_memory_for_replies) {
    broker_fixture fixture{{.memory_bytes = 40'000}};
    const std::string reply = R"({"x":")" + std::string(15'000, 'x') + R"("})";
    const auto keep = [&fixture, &reply](client& by) {
        const auto emitted = fixture.try_emit(by, "a", {.reserve = 10s});
        const auto* const reserved = std::get_if<protocol::emit_result>(&emitted);
        return reserved != nullptr ? limit_of(fixture.try_respond(by, text_of(reserved->hook_event_id), reply))
                                   : limit_of(emitted);
    };
    client& one = fixture.join_as(7);
    BOOST_CHECK_EQUAL(keep(one), "");
    BOOST_CHECK_EQUAL(keep(one), "memory");
    BOOST_CHECK_EQUAL(keep(fixture.join()), "");
}

// A named user pays for what it replies to the waits of others, too.
BOOST_AUTO_TEST_CASE(replies_of_a_named_user_are_charged_to_it) {
    broker_fixture fixture{{.memory_bytes = 40'000}};
    client& guest = fixture.join_as(7);
    fixture.subscribe(guest);
    client& hook = fixture.subscriber();
    const std::string reply = R"({"x":")" + std::string(15'000, 'x') + R"("})";
    const wait_options all{.policy = wait_policy::all};
    wait& first = fixture.emit_and_wait(fixture.join(), "a", all);
    fixture.emit_and_wait(fixture.join(), "a", all);
    const auto ids = fixture.receive(guest);
    BOOST_CHECK_EQUAL(limit_of(fixture.try_respond(guest, ids[0].id, reply)), "");
    const auto refused = fixture.try_respond(guest, ids[1].id, reply);
    BOOST_CHECK_EQUAL(std::get<protocol::error>(refused).data, R"({"limit":"memory","max":20000})");
    BOOST_CHECK_EQUAL(limit_of(fixture.try_respond(hook, ids[1].id, reply)), "");
    fixture.reply(hook, ids[0].id);
    BOOST_CHECK(first.over());
    BOOST_CHECK_EQUAL(limit_of(fixture.try_respond(guest, ids[1].id, R"({"x":1})")), "");
    BOOST_CHECK_EQUAL(fixture.broker.held().memory_bytes, 0U);
}

// Each name that is new is compared with all of them while everybody waits.
BOOST_AUTO_TEST_CASE(patterns_of_all_sessions_are_bounded_together) {
    const std::vector<std::string> some(256, "*" + std::string(127, 'x'));
    broker_fixture fixture;
    const auto take_all = [&fixture, &some](bool is_named, std::uint32_t uid) {
        std::size_t taken = 0;
        while (limit_of(fixture.try_subscribe(is_named ? fixture.join_as(uid) : fixture.join(), some)) !=
               "pattern_bytes") {
            ++taken;
        }
        return taken;
    };
    BOOST_CHECK_EQUAL(take_all(true, 7), 16U);  // 512 KiB
    BOOST_CHECK_EQUAL(take_all(true, 8), 0U);
    fixture.subscribe(fixture.join_as(8), {"x", "y"});  // names take none
    BOOST_CHECK_EQUAL(take_all(false, 0), 16U);
    BOOST_CHECK_EQUAL(limit_of(fixture.try_subscribe(fixture.join(), {"*"})), "pattern_bytes");
    fixture.subscribe(fixture.join());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(room_for_replies)

const std::string veto = R"({"abort":")" + std::string(1024, 'n') + R"("})";

// Fills what is left of the memory, but for `spare` bytes, with a reply that is kept.
void fill(broker_fixture& fixture, std::size_t limit, std::size_t spare) {
    client& filler = fixture.join();
    const auto id = text_of(fixture.emit(filler, "fill", {.reserve = 60s}).hook_event_id);
    const std::size_t with_empty = [&] {
        broker_fixture other;
        client& alone = other.join();
        other.reply(alone, text_of(other.emit(alone, "fill", {.reserve = 60s}).hook_event_id), R"({"x":""})");
        return other.broker.held().memory_bytes;
    }();
    const std::size_t room = [&] {
        broker_fixture other;
        other.emit(other.join(), "fill", {.reserve = 60s});
        return other.broker.held().memory_bytes;
    }();
    const std::size_t taken = fixture.broker.held().memory_bytes - room + with_empty;
    BOOST_REQUIRE_LE(taken + spare, limit);
    fixture.reply(filler, id, R"({"x":")" + std::string(limit - taken - spare, 'x') + R"("})");
    BOOST_REQUIRE_EQUAL(fixture.broker.held().memory_bytes, limit - spare);
}

BOOST_AUTO_TEST_CASE(every_responder_may_veto_however_full_the_memory_has_become) {
    for (const auto policy : {wait_policy::first, wait_policy::veto, wait_policy::all}) {
        for (const bool retried : {false, true}) {
            broker_fixture fixture{{.memory_bytes = 100'000}};
            client& one = fixture.subscriber({"a"}, {.name = "one"});
            client& two = fixture.subscriber({"a"}, {.name = "two"});
            const auto operation = retried ? std::optional{numbered_uuid(1)} : std::nullopt;
            wait& asked = fixture.emit_and_wait(fixture.join(), "a", {.policy = policy, .operation_id = operation});
            fill(fixture, 100'000, 0);
            const auto id = fixture.receive_one(one).id;
            BOOST_CHECK_EQUAL(limit_of(fixture.try_respond(one, id, veto)), "");
            BOOST_CHECK_EQUAL(limit_of(fixture.try_respond(two, id, veto)), "");
            BOOST_CHECK_EQUAL(asked.verdict().abort.size(), 1024U);
            BOOST_CHECK_EQUAL(asked.verdict().responses.size(), policy == wait_policy::all ? 2U : 1U);
        }
    }
}

BOOST_AUTO_TEST_CASE(failure_fits_and_leaves_room_for_a_veto) {
    broker_fixture fixture{{.memory_bytes = 100'000}};
    client& one = fixture.subscriber({"a"}, {.name = "one"});
    client& two = fixture.subscriber({"a"}, {.name = "two"});
    wait& asked = fixture.emit_and_wait(fixture.join(), "a", {.operation_id = numbered_uuid(1)});
    fill(fixture, 100'000, 20);
    const auto id = fixture.receive_one(one).id;
    fixture.fail(one, id);
    BOOST_CHECK_EQUAL(limit_of(fixture.try_respond(two, id, veto)), "");
    BOOST_CHECK_EQUAL(asked.missing(), "one: failed: it broke");
}

BOOST_AUTO_TEST_CASE(wait_begins_only_with_room_for_a_veto_of_each_responder) {
    const std::size_t room = [] {
        broker_fixture fixture;
        (void)fixture.subscriber({"a"});
        (void)fixture.subscriber({"a"});
        (void)fixture.subscriber({"a"}, {.responds = false});
        fixture.emit_and_wait(fixture.join(), "a", {.policy = wait_policy::all});
        return fixture.broker.held().memory_bytes;
    }();
    BOOST_CHECK_GE(room, 2 * 1024U);
    for (const std::size_t spare : {room - 1, room, room + 1}) {
        broker_fixture fixture{{.memory_bytes = 100'000}};
        (void)fixture.subscriber({"a"});
        (void)fixture.subscriber({"a"});
        fill(fixture, 100'000, spare);
        const auto events = fixture.stats().head_seq;
        wait& asked = fixture.emit_and_wait(fixture.join(), "a", {.policy = wait_policy::all});
        BOOST_CHECK_EQUAL(limit_of(asked), spare < room ? "memory" : "");
        BOOST_CHECK_EQUAL(fixture.stats().head_seq, spare < room ? events : events + 1);
        BOOST_CHECK(!fixture.emit_and_wait(fixture.join(), "a").over());  // what the first reply decides keeps none
    }
}

BOOST_AUTO_TEST_CASE(room_is_given_back_as_responders_reply_or_leave) {
    broker_fixture fixture;
    client& one = fixture.subscriber();
    client& two = fixture.subscriber();
    client& three = fixture.subscriber();
    wait& asked = fixture.emit_and_wait(fixture.join(), "a", {.policy = wait_policy::all});
    const auto id = fixture.receive_one(one).id;
    std::size_t before = fixture.broker.held().memory_bytes;
    fixture.reply(one, id);
    BOOST_CHECK_LT(fixture.broker.held().memory_bytes, before);
    before = fixture.broker.held().memory_bytes;
    fixture.abstain(two, id);
    BOOST_CHECK_LT(fixture.broker.held().memory_bytes, before);
    fixture.leave(three);
    BOOST_CHECK(asked.over());
    BOOST_CHECK_EQUAL(fixture.broker.held().memory_bytes, 0U);
}

BOOST_AUTO_TEST_CASE(remembered_results_go_before_a_wait_is_refused) {
    broker_fixture fixture{{.memory_bytes = 6000}};
    client& hook = fixture.subscriber();
    fixture.emit_and_wait(fixture.join(), "a", {.operation_id = numbered_uuid(1)});
    fixture.reply(hook, fixture.receive_one(hook).id, R"({"x":")" + std::string(4500, 'x') + R"("})");
    BOOST_CHECK_GE(fixture.broker.held().memory_bytes, 4500U);
    BOOST_CHECK(!fixture.emit_and_wait(fixture.join(), "a", {.policy = wait_policy::all}).over());
    BOOST_CHECK_LT(fixture.broker.held().memory_bytes, 4500U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace hookd::core::test
