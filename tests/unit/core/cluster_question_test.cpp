// SPDX-License-Identifier: BSL-1.0
// Questions of scope cluster: the cluster is a responder that delegates.
#include "cluster_fixture.hpp"

#include <functional>
#include <optional>

using namespace hookd::core;
using namespace hookd::core::test;

BOOST_AUTO_TEST_SUITE(cluster_question_suite)

BOOST_AUTO_TEST_CASE(those_that_the_cluster_names_are_waited_for_beside_those_here) {
    cluster_world w;
    auto& here = w.subscriber({"e"}, {.name = "here"});
    auto& verdict = w.ask(w.join(), {.policy = wait_policy::all});
    BOOST_CHECK_EQUAL(w.cluster.take(), "ask e all");
    w.delegate({"b/guard", "c/guard"});
    w.reply(here, w.receive_one(here).id);
    BOOST_CHECK(w.reply_from("b", "guard"));
    BOOST_CHECK(!verdict.over());
    BOOST_CHECK(w.reply_from("c", "guard", R"({"abort":"no"})"));
    BOOST_CHECK_EQUAL(verdict.how(), outcome::answered);
    BOOST_CHECK_EQUAL(verdict.verdict().abort, "no");
    BOOST_CHECK_EQUAL(verdict.responses(), R"({} by b/guard; {"abort":"no"} by c/guard; {} by here)");
    BOOST_CHECK_EQUAL(w.cluster.take(), "close");
    w.check_nobody_waits();
}

BOOST_AUTO_TEST_CASE(where_the_cluster_names_nobody_the_verdict_is_that_of_those_here) {
    cluster_world w;
    auto& nobody = w.ask(w.join());
    BOOST_CHECK(!nobody.over());
    w.delegate({});
    BOOST_CHECK_EQUAL(nobody.how(), outcome::no_subscribers);
    BOOST_CHECK_EQUAL(nobody.missing(), "");
    auto& here = w.subscriber({"e"}, {.name = "here"});
    auto& abstained = w.ask(w.join());
    w.abstain(here, w.receive_one(here).id);
    BOOST_CHECK(!abstained.over());
    w.delegate({});
    BOOST_CHECK_EQUAL(abstained.how(), outcome::abstained);
    w.check_nobody_waits();
}

BOOST_AUTO_TEST_CASE(a_reply_or_a_veto_here_decides_before_the_cluster_has_said_a_word) {
    for (const auto policy : {wait_policy::first, wait_policy::veto}) {
        cluster_world w;
        auto& here = w.subscriber({"e"}, {.name = "here"});
        auto& verdict = w.ask(w.join(), {.policy = policy});
        w.reply(here, w.receive_one(here).id, R"({"abort":"no"})");
        BOOST_CHECK_EQUAL(verdict.verdict().abort, "no");
        BOOST_CHECK_EQUAL(verdict.missing(), "");
        w.delegate({"b/guard"});
        BOOST_CHECK(!w.reply_from("b", "guard"));
        w.check_nobody_waits();
    }
}

BOOST_AUTO_TEST_CASE(a_veto_elsewhere_decides) {
    cluster_world w;
    auto& here = w.subscriber({"e"}, {.name = "here"});
    auto& verdict = w.ask(w.join(), {.policy = wait_policy::veto});
    w.delegate({"b/guard", "b/other"});
    BOOST_CHECK(w.reply_from("b", "guard", R"({"abort":"no"})"));
    BOOST_CHECK_EQUAL(verdict.how(), outcome::answered);
    BOOST_CHECK_EQUAL(verdict.verdict().abort, "no");
    BOOST_CHECK_EQUAL(verdict.missing(), "");
    BOOST_CHECK_EQUAL(w.reply(here, w.receive_one(here).id), refusal::answered);
    w.check_nobody_waits();
}

BOOST_AUTO_TEST_CASE(a_cluster_that_is_down_has_failed_at_once_and_a_veto_here_stands) {
    cluster_world w;
    w.cluster.down = "the database is away";
    auto& alone = w.ask(w.join());
    BOOST_CHECK_EQUAL(alone.how(), outcome::abandoned);
    BOOST_CHECK_EQUAL(alone.missing(), "cluster: failed: the database is away");
    BOOST_CHECK_EQUAL(alone.verdict().abort, "");
    auto& closed = w.ask(w.join(), {.on_failure = failure_policy::closed});
    BOOST_CHECK(closed.verdict().abort.find("cluster failed: the database is away") != std::string::npos);
    auto& here = w.subscriber({"e"}, {.name = "here"});
    auto& vetoed = w.ask(w.join(), {.policy = wait_policy::all});
    BOOST_CHECK(!vetoed.over());
    w.reply(here, w.receive_one(here).id, R"({"abort":"no"})");
    BOOST_CHECK_EQUAL(vetoed.verdict().abort, "no");
    BOOST_CHECK_EQUAL(vetoed.missing(), "cluster: failed: the database is away");
    BOOST_CHECK(w.cluster.take().find("close") == std::string::npos);
    w.check_nobody_waits();
}

BOOST_AUTO_TEST_CASE(a_link_that_breaks_fails_the_cluster_and_whom_it_named) {
    cluster_world w;
    auto& before = w.ask(w.join());
    w.fail("the helper has ended");
    BOOST_CHECK_EQUAL(before.missing(), "cluster: failed: the helper has ended");
    auto& after = w.ask(w.join(), {.policy = wait_policy::all});
    w.delegate({"b/guard!", "c/guard"});
    w.reply_from("c", "guard");
    w.fail("the helper has ended");
    BOOST_CHECK_EQUAL(after.how(), outcome::abandoned);
    BOOST_CHECK_EQUAL(after.missing(), "b/guard: failed: the helper has ended; cluster: failed: the helper has ended");
    BOOST_CHECK(after.verdict().abort.find("b/guard") != std::string::npos);  // it insists
    w.fail("again");
    w.check_nobody_waits();
}

BOOST_AUTO_TEST_CASE(a_host_that_leaves_leaves_its_responders_alone_missing) {
    cluster_world w;
    auto& verdict = w.ask(w.join(), {.policy = wait_policy::all});
    w.delegate({"b/guard", "c/guard"});
    w.host_left("b");
    w.host_left("x");
    BOOST_CHECK(!verdict.over());
    w.reply_from("c", "guard");
    BOOST_CHECK_EQUAL(verdict.how(), outcome::abandoned);
    BOOST_CHECK_EQUAL(verdict.missing(), "b/guard: left");
    BOOST_CHECK(!w.reply_from("b", "guard"));
    w.check_nobody_waits();
}

BOOST_AUTO_TEST_CASE(whoever_a_host_does_not_account_for_has_left) {
    cluster_world w;
    auto& verdict = w.ask(w.join(), {.policy = wait_policy::veto});
    w.delegate({"b/replied", "b/failed", "b/abstained", "b/gone", "b/lagged"});
    remote_answer answer;
    answer.replies.push_back({.response = "{}", .responder = "replied"});
    answer.missing = {
        {.responder = "failed", .why = "failed: no disk", .insists = true}, {.responder = "lagged", .why = "lagged"}};
    answer.silent.abstained = {"abstained"};
    BOOST_CHECK(w.record_reply("b", answer));
    BOOST_CHECK_EQUAL(verdict.missing(), "b/failed: failed: no disk; b/gone: left; b/lagged: lagged");
    BOOST_CHECK(verdict.verdict().abort.find("b/failed, which failed: no disk") != std::string::npos);
    w.check_nobody_waits();
}

BOOST_AUTO_TEST_CASE(a_host_that_could_not_ask_says_why_for_all_of_its_responders) {
    cluster_world w;
    auto& verdict = w.ask(w.join());
    w.delegate({"b/one", "b/two"});
    w.record_reply("b", {.failed = "busy"});
    BOOST_CHECK_EQUAL(verdict.missing(), "b/one: failed: busy; b/two: failed: busy");
    w.check_nobody_waits();
}

BOOST_AUTO_TEST_CASE(where_no_payload_fits_elsewhere_there_was_nobody) {
    cluster_world w;
    auto& verdict = w.ask(w.join());
    w.delegate({"b/picky"});
    remote_answer answer;
    answer.silent.passed = {"picky"};
    w.record_reply("b", answer);
    BOOST_CHECK_EQUAL(verdict.how(), outcome::no_subscribers);
    BOOST_CHECK_EQUAL(verdict.missing(), "");
    w.check_nobody_waits();
}

BOOST_AUTO_TEST_CASE(what_is_late_elsewhere_is_late_here) {
    cluster_world w;
    auto& verdict = w.ask(w.join(), {.timeout = 100ms});
    w.delegate({"b/slow"});
    remote_answer answer;
    answer.missing = {{.responder = "slow", .why = "timeout"}};
    w.record_reply("b", answer);
    BOOST_CHECK(!verdict.over());
    w.pass(100ms);
    BOOST_CHECK_EQUAL(verdict.how(), outcome::timeout);
    BOOST_CHECK_EQUAL(verdict.missing(), "b/slow: timeout");
    auto& unnamed = w.ask(w.join(), {.timeout = 100ms});
    w.pass(100ms);
    BOOST_CHECK_EQUAL(unnamed.missing(), "cluster: timeout");
    w.check_nobody_waits();
}

BOOST_AUTO_TEST_CASE(require_takes_a_name_of_any_host_or_one_hosts) {
    cluster_world w;
    auto& here = w.subscriber({"e"}, {.name = "here"});
    auto& verdict = w.ask(w.join(), {.require = {"guard", "c/guard", "a/here"}});
    BOOST_CHECK_EQUAL(w.cluster.take(), "ask e all");  // a first reply elsewhere would end the wait there too early
    w.reply(here, w.receive_one(here).id);
    BOOST_CHECK(!verdict.over());  // who is required may be there
    w.delegate({"b/guard", "c/guard"});
    w.reply_from("b", "guard");
    BOOST_CHECK(!verdict.over());
    w.reply_from("c", "guard");
    BOOST_CHECK_EQUAL(verdict.verdict().abort, "");
    auto& absent = w.ask(w.join(), {.require = {"c/guard"}});
    w.delegate({"b/guard"});
    w.reply(here, w.receive_one(here).id);
    BOOST_CHECK_EQUAL(absent.missing(), "c/guard: absent");
    BOOST_CHECK(absent.verdict().abort.find("c/guard, which is not there") != std::string::npos);
    w.check_nobody_waits();
}

BOOST_AUTO_TEST_CASE(a_reply_that_is_none_is_a_hook_that_failed) {
    cluster_world w;
    auto& verdict = w.ask(w.join());
    w.delegate({"b/guard"});
    w.reply_from("b", "guard", R"({"abort":1})");
    BOOST_CHECK_EQUAL(verdict.how(), outcome::abandoned);
    BOOST_CHECK(verdict.missing().starts_with("b/guard: failed: "));
    w.check_nobody_waits();
}

BOOST_AUTO_TEST_CASE(a_veto_from_elsewhere_counts_when_the_memory_is_full) {
    cluster_world w{{.memory_bytes = 16'000}};
    auto& verdict = w.ask(w.join(), {.policy = wait_policy::veto});
    w.delegate({"b/guard", "b/other"});
    w.reply_from("b", "guard", R"({"abort":")" + std::string(20'000, 'x') + "\"}");
    BOOST_CHECK_EQUAL(verdict.verdict().abort, "the reason is too long to be kept here");
    w.check_nobody_waits();
    BOOST_CHECK_EQUAL(w.broker.held().memory_bytes, 0U);
}

BOOST_AUTO_TEST_CASE(an_emitter_that_goes_away_closes_the_question) {
    cluster_world w;
    auto& emitter = w.join();
    auto& verdict = w.ask(emitter);
    w.delegate({"b/guard"});
    (void)w.cluster.take();
    w.leave(emitter);
    BOOST_CHECK_EQUAL(verdict.error_code(), errc::cancelled);
    BOOST_CHECK_EQUAL(w.cluster.take(), "close");
    BOOST_CHECK(!w.reply_from("b", "guard"));
    w.check_nobody_waits();
}

BOOST_AUTO_TEST_CASE(a_retry_joins_and_the_shutdown_ends_it) {
    cluster_world w;
    const wait_options how{.operation_id = numbered_uuid(7)};
    auto& first = w.ask(w.join(), how);
    auto& second = w.ask(w.join(), how);
    BOOST_CHECK_EQUAL(w.cluster.take(), "ask e first");
    w.delegate({"b/guard"});
    w.reply_from("b", "guard", R"({"n":1})");
    BOOST_CHECK_EQUAL(first.responses(), second.responses());
    BOOST_CHECK_EQUAL(w.ask(w.join(), how).responses(), R"({"n":1} by b/guard)");
    auto& open = w.ask(w.join());
    w.delegate({"b/guard"});
    w.shut_down();
    BOOST_CHECK_EQUAL(open.how(), outcome::shutdown);
    BOOST_CHECK_EQUAL(open.missing(), "b/guard: shutdown");
}

BOOST_AUTO_TEST_CASE(hooks_elsewhere_have_their_records_and_who_names_them) {
    cluster_world w;
    w.ask(w.join());
    w.delegate({"b/guard"});
    w.reply_from("b", "guard", R"({"abort":"no"})");
    const auto stats = w.stats();
    BOOST_REQUIRE_EQUAL(stats.hooks.size(), 1U);
    BOOST_CHECK_EQUAL(stats.hooks[0].name, "b/guard");
    BOOST_CHECK_EQUAL(stats.hooks[0].vetoed, 1U);
    BOOST_CHECK_EQUAL(w.broker.who({.event = "e", .scope = cluster_scope}).responders.size(), 1U);
    BOOST_CHECK_EQUAL(w.broker.who({.event = "e"}).responders.size(), 0U);
}

BOOST_AUTO_TEST_CASE(in_any_order_of_what_happens_each_wait_ends_once_and_nothing_is_left) {
    // Of a small number of steps every order, duplicates and steps that come too late among them.
    const std::vector<std::function<void(cluster_world&)>> steps{[](cluster_world& w) {
                                                                     w.delegate({"b/guard", "c/guard!"});
                                                                 },
        [](cluster_world& w) { w.delegate({}); }, [](cluster_world& w) { w.reply_from("b", "guard"); },
        [](cluster_world& w) { w.reply_from("c", "guard", R"({"abort":"no"})"); },
        [](cluster_world& w) { w.host_left("c"); }, [](cluster_world& w) { w.fail("down"); },
        [](cluster_world& w) { w.pass(50ms); }, [](cluster_world& w) { w.record_reply("b", {.failed = "busy"}); }};
    for (const auto policy : {wait_policy::first, wait_policy::veto, wait_policy::all}) {
        const std::size_t count = steps.size();
        for (std::size_t order = 0; order < count * count * count * count; ++order) {
            cluster_world w;
            auto& verdict = w.ask(w.join(), {.timeout = 100ms, .policy = policy, .on_failure = failure_policy::closed});
            std::optional<std::size_t> first_word;  // of the cluster: who is asked, that nobody is, or that it is down
            for (std::size_t left = order, i = 0; i < 4; left /= count, ++i) {
                const auto step = left % count;
                if (!first_word && (step == 0 || step == 1 || step == 5)) {
                    first_word = step;
                }
                steps[step](w);
            }
            w.pass(100ms);
            BOOST_REQUIRE(verdict.result);
            // Consent is somebody's word, and nobody who was asked is missing who insists: here c/guard, or objects.
            const bool is_consent = verdict.result->abort.empty();
            BOOST_CHECK(!is_consent || !verdict.result->responses.empty());
            BOOST_CHECK(!is_consent || policy == wait_policy::first || first_word != 0U);
            w.check_nobody_waits();
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()
