#include "broker_fixture.hpp"

// Going on where a session ended.
namespace hookd::core::test {
namespace {

void check_refused(world& w, std::vector<std::string> patterns, const session_options& how, std::uint64_t oldest_seq,
    std::uint64_t head_seq) {
    client& newcomer = w.join();
    const auto result = w.try_subscribe(newcomer, std::move(patterns), how);
    BOOST_REQUIRE(std::holds_alternative<protocol::error>(result));
    const auto& failure = std::get<protocol::error>(result);
    BOOST_CHECK_EQUAL(failure.code, errc::resume_impossible);
    BOOST_CHECK_EQUAL(failure.data, protocol::resume_data(w.broker.instance(), oldest_seq, head_seq));
    BOOST_CHECK(!newcomer.push);  // nothing is opened
    BOOST_CHECK_EQUAL(w.receive_names(newcomer), "");
    w.leave(newcomer);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(resuming)

BOOST_AUTO_TEST_CASE(retained_events_come_first_and_live_ones_follow) {
    world w;
    for (const auto* const name : {"a", "b", "a", "b", "a"}) {
        w.emit(w.join(), name);
    }
    client& hook = w.join();
    const auto result = w.subscribe(hook, {"a"}, {.after_seq = 1});
    BOOST_CHECK(result.resumed);
    BOOST_CHECK_EQUAL(result.head_seq, 5U);
    w.emit(w.join(), "a");
    BOOST_CHECK_EQUAL(w.receive_names(hook), "3:a 5:a 6:a");
    BOOST_CHECK_EQUAL(w.broker.unsubscribe(hook, w.now).last_seq, 6U);
}

BOOST_AUTO_TEST_CASE(after_seq_0_replays_everything) {
    world w;
    w.emit(w.join(), "a");
    w.emit(w.join(), "b");
    BOOST_CHECK_EQUAL(w.receive_names(w.subscriber({}, {.after_seq = 0})), "1:a 2:b");
}

BOOST_AUTO_TEST_CASE(after_the_head_nothing_is_replayed_and_past_it_is_refused) {
    world w;
    w.emit(w.join(), "a");
    client& hook = w.subscriber({}, {.after_seq = 1});
    BOOST_CHECK_EQUAL(w.receive_names(hook), "");
    w.emit(w.join(), "a");
    BOOST_CHECK_EQUAL(w.receive_names(hook), "2:a");
    check_refused(w, {}, {.after_seq = 3}, 1, 2);
}

BOOST_AUTO_TEST_CASE(first_run_can_be_resumed_before_any_event) {
    world w;
    client& hook = w.subscriber({}, {.after_seq = 0});
    w.emit(w.join(), "a");
    BOOST_CHECK_EQUAL(w.receive_names(hook), "1:a");
    world empty;
    check_refused(empty, {}, {.after_seq = 1}, 1, 0);
}

BOOST_AUTO_TEST_CASE(instance_has_to_be_this_one) {
    world w;
    w.emit(w.join(), "a");
    const std::string mine = text_of(w.broker.instance());
    BOOST_CHECK_EQUAL(w.receive_names(w.subscriber({}, {.after_seq = 0, .instance = mine})), "1:a");
    check_refused(w, {}, {.after_seq = 0, .instance = text_of(numbered_uuid(1))}, 1, 1);
    check_refused(w, {}, {.after_seq = 0, .instance = "no uuid"}, 1, 1);
}

BOOST_AUTO_TEST_CASE(dropped_event_that_matches_makes_it_impossible) {
    world w{{.capacity = 2}};
    for (int i = 0; i < 4; ++i) {
        w.emit(w.join(), "a");
    }
    check_refused(w, {"a"}, {.after_seq = 0}, 3, 4);
    check_refused(w, {"a"}, {.after_seq = 1}, 3, 4);
    BOOST_CHECK_EQUAL(w.receive_names(w.subscriber({"a"}, {.after_seq = 2})), "3:a 4:a");
}

BOOST_AUTO_TEST_CASE(dropped_events_that_do_not_match_spoil_nothing) {
    world w{{.capacity = 2}};
    w.emit(w.join(), "mine");
    for (int i = 0; i < 10; ++i) {
        w.emit(w.join(), "noise");
    }
    BOOST_CHECK_EQUAL(w.receive_names(w.subscriber({"mine"}, {.after_seq = 1})), "");
    check_refused(w, {"mine"}, {.after_seq = 0}, 10, 11);
    check_refused(w, {"m*"}, {.after_seq = 0}, 10, 11);
    BOOST_CHECK_EQUAL(w.receive_names(w.subscriber({"never"}, {.after_seq = 0})), "");
}

BOOST_AUTO_TEST_CASE(names_of_the_last_1024_dropped_events_are_known) {
    world w{{.capacity = 1}};
    w.emit(w.join(), "mine");
    for (int i = 0; i < 1024; ++i) {
        w.emit(w.join(), "noise");  // drops 1 to 1024
    }
    BOOST_CHECK_EQUAL(w.receive_names(w.subscriber({"never"}, {.after_seq = 0})), "");
    check_refused(w, {"mine"}, {.after_seq = 0}, 1025, 1025);
    w.emit(w.join(), "noise");  // and now nobody knows what 1 was
    check_refused(w, {"never"}, {.after_seq = 0}, 1026, 1026);
    BOOST_CHECK_EQUAL(w.receive_names(w.subscriber({"never"}, {.after_seq = 1})), "");
    check_refused(w, {"noise"}, {.after_seq = 1}, 1026, 1026);
}

BOOST_AUTO_TEST_CASE(events_dropped_for_their_bytes_count_as_dropped) {
    const std::string kilobyte = '"' + std::string(998, 'x') + '"';
    world w{{.capacity_bytes = 3000}};
    for (int i = 0; i < 4; ++i) {
        w.emit(w.join(), "a", {.payload = kilobyte});
    }
    const auto retained = w.stats().retained_events;
    BOOST_REQUIRE_EQUAL(retained, 2U);
    check_refused(w, {"a"}, {.after_seq = 1}, 3, 4);
    BOOST_CHECK_EQUAL(w.receive_names(w.subscriber({"a"}, {.after_seq = 2})), "3:a 4:a");
}

BOOST_AUTO_TEST_CASE(nobody_waits_for_a_session_that_replays_but_its_reply_is_taken) {
    world w;
    client& first = w.subscriber({}, {.name = "first"});
    wait& asked = w.emit_and_wait(w.join(), "a", {.policy = wait_policy::all});
    client& late = w.subscriber({}, {.name = "late", .after_seq = 0});
    const auto replayed = w.receive_one(late);
    BOOST_CHECK(replayed.expects_response);
    BOOST_CHECK_EQUAL(w.reply(late, replayed.id, R"({"from":"late"})"), refusal::none);
    BOOST_CHECK(!asked.over());
    w.reply(first, replayed.id);
    BOOST_CHECK_EQUAL(asked.how(), outcome::answered);
    BOOST_CHECK_EQUAL(asked.responses(), R"({} by first; {"from":"late"} by late)");
    BOOST_CHECK_EQUAL(asked.missing(), "");
}

BOOST_AUTO_TEST_CASE(replay_as_large_as_the_capacity_is_no_lag) {
    world w{{.capacity = 3}};
    for (int i = 0; i < 5; ++i) {
        w.emit(w.join(), "a");
    }
    client& hook = w.subscriber({}, {.after_seq = 2});
    BOOST_CHECK_EQUAL(w.stats().sessions.at(0).queued, 3U);
    BOOST_CHECK_EQUAL(w.receive_names(hook), "3:a 4:a 5:a");
    BOOST_CHECK_EQUAL(w.stats().lagged, 0U);
}

BOOST_AUTO_TEST_CASE(dropped_events_that_do_not_meet_its_conditions_do_not_spoil_a_resume) {
    world w{{.capacity = 2}};
    const std::vector<protocol::payload_condition> shop{{"/cwd", "/shop*"}};
    client& hook = w.subscriber({"a"}, {.where = shop});
    w.emit(w.join(), "a", {.payload = R"({"cwd":"/shop/1"})"});
    BOOST_CHECK_EQUAL(w.receive_names(hook), "1:a");
    w.leave(hook);
    for (const auto* const payload : {R"({"cwd":"/home"})", R"({"cwd":7})", "{}", "[]", R"({"cwd":"/shop/2"})"}) {
        w.emit(w.join(), "a", {.payload = payload});
    }
    client& again = w.subscriber({"a"}, {.where = shop, .after_seq = 1});
    BOOST_CHECK_EQUAL(w.receive_names(again), "6:a");
    w.leave(again);
    w.emit(w.join(), "a");
    w.emit(w.join(), "a");
    check_refused(w, {"a"}, {.where = shop, .after_seq = 1}, 7, 8);  // the sixth is dropped
    check_refused(w, {"a"}, {.after_seq = 1}, 7, 8);
    client& after = w.subscriber({"a"}, {.where = shop, .after_seq = 6});
    BOOST_CHECK_EQUAL(w.receive_names(after), "");
}

BOOST_AUTO_TEST_CASE(conditions_that_nobody_had_when_an_event_was_dropped_may_have_been_met) {
    world w{{.capacity = 1}};
    w.emit(w.join(), "a", {.payload = R"({"cwd":"/home"})"});
    w.emit(w.join(), "a");
    check_refused(w, {"a"}, {.where = {{"/cwd", "/shop*"}}, .after_seq = 0}, 2, 2);
}

// Any chain of sessions, each resumed where the one before ended, sees each event exactly once.
BOOST_AUTO_TEST_CASE(chain_of_sessions_misses_nothing_and_sees_nothing_twice) {
    world w{{.capacity = 16}};
    std::string seen;
    std::uint64_t last = 0;
    std::uint64_t emitted = 0;
    for (int round = 0; round < 50; ++round) {
        client& hook = w.join();
        w.subscribe(hook, {"a"}, {.after_seq = last});
        for (int i = 0; i < round % 5; ++i) {
            ++emitted;
            w.emit(w.join(), emitted % 3 == 0 ? "b" : "a");
        }
        std::vector<event*> got;
        w.broker.hand_out(hook, static_cast<std::size_t>(round) % 4, std::size_t(-1), got);
        for (const event* const each : got) {
            seen += std::to_string(each->seq()) + " ";
        }
        w.broker.sent(hook, got.size());
        last = w.broker.unsubscribe(hook, w.now).last_seq;
    }
    client& rest = w.subscriber({"a"}, {.after_seq = last});
    for (const auto& each : w.receive(rest)) {
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
