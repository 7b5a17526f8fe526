#include "broker_fixture.hpp"

// What one user may take of what there is for all, and what is set aside: each at n - 1, n and n + 1.
namespace hookd::core::test {
namespace {

std::string most_of(const wait& refused) { return refused.failure ? refused.failure->data : std::string{}; }

}  // namespace

BOOST_AUTO_TEST_SUITE(shares)

BOOST_AUTO_TEST_CASE(reservations_have_a_bound_of_their_own_and_waits_go_on) {
    world w{{.max_waiting = 8, .max_reserved = 3}};
    (void)w.subscriber();
    client& gone = w.join();
    for (int i = 0; i < 3; ++i) {
        w.emit(gone, "a", {.reserve = 10s});
    }
    const auto refused = w.try_emit(gone, "a", {.reserve = 10s});
    BOOST_CHECK_EQUAL(limit_of(refused), "max_reserved");
    BOOST_CHECK_EQUAL(std::get<protocol::error>(refused).data, R"({"limit":"max_reserved","max":3})");
    w.leave(gone);
    BOOST_CHECK_EQUAL(limit_of(w.try_emit(w.join(), "a", {.reserve = 10s})), "max_reserved");
    for (int i = 0; i < 5; ++i) {
        BOOST_CHECK(!w.emit_and_wait(w.join(), "a").over());
    }
    BOOST_CHECK_EQUAL(limit_of(w.emit_and_wait(w.join(), "a")), "max_waiting");
    BOOST_CHECK_EQUAL(w.broker.held().reserved_slots, 3U);
    w.pass(10s);
    BOOST_CHECK_EQUAL(w.broker.held().reserved_slots, 0U);
    w.emit(w.join(), "a", {.reserve = 10s});
}

BOOST_AUTO_TEST_CASE(named_user_reserves_a_quarter) {
    world w{{.max_reserved = 8}};
    client& one = w.join_as(7);
    w.emit(one, "a", {.reserve = 10s});
    w.emit(w.join_as(7), "a", {.reserve = 20s});
    const auto refused = w.try_emit(one, "a", {.reserve = 10s});
    BOOST_CHECK_EQUAL(std::get<protocol::error>(refused).data, R"({"limit":"max_reserved","max":2})");
    w.leave(one);
    BOOST_CHECK_EQUAL(limit_of(w.try_emit(w.join_as(7), "a", {.reserve = 10s})), "max_reserved");  // they outlive it
    for (int i = 0; i < 6; ++i) {
        w.emit(w.join(), "a", {.reserve = 10s});
    }
    BOOST_CHECK_EQUAL(limit_of(w.try_emit(w.join_as(8), "a", {.reserve = 10s})), "max_reserved");
    w.pass(10s);
    w.emit(w.join_as(7), "a", {.reserve = 10s});
}

BOOST_AUTO_TEST_CASE(named_user_takes_half_of_all_waits) {
    world w{{.max_waiting = 8}};
    client& hook = w.subscriber();
    client& one = w.join_as(7);
    const wait_options retried{.operation_id = numbered_uuid(1)};
    w.emit_and_wait(one, "a", retried);
    w.emit_and_wait(w.join_as(7), "a", retried);  // joins
    const auto reserved = text_of(w.emit(one, "a", {.reserve = 10s}).hook_event_id);
    BOOST_CHECK(!w.await_response(w.join_as(7), reserved).over());
    BOOST_CHECK_EQUAL(most_of(w.emit_and_wait(w.join_as(7), "a")), R"({"limit":"max_waiting","max":4})");
    BOOST_CHECK_EQUAL(limit_of(w.await_response(w.join_as(7), reserved)), "max_waiting");
    BOOST_CHECK_EQUAL(limit_of(w.emit_and_wait(w.join_as(7), "a", retried)), "max_waiting");
    w.reply(hook, reserved);
    BOOST_CHECK(!w.emit_and_wait(w.join_as(7), "a").over());
    BOOST_CHECK(!w.emit_and_wait(w.join_as(7), "a").over());
    BOOST_CHECK_EQUAL(limit_of(w.emit_and_wait(w.join_as(7), "a")), "max_waiting");
    BOOST_CHECK(!w.emit_and_wait(w.join(), "a").over());
}

BOOST_AUTO_TEST_CASE(waits_are_kept_for_the_daemons_user_and_root) {
    world w{{.max_waiting = 1000, .max_waiting_per_connection = 1000}};
    (void)w.subscriber();
    client& one = w.join_as(7);
    client& two = w.join_as(8);
    for (int i = 0; i < 372; ++i) {
        BOOST_REQUIRE(!w.emit_and_wait(one, "a").over());
        BOOST_REQUIRE(!w.emit_and_wait(two, "a").over());
    }
    BOOST_CHECK_EQUAL(most_of(w.emit_and_wait(one, "a")), R"({"limit":"max_waiting","max":744})");
    client& own = w.join();
    for (int i = 0; i < 256; ++i) {
        BOOST_REQUIRE(!w.emit_and_wait(own, "a").over());
    }
    BOOST_CHECK_EQUAL(most_of(w.emit_and_wait(own, "a")), R"({"limit":"max_waiting","max":1000})");
}

BOOST_AUTO_TEST_CASE(named_user_keeps_half_of_the_memory_for_replies) {
    world w{{.memory_bytes = 40'000}};
    const std::string reply = R"({"x":")" + std::string(15'000, 'x') + R"("})";
    const auto keep = [&w, &reply](client& by) {
        const auto emitted = w.try_emit(by, "a", {.reserve = 10s});
        const auto* const reserved = std::get_if<protocol::emit_result>(&emitted);
        return reserved != nullptr ? limit_of(w.try_respond(by, text_of(reserved->hook_event_id), reply))
                                   : limit_of(emitted);
    };
    client& one = w.join_as(7);
    BOOST_CHECK_EQUAL(keep(one), "");
    BOOST_CHECK_EQUAL(keep(one), "memory");
    BOOST_CHECK_EQUAL(keep(w.join()), "");
}

// A named user pays for what it replies to the waits of others, too.
BOOST_AUTO_TEST_CASE(replies_of_a_named_user_are_charged_to_it) {
    world w{{.memory_bytes = 40'000}};
    client& guest = w.join_as(7);
    w.subscribe(guest);
    client& hook = w.subscriber();
    const std::string reply = R"({"x":")" + std::string(15'000, 'x') + R"("})";
    const wait_options all{.policy = wait_policy::all};
    wait& first = w.emit_and_wait(w.join(), "a", all);
    w.emit_and_wait(w.join(), "a", all);
    const auto ids = w.receive(guest);
    BOOST_CHECK_EQUAL(limit_of(w.try_respond(guest, ids[0].id, reply)), "");
    const auto refused = w.try_respond(guest, ids[1].id, reply);
    BOOST_CHECK_EQUAL(std::get<protocol::error>(refused).data, R"({"limit":"memory","max":20000})");
    BOOST_CHECK_EQUAL(limit_of(w.try_respond(hook, ids[1].id, reply)), "");
    w.reply(hook, ids[0].id);
    BOOST_CHECK(first.over());
    BOOST_CHECK_EQUAL(limit_of(w.try_respond(guest, ids[1].id, R"({"x":1})")), "");
    BOOST_CHECK_EQUAL(w.broker.held().memory_bytes, 0U);
}

// Each name that is new is compared with all of them while everybody waits.
BOOST_AUTO_TEST_CASE(patterns_of_all_sessions_are_bounded_together) {
    const std::vector<std::string> some(256, "*" + std::string(127, 'x'));
    world w;
    const auto take_all = [&w, &some](bool is_named, std::uint32_t uid) {
        std::size_t taken = 0;
        while (limit_of(w.try_subscribe(is_named ? w.join_as(uid) : w.join(), some)) != "pattern_bytes") {
            ++taken;
        }
        return taken;
    };
    BOOST_CHECK_EQUAL(take_all(true, 7), 32U);  // 1 MiB
    BOOST_CHECK_EQUAL(take_all(true, 8), 0U);
    w.subscribe(w.join_as(8), {"x", "y"});  // names take none
    BOOST_CHECK_EQUAL(take_all(false, 0), 32U);
    BOOST_CHECK_EQUAL(limit_of(w.try_subscribe(w.join(), {"*"})), "pattern_bytes");
    w.subscribe(w.join());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(room_for_replies)

const std::string veto = R"({"abort":")" + std::string(1024, 'n') + R"("})";

// Fills what is left of the memory, but for `spare` bytes, with a reply that is kept.
void fill(world& w, std::size_t limit, std::size_t spare) {
    client& filler = w.join();
    const auto id = text_of(w.emit(filler, "fill", {.reserve = 60s}).hook_event_id);
    const std::size_t with_empty = [&] {
        world other;
        client& alone = other.join();
        other.reply(alone, text_of(other.emit(alone, "fill", {.reserve = 60s}).hook_event_id), R"({"x":""})");
        return other.broker.held().memory_bytes;
    }();
    const std::size_t room = [&] {
        world other;
        other.emit(other.join(), "fill", {.reserve = 60s});
        return other.broker.held().memory_bytes;
    }();
    const std::size_t taken = w.broker.held().memory_bytes - room + with_empty;
    BOOST_REQUIRE_LE(taken + spare, limit);
    w.reply(filler, id, R"({"x":")" + std::string(limit - taken - spare, 'x') + R"("})");
    BOOST_REQUIRE_EQUAL(w.broker.held().memory_bytes, limit - spare);
}

BOOST_AUTO_TEST_CASE(every_responder_may_veto_however_full_the_memory_has_become) {
    for (const auto policy : {wait_policy::first, wait_policy::veto, wait_policy::all}) {
        for (const bool retried : {false, true}) {
            world w{{.memory_bytes = 100'000}};
            client& one = w.subscriber({"a"}, {.name = "one"});
            client& two = w.subscriber({"a"}, {.name = "two"});
            const auto operation = retried ? std::optional{numbered_uuid(1)} : std::nullopt;
            wait& asked = w.emit_and_wait(w.join(), "a", {.policy = policy, .operation_id = operation});
            fill(w, 100'000, 0);
            const auto id = w.receive_one(one).id;
            BOOST_CHECK_EQUAL(limit_of(w.try_respond(one, id, veto)), "");
            BOOST_CHECK_EQUAL(limit_of(w.try_respond(two, id, veto)), "");
            BOOST_CHECK_EQUAL(asked.verdict().abort.size(), 1024U);
            BOOST_CHECK_EQUAL(asked.verdict().responses.size(), policy == wait_policy::all ? 2U : 1U);
        }
    }
}

BOOST_AUTO_TEST_CASE(failure_fits_and_leaves_room_for_a_veto) {
    world w{{.memory_bytes = 100'000}};
    client& one = w.subscriber({"a"}, {.name = "one"});
    client& two = w.subscriber({"a"}, {.name = "two"});
    wait& asked = w.emit_and_wait(w.join(), "a", {.operation_id = numbered_uuid(1)});
    fill(w, 100'000, 20);
    const auto id = w.receive_one(one).id;
    w.fail(one, id);
    BOOST_CHECK_EQUAL(limit_of(w.try_respond(two, id, veto)), "");
    BOOST_CHECK_EQUAL(asked.missing(), "one: failed: it broke");
}

BOOST_AUTO_TEST_CASE(wait_begins_only_with_room_for_a_veto_of_each_responder) {
    const std::size_t room = [] {
        world w;
        (void)w.subscriber({"a"});
        (void)w.subscriber({"a"});
        (void)w.subscriber({"a"}, {.responds = false});
        w.emit_and_wait(w.join(), "a", {.policy = wait_policy::all});
        return w.broker.held().memory_bytes;
    }();
    BOOST_CHECK_GE(room, 2 * 1024U);
    for (const std::size_t spare : {room - 1, room, room + 1}) {
        world w{{.memory_bytes = 100'000}};
        (void)w.subscriber({"a"});
        (void)w.subscriber({"a"});
        fill(w, 100'000, spare);
        const auto events = w.stats().head_seq;
        wait& asked = w.emit_and_wait(w.join(), "a", {.policy = wait_policy::all});
        BOOST_CHECK_EQUAL(limit_of(asked), spare < room ? "memory" : "");
        BOOST_CHECK_EQUAL(w.stats().head_seq, spare < room ? events : events + 1);
        BOOST_CHECK(!w.emit_and_wait(w.join(), "a").over());  // what the first reply decides keeps none
    }
}

BOOST_AUTO_TEST_CASE(room_is_given_back_as_responders_reply_or_leave) {
    world w;
    client& one = w.subscriber();
    client& two = w.subscriber();
    client& three = w.subscriber();
    wait& asked = w.emit_and_wait(w.join(), "a", {.policy = wait_policy::all});
    const auto id = w.receive_one(one).id;
    std::size_t before = w.broker.held().memory_bytes;
    w.reply(one, id);
    BOOST_CHECK_LT(w.broker.held().memory_bytes, before);
    before = w.broker.held().memory_bytes;
    w.abstain(two, id);
    BOOST_CHECK_LT(w.broker.held().memory_bytes, before);
    w.leave(three);
    BOOST_CHECK(asked.over());
    BOOST_CHECK_EQUAL(w.broker.held().memory_bytes, 0U);
}

BOOST_AUTO_TEST_CASE(remembered_results_go_before_a_wait_is_refused) {
    world w{{.memory_bytes = 6000}};
    client& hook = w.subscriber();
    w.emit_and_wait(w.join(), "a", {.operation_id = numbered_uuid(1)});
    w.reply(hook, w.receive_one(hook).id, R"({"x":")" + std::string(4500, 'x') + R"("})");
    BOOST_CHECK_GE(w.broker.held().memory_bytes, 4500U);
    BOOST_CHECK(!w.emit_and_wait(w.join(), "a", {.policy = wait_policy::all}).over());
    BOOST_CHECK_LT(w.broker.held().memory_bytes, 4500U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace hookd::core::test
