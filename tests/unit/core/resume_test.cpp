// SPDX-License-Identifier: BSL-1.0
#include "broker_fixture.hpp"

// Going on where a session ended.
namespace hookd::core::test {
namespace {

void check_refused(broker_fixture& fixture, std::vector<std::string> patterns, const session_options& how,
    std::uint64_t oldest_seq, std::uint64_t head_seq) {
    client& newcomer = fixture.join();
    const auto result = fixture.try_subscribe(newcomer, std::move(patterns), how);
    BOOST_REQUIRE(std::holds_alternative<protocol::error>(result));
    const auto& failure = std::get<protocol::error>(result);
    BOOST_CHECK_EQUAL(failure.code, errc::resume_impossible);
    BOOST_CHECK_EQUAL(failure.data, protocol::resume_data(fixture.broker.instance(), oldest_seq, head_seq));
    BOOST_CHECK(newcomer.session() == nullptr);  // nothing is opened
    BOOST_CHECK_EQUAL(fixture.receive_names(newcomer), "");
    fixture.leave(newcomer);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(resuming)

BOOST_AUTO_TEST_CASE(retained_events_come_first_and_live_ones_follow) {
    broker_fixture fixture;
    for (const auto* const name : {"a", "b", "a", "b", "a"}) {
        fixture.emit(fixture.join(), name);
    }
    client& hook = fixture.join();
    const auto result = fixture.subscribe(hook, {"a"}, {.after_seq = 1});
    BOOST_CHECK(result.resumed);
    BOOST_CHECK_EQUAL(result.head_seq, 5U);
    fixture.emit(fixture.join(), "a");
    BOOST_CHECK_EQUAL(fixture.receive_names(hook), "3:a 5:a 6:a");
    BOOST_CHECK_EQUAL(fixture.broker.unsubscribe(hook, fixture.now).last_seq, 6U);
}

BOOST_AUTO_TEST_CASE(after_seq_0_replays_everything) {
    broker_fixture fixture;
    fixture.emit(fixture.join(), "a");
    fixture.emit(fixture.join(), "b");
    BOOST_CHECK_EQUAL(fixture.receive_names(fixture.subscriber({}, {.after_seq = 0})), "1:a 2:b");
}

BOOST_AUTO_TEST_CASE(after_the_head_nothing_is_replayed_and_past_it_is_refused) {
    broker_fixture fixture;
    fixture.emit(fixture.join(), "a");
    client& hook = fixture.subscriber({}, {.after_seq = 1});
    BOOST_CHECK_EQUAL(fixture.receive_names(hook), "");
    fixture.emit(fixture.join(), "a");
    BOOST_CHECK_EQUAL(fixture.receive_names(hook), "2:a");
    check_refused(fixture, {}, {.after_seq = 3}, 1, 2);
}

BOOST_AUTO_TEST_CASE(first_run_can_be_resumed_before_any_event) {
    broker_fixture fixture;
    client& hook = fixture.subscriber({}, {.after_seq = 0});
    fixture.emit(fixture.join(), "a");
    BOOST_CHECK_EQUAL(fixture.receive_names(hook), "1:a");
    broker_fixture empty;
    check_refused(empty, {}, {.after_seq = 1}, 1, 0);
}

BOOST_AUTO_TEST_CASE(instance_has_to_be_this_one) {
    broker_fixture fixture;
    fixture.emit(fixture.join(), "a");
    const std::string mine = text_of(fixture.broker.instance());
    BOOST_CHECK_EQUAL(fixture.receive_names(fixture.subscriber({}, {.after_seq = 0, .instance = mine})), "1:a");
    check_refused(fixture, {}, {.after_seq = 0, .instance = text_of(numbered_uuid(1))}, 1, 1);
    check_refused(fixture, {}, {.after_seq = 0, .instance = "no uuid"}, 1, 1);
}

BOOST_AUTO_TEST_CASE(dropped_event_that_matches_makes_it_impossible) {
    broker_fixture fixture{{.capacity = 2}};
    for (int i = 0; i < 4; ++i) {
        fixture.emit(fixture.join(), "a");
    }
    check_refused(fixture, {"a"}, {.after_seq = 0}, 3, 4);
    check_refused(fixture, {"a"}, {.after_seq = 1}, 3, 4);
    BOOST_CHECK_EQUAL(fixture.receive_names(fixture.subscriber({"a"}, {.after_seq = 2})), "3:a 4:a");
}

BOOST_AUTO_TEST_CASE(dropped_events_that_do_not_match_spoil_nothing) {
    broker_fixture fixture{{.capacity = 2}};
    fixture.emit(fixture.join(), "mine");
    for (int i = 0; i < 10; ++i) {
        fixture.emit(fixture.join(), "noise");
    }
    BOOST_CHECK_EQUAL(fixture.receive_names(fixture.subscriber({"mine"}, {.after_seq = 1})), "");
    check_refused(fixture, {"mine"}, {.after_seq = 0}, 10, 11);
    check_refused(fixture, {"m*"}, {.after_seq = 0}, 10, 11);
    BOOST_CHECK_EQUAL(fixture.receive_names(fixture.subscriber({"never"}, {.after_seq = 0})), "");
}

BOOST_AUTO_TEST_CASE(names_of_the_last_1024_dropped_events_are_known) {
    broker_fixture fixture{{.capacity = 1}};
    fixture.emit(fixture.join(), "mine");
    for (int i = 0; i < 1024; ++i) {
        fixture.emit(fixture.join(), "noise");  // drops 1 to 1024
    }
    BOOST_CHECK_EQUAL(fixture.receive_names(fixture.subscriber({"never"}, {.after_seq = 0})), "");
    check_refused(fixture, {"mine"}, {.after_seq = 0}, 1025, 1025);
    fixture.emit(fixture.join(), "noise");  // and now nobody knows what 1 was
    check_refused(fixture, {"never"}, {.after_seq = 0}, 1026, 1026);
    BOOST_CHECK_EQUAL(fixture.receive_names(fixture.subscriber({"never"}, {.after_seq = 1})), "");
    check_refused(fixture, {"noise"}, {.after_seq = 1}, 1026, 1026);
}

BOOST_AUTO_TEST_CASE(events_dropped_for_their_bytes_count_as_dropped) {
    const std::string kilobyte = '"' + std::string(998, 'x') + '"';
    broker_fixture fixture{{.capacity_bytes = 3000}};
    for (int i = 0; i < 4; ++i) {
        fixture.emit(fixture.join(), "a", {.payload = kilobyte});
    }
    const auto retained = fixture.stats().retained_events;
    BOOST_REQUIRE_EQUAL(retained, 2U);
    check_refused(fixture, {"a"}, {.after_seq = 1}, 3, 4);
    BOOST_CHECK_EQUAL(fixture.receive_names(fixture.subscriber({"a"}, {.after_seq = 2})), "3:a 4:a");
}

BOOST_AUTO_TEST_CASE(nobody_waits_for_a_session_that_replays_but_its_reply_is_taken) {
    broker_fixture fixture;
    client& first = fixture.subscriber({}, {.name = "first"});
    wait& asked = fixture.emit_and_wait(fixture.join(), "a", {.policy = wait_policy::all});
    client& late = fixture.subscriber({}, {.name = "late", .after_seq = 0});
    const auto replayed = fixture.receive_one(late);
    BOOST_CHECK(replayed.expects_response);
    BOOST_CHECK_EQUAL(fixture.reply(late, replayed.id, R"({"from":"late"})"), refusal::none);
    BOOST_CHECK(!asked.over());
    fixture.reply(first, replayed.id);
    BOOST_CHECK_EQUAL(asked.how(), outcome::answered);
    BOOST_CHECK_EQUAL(asked.responses(), R"({} by first; {"from":"late"} by late)");
    BOOST_CHECK_EQUAL(asked.missing(), "");
}

BOOST_AUTO_TEST_CASE(replay_as_large_as_the_capacity_is_no_lag) {
    broker_fixture fixture{{.capacity = 3}};
    for (int i = 0; i < 5; ++i) {
        fixture.emit(fixture.join(), "a");
    }
    client& hook = fixture.subscriber({}, {.after_seq = 2});
    BOOST_CHECK_EQUAL(fixture.stats().sessions.at(0).queued, 3U);
    BOOST_CHECK_EQUAL(fixture.receive_names(hook), "3:a 4:a 5:a");
    BOOST_CHECK_EQUAL(fixture.stats().lagged, 0U);
}

BOOST_AUTO_TEST_CASE(dropped_events_that_do_not_meet_its_conditions_do_not_spoil_a_resume) {
    broker_fixture fixture{{.capacity = 2}};
    const std::vector<protocol::payload_condition> shop{{"/cwd", "/shop*"}};
    client& hook = fixture.subscriber({"a"}, {.where = shop});
    fixture.emit(fixture.join(), "a", {.payload = R"({"cwd":"/shop/1"})"});
    BOOST_CHECK_EQUAL(fixture.receive_names(hook), "1:a");
    fixture.leave(hook);
    for (const auto* const payload : {R"({"cwd":"/home"})", R"({"cwd":7})", "{}", "[]", R"({"cwd":"/shop/2"})"}) {
        fixture.emit(fixture.join(), "a", {.payload = payload});
    }
    client& again = fixture.subscriber({"a"}, {.where = shop, .after_seq = 1});
    BOOST_CHECK_EQUAL(fixture.receive_names(again), "6:a");
    fixture.leave(again);
    fixture.emit(fixture.join(), "a");
    fixture.emit(fixture.join(), "a");
    check_refused(fixture, {"a"}, {.where = shop, .after_seq = 1}, 7, 8);  // the sixth is dropped
    check_refused(fixture, {"a"}, {.after_seq = 1}, 7, 8);
    client& after = fixture.subscriber({"a"}, {.where = shop, .after_seq = 6});
    BOOST_CHECK_EQUAL(fixture.receive_names(after), "");
}

BOOST_AUTO_TEST_CASE(conditions_that_nobody_had_when_an_event_was_dropped_may_have_been_met) {
    broker_fixture fixture{{.capacity = 1}};
    fixture.emit(fixture.join(), "a", {.payload = R"({"cwd":"/home"})"});
    fixture.emit(fixture.join(), "a");
    check_refused(fixture, {"a"}, {.where = {{"/cwd", "/shop*"}}, .after_seq = 0}, 2, 2);
}

// Any chain of sessions, each resumed where the one before ended, sees each event exactly once.
BOOST_AUTO_TEST_CASE(chain_of_sessions_misses_nothing_and_sees_nothing_twice) {
    broker_fixture fixture{{.capacity = 16}};
    std::string seen;
    std::uint64_t last = 0;
    std::uint64_t emitted = 0;
    for (int round = 0; round < 50; ++round) {
        client& hook = fixture.join();
        fixture.subscribe(hook, {"a"}, {.after_seq = last});
        for (int i = 0; i < round % 5; ++i) {
            ++emitted;
            fixture.emit(fixture.join(), emitted % 3 == 0 ? "b" : "a");
        }
        std::vector<event*> got;
        fixture.broker.peek_batch(hook, static_cast<std::size_t>(round) % 4, std::size_t(-1), got);
        for (const event* const each : got) {
            seen += std::to_string(each->seq()) + " ";
        }
        fixture.broker.sent(hook, got.size());
        last = fixture.broker.unsubscribe(hook, fixture.now).last_seq;
    }
    client& rest = fixture.subscriber({"a"}, {.after_seq = last});
    for (const auto& each : fixture.receive(rest)) {
        seen += std::to_string(each.seq) + " ";
    }
    std::string all;
    for (std::uint64_t seq = 1; seq <= emitted; ++seq) {
        all += seq % 3 == 0 ? "" : std::to_string(seq) + " ";
    }
    BOOST_CHECK_EQUAL(seen, all);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace hookd::core::test
