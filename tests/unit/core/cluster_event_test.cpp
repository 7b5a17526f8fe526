// SPDX-License-Identifier: BSL-1.0
// Events of other hosts, and the sessions that see them.
#include "cluster_fixture.hpp"

using namespace hookd::core;
using namespace hookd::core::test;
using hookd::protocol::event_origin;

namespace {

const event_origin from_b{numbered_uuid(77), "b", std::chrono::system_clock::time_point{1h}};

}  // namespace

BOOST_AUTO_TEST_SUITE(cluster_event_suite)

BOOST_AUTO_TEST_CASE(sessions_of_scope_cluster_are_announced_and_withdrawn) {
    cluster_world w;
    (void)w.subscriber({"e"}, {.name = "local"});
    BOOST_CHECK_EQUAL(w.cluster.take(), "");
    auto& guard = w.subscriber({"e"}, {.name = "guard", .scope = cluster_scope});
    BOOST_CHECK_EQUAL(w.cluster.take(), "announce 2 guard");
    w.half_close(guard);
    BOOST_CHECK_EQUAL(w.cluster.take(), "announce 2 guard observes");
    w.leave(guard);
    BOOST_CHECK_EQUAL(w.cluster.take(), "withdraw 2");
    auto& other = w.subscriber({"e"}, {.name = "other", .shadow = true, .scope = cluster_scope});
    BOOST_CHECK_EQUAL(w.cluster.take(), "announce 3 other observes");
    w.unsubscribe(other);
    BOOST_CHECK_EQUAL(w.cluster.take(), "withdraw 3");
}

BOOST_AUTO_TEST_CASE(only_sessions_of_scope_cluster_see_an_event_of_another_host) {
    cluster_world w;
    auto& local = w.subscriber({"e"});
    auto& both = w.subscriber({"e"}, {.scope = cluster_scope});
    BOOST_CHECK_EQUAL(w.emit(w.join(), "e", {.payload = R"({"n":1})", .origin = from_b}).subscribers, 1U);
    BOOST_CHECK_EQUAL(w.receive_names(local), "");
    const auto got = w.receive_one(both);
    BOOST_CHECK_EQUAL(got.host, "b");
    BOOST_CHECK_EQUAL(got.id, text_of(from_b.hook_event_id));
    BOOST_CHECK_EQUAL(got.payload, R"({"n":1})");
    w.emit(w.join(), "e");
    BOOST_CHECK_EQUAL(w.receive_one(both).host, "");
    // Replayed, too.
    BOOST_CHECK_EQUAL(w.receive_names(w.subscriber({"e"}, {.after_seq = 0})), "2:e");
    BOOST_CHECK_EQUAL(w.receive_names(w.subscriber({"e"}, {.scope = cluster_scope, .after_seq = 0})), "1:e 2:e");
}

BOOST_AUTO_TEST_CASE(a_dropped_event_of_another_host_spoils_no_resume_of_scope_local) {
    cluster_world w{{.capacity = 1}};
    w.emit(w.join(), "e", {.origin = from_b});
    w.emit(w.join(), "e");
    BOOST_CHECK(
        std::holds_alternative<hookd::protocol::subscribe_result>(w.try_subscribe(w.join(), {"e"}, {.after_seq = 0})));
    const auto refused = w.try_subscribe(w.join(), {"e"}, {.scope = cluster_scope, .after_seq = 0});
    BOOST_CHECK_EQUAL(std::get<hookd::protocol::error>(refused).code, errc::resume_impossible);
}

BOOST_AUTO_TEST_CASE(a_question_of_another_host_is_an_ordinary_wait_among_those_of_scope_cluster) {
    cluster_world w;
    auto& local = w.subscriber({"e"}, {.name = "local"});
    auto& guard = w.subscriber({"e"}, {.name = "guard", .scope = cluster_scope});
    auto& shy = w.subscriber({"e"}, {.name = "shy", .scope = cluster_scope});
    auto& picky = w.subscriber({"e"}, {.name = "picky", .where = {{"/x", "*"}}, .scope = cluster_scope});
    auto& verdict = w.emit_and_wait(w.join(), "e", {.policy = wait_policy::all, .origin = from_b});
    BOOST_CHECK_EQUAL(w.receive_names(local), "");
    BOOST_CHECK_EQUAL(w.receive_names(picky), "");
    w.abstain(shy, w.receive_one(shy).id);
    w.reply(guard, w.receive_one(guard).id, R"({"abort":"no"})");
    BOOST_CHECK_EQUAL(verdict.responses(), R"({"abort":"no"} by guard)");
    BOOST_REQUIRE(verdict.verdict().silent);
    BOOST_CHECK(verdict.verdict().silent->abstained == std::vector<std::string>{"shy"});
    BOOST_CHECK(verdict.verdict().silent->passed == std::vector<std::string>{"picky"});
    BOOST_CHECK(w.cluster.take().find("ask") == std::string::npos);
    BOOST_CHECK_EQUAL(w.stats().vetoed, 0U);  // the verdict is the other host's
    w.check_nobody_waits();
}

BOOST_AUTO_TEST_CASE(an_id_that_has_been_here_is_refused) {
    cluster_world w;
    (void)w.subscriber({"e"}, {.scope = cluster_scope});
    w.emit_and_wait(w.join(), "e", {.origin = from_b});
    BOOST_CHECK_EQUAL(w.emit_and_wait(w.join(), "e", {.origin = from_b}).error_code(), errc::invalid_params);
}

BOOST_AUTO_TEST_CASE(a_gap_closes_the_sessions_of_scope_cluster_which_owe_what_they_were_handed) {
    cluster_world w;
    auto& local = w.subscriber({"e"}, {.name = "local"});
    auto& guard = w.subscriber({"e"}, {.name = "guard", .scope = cluster_scope});
    auto& before = w.emit_and_wait(w.join(), "e", {.policy = wait_policy::all});
    w.broker.close_for_gap(w.now);
    const auto asked = w.receive_one(guard);
    BOOST_CHECK_EQUAL(w.take_ended(guard), "gap after 1");
    BOOST_CHECK_EQUAL(w.take_ended(local), "");
    BOOST_CHECK_EQUAL(w.emit_and_wait(w.join(), "e", {.timeout = 1ms}).over(), false);
    w.reply(guard, asked.id);
    w.reply(local, w.receive(local).front().id);
    BOOST_CHECK_EQUAL(before.how(), outcome::answered);
    (void)w.cluster.take();
    w.subscribe(guard, {"e"}, {.name = "guard", .scope = cluster_scope});
    BOOST_CHECK_EQUAL(w.cluster.take(), "announce 2 guard");
    w.pass(1ms);
    w.check_nobody_waits();
}

BOOST_AUTO_TEST_CASE(nothing_is_handed_out_to_a_session_that_has_not_been_told_that_it_is_open) {
    cluster_world w;
    auto& guard = w.subscriber({"e"}, {.scope = cluster_scope});
    broker::mute(guard);
    w.emit(w.join(), "e");
    BOOST_CHECK_EQUAL(w.receive_names(guard), "");
    w.broker.unmute(guard);
    BOOST_CHECK_EQUAL(w.receive_names(guard), "1:e");
}

BOOST_AUTO_TEST_SUITE_END()
