// SPDX-License-Identifier: BSL-1.0
// A daemon in a cluster that the test plays: what it says to its helper program, and what that makes of its peers'
// requests.
#include "support/fake_cluster.hpp"
#include "support/json_access.hpp"
#include "support/raw_json.hpp"

#include <boost/test/unit_test.hpp>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <sys/stat.h>

using namespace hookd::test;

namespace {

constexpr std::string_view scope = R"("scope":"cluster")";
constexpr std::string_view guard_on_b = R"({"host":"b","responders":[{"name":"guard","on_failure":"open","order":0}]})";
constexpr std::string_view stamp = R"("emitted_at":"2026-11-23T14:07:44.535103568Z")";

/// A daemon, host `a`, whose link is up.
struct clustered {
    explicit clustered(const std::string& events = {}, std::vector<std::string> more = {}) {
        auto arguments = cluster.arguments(events);
        arguments.insert(arguments.end(), more.begin(), more.end());
        daemon = std::make_unique<test_daemon>(std::move(arguments), cluster.environment());
        link = cluster.accept();
        hello = link->come_up();
        wait_until_up();
    }

    void wait_until_up() {
        eventually("the link is up", [this] { return text_at(daemon->stats(), "/cluster/state") == "up"; });
    }
    /// Ends the link, and waits until the daemon has noticed.
    void take_down() {
        link->hang_up();
        eventually("the link is down", [this] { return text_at(daemon->stats(), "/cluster/state") == "down"; });
    }
    std::string begin_wait(wire_client& emitter, const std::string& more = "") {
        return send_emit_and_wait(emitter, "e", std::string{scope} + (more.empty() ? "" : "," + more));
    }
    /// A session of scope cluster that the cluster knows.
    wire_client guard(const std::string& more = R"("name":"guard")") {
        auto peer = daemon->connect();
        const auto request =
            peer.send_request("subscribe", R"({"events":["e"],)" + std::string{scope} + "," + more + "}");
        const auto announced = link->next("session");
        link->send("session_ready", R"({"session":)" + announced.raw({"params", "session"}) + "}");
        BOOST_TEST(peer.response_to(request).error_code() == 0);
        return peer;
    }
    /// A question of host b, whose id ends in `digit`.
    static std::string question(char digit, const std::string& more = R"("policy":"veto","timeout_ms":20000)",
        const std::string& payload = "{}") {
        return R"({"host":"b","hook_event_id":"00000000-0000-4000-8000-00000000000)" + std::string(1, digit) +
               R"(","event":"e","payload":)" + payload + "," + std::string{stamp} + (more.empty() ? "" : "," + more) +
               "}";
    }

    fake_cluster cluster{};
    std::unique_ptr<test_daemon> daemon{};
    std::unique_ptr<fake_link> link{};
    wire_message hello{};
};

std::string missing_of(const wire_message& verdict) {
    std::string text;
    const auto result = verdict.at("/result/missing");
    for (const auto& each : result.as_array()) {
        text += (text.empty() ? "" : "; ") + (has_at(each, "/host") ? text_at(each, "/host") + "/" : std::string{}) +
                text_at(each, "/responder") + ": " + text_at(each, "/why");
    }
    return text;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(cluster_suite)

BOOST_AUTO_TEST_CASE(the_helper_is_told_who_this_is_and_the_url_by_no_command_line) {
    clustered with;
    BOOST_TEST(with.hello.integer("/params/protocol") == 1);
    BOOST_TEST(with.hello.string("/params/url") == "postgresql://user:secret@db.example/hooks");
    BOOST_TEST(with.hello.string("/params/host") == "a");
    BOOST_TEST(with.hello.integer("/params/lease_ms") == 15'000);
    auto peer = with.daemon->connect();
    const auto ping = peer.result("ping");
    BOOST_TEST(with.hello.string("/params/instance") == text_at(ping, "/instance"));
    BOOST_TEST(text_at(ping, "/cluster/engine") == "Fake 1.0");
    BOOST_TEST(text_at(ping, "/cluster/state") == "up");
    BOOST_TEST(with.daemon->log().find("secret") == std::string::npos);
    eventually("what it says is logged",
        [&] { return with.daemon->log().find("cluster: the helper runs") != std::string::npos; });
}

BOOST_AUTO_TEST_CASE(a_hook_on_another_host_vetoes_an_event_of_this_one) {
    clustered with;
    auto emitter = with.daemon->connect();
    const auto request = with.begin_wait(emitter, R"("payload":{ "n": 1.50 },"policy":"veto","timeout_ms":20000)");
    const auto asked = with.link->next("ask");
    BOOST_TEST(asked.raw({"params", "payload"}) == R"({ "n": 1.50 })");
    BOOST_TEST(asked.string("/params/event") == "e");
    BOOST_TEST(asked.string("/params/policy") == "veto");
    BOOST_TEST(asked.integer("/params/timeout_ms") == 20'000);
    const auto id = asked.string("/params/hook_event_id");
    with.link->send("asked", R"({"hook_event_id":")" + id + R"(","hosts":[)" + std::string{guard_on_b} + "]}");
    with.link->settle(
        "b", id, R"({"response":{"abort": "not on b"},"responder":"guard","uid":7,"elapsed_ns":1500000})");
    const auto verdict = emitter.response_to(request);
    BOOST_TEST(verdict.string("/result/hook_event_id") == id);
    BOOST_TEST(verdict.string("/result/abort") == "not on b");
    BOOST_TEST(verdict.raw({"result", "responses"}) ==
               R"([{"response":{"abort": "not on b"},"responder":"guard","uid":7,"elapsed_ms":1.500,"host":"b"}])");
    const auto stats = with.daemon->stats();
    BOOST_TEST(int_at(stats, "/cluster/asked") == 1);
    BOOST_TEST(text_at(stats, "/cluster/engine") == "Fake 1.0");
    BOOST_TEST(int_at(stats, "/hooks/b~1guard/vetoed") == 1);
}

BOOST_AUTO_TEST_CASE(a_question_is_closed_where_a_host_still_owes_an_answer) {
    clustered with;
    auto emitter = with.daemon->connect();
    const std::string two_hosts =
        std::string{guard_on_b} + R"(,{"host":"c","responders":[{"name":"x","on_failure":"open","order":0}]})";
    constexpr std::string_view veto = R"({"response":{"abort":"no"},"responder":"guard","uid":7,"elapsed_ns":1})";
    auto request = with.begin_wait(emitter, R"("policy":"veto")");
    const auto answered = with.link->take_question(guard_on_b);
    with.link->settle("b", answered, veto);
    BOOST_TEST(emitter.response_to(request).string("/result/abort") == "no");
    request = with.begin_wait(emitter, R"("policy":"veto")");
    const auto owed = with.link->take_question(two_hosts);
    with.link->settle("b", owed, veto);
    BOOST_TEST(emitter.response_to(request).string("/result/abort") == "no");
    BOOST_TEST(with.link->next("close").string("/params/hook_event_id") == owed);  // and the first never was
}

BOOST_AUTO_TEST_CASE(a_cluster_that_names_nobody_or_cannot_ask_is_what_the_verdict_says) {
    clustered with;
    auto emitter = with.daemon->connect();
    auto request = with.begin_wait(emitter);
    (void)with.link->take_question("");
    BOOST_TEST(emitter.response_to(request).string("/result/outcome") == "no_subscribers");
    request = with.begin_wait(emitter, R"("failure_policy":"closed")");
    with.link->send("ask_failed", R"({"hook_event_id":")" + with.link->next("ask").string("/params/hook_event_id") +
                                      R"(","reason":"too large"})");
    const auto failed = emitter.response_to(request);
    BOOST_TEST(failed.string("/result/outcome") == "abandoned");
    BOOST_TEST(missing_of(failed) == "cluster: failed: too large");
    BOOST_TEST(failed.string("/result/abort").find("cluster failed: too large") != std::string::npos);
    BOOST_TEST(int_at(with.daemon->stats(), "/cluster/failed") == 1);
}

BOOST_AUTO_TEST_CASE(no_wait_outlives_its_deadline_whatever_the_link_leaves_unsaid) {
    clustered with;
    auto emitter = with.daemon->connect();
    const auto unnamed = with.begin_wait(emitter, R"("timeout_ms":50)");
    const auto verdict = emitter.response_to(unnamed);
    BOOST_TEST(verdict.string("/result/outcome") == "timeout");
    BOOST_TEST(missing_of(verdict) == "cluster: timeout");
    const auto unanswered = with.begin_wait(emitter, R"("timeout_ms":300)");
    (void)with.link->next("ask");
    (void)with.link->take_question(guard_on_b);
    BOOST_TEST(missing_of(emitter.response_to(unanswered)) == "b/guard: timeout");
}

BOOST_AUTO_TEST_CASE(a_question_of_another_host_is_asked_here_and_answered) {
    clustered with;
    auto guard = with.guard();
    auto local = with.daemon->connect();
    subscribe(local, "e", R"("name":"local")");
    with.link->send(
        "event", clustered::question('1', R"("policy":"veto","timeout_ms":20000,"cause":"x")", R"({ "n": 1.50 })"));
    const auto event = guard.next_event();
    BOOST_TEST(event.string("/params/host") == "b");
    BOOST_TEST(event.string("/params/cause") == "x");
    BOOST_TEST(event.string("/params/emitted_at") == "2026-11-23T14:07:44.535103568Z");
    BOOST_TEST(event.raw({"params", "payload"}) == R"({ "n": 1.50 })");
    BOOST_TEST(event.raw({"params", "expects_response"}) == "true");
    respond(guard, event.string("/params/hook_event_id"), R"("response":{"abort": "no"})");
    const auto reply = with.link->next("reply");
    BOOST_TEST(reply.string("/params/origin") == "b");
    BOOST_TEST(reply.raw({"params", "decides"}) == "true");
    BOOST_TEST(reply.raw({"params", "result", "replies"}).find(R"("response":{"abort": "no"},"responder":"guard")") !=
               std::string::npos);
    emit(local, "sentinel");
    BOOST_TEST(!local.has_message());
    BOOST_TEST(int_at(with.daemon->stats(), "/cluster/answered") == 1);
    BOOST_TEST(int_at(with.daemon->stats(), "/verdicts/vetoed") == 0);
}

BOOST_AUTO_TEST_CASE(what_one_daemon_says_to_a_question_another_takes_as_its_answer) {
    clustered with;
    auto guard = with.guard();
    with.link->send("event", clustered::question('1', R"("policy":"all","timeout_ms":20000)"));
    respond(guard, guard.next_event().string("/params/hook_event_id"), R"("response":{"x":"\u0041\n"})");
    const auto result = with.link->next("reply").raw({"params", "result"});
    auto emitter = with.daemon->connect();
    const auto request = with.begin_wait(emitter, R"("policy":"all")");
    respond(guard, guard.next_event().string("/params/hook_event_id"));
    const auto id = with.link->take_question(guard_on_b);
    with.link->send("settled", R"({"host":"b","hook_event_id":")" + id + R"(","result":)" + result + "}");
    const auto verdict = emitter.response_to(request);
    BOOST_TEST(verdict.string("/result/outcome") == "answered");
    BOOST_TEST(size_at(verdict.json(), "/result/responses") == 2U);
    BOOST_TEST(verdict.text.find(R"("response":{"x":"\u0041\n"},"responder":"guard")") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_wait_that_is_over_elsewhere_is_over_here) {
    clustered with;
    auto guard = with.guard(R"("name":"guard","cancellations":true)");
    with.link->send("event", clustered::question('1'));
    const auto id = guard.next_event().string("/params/hook_event_id");
    with.link->send("cancel", R"({"hook_event_id":")" + id + R"(","reason":"decided"})");
    const auto told = guard.next_notification();
    BOOST_TEST(told.method() == "cancelled");
    BOOST_TEST(told.string("/params/hook_event_id") == id);
    BOOST_TEST(text_at(respond(guard, id), "/reason") == "cancelled");
    with.daemon->wait_for_stat("/waiting", 0);
    BOOST_TEST(with.link->waiting("reply") == 0U);
}

BOOST_AUTO_TEST_CASE(at_most_512_questions_of_other_hosts_are_under_way) {
    clustered with;
    auto guard = with.guard();
    for (int i = 0; i < 513; ++i) {
        auto id = std::to_string(100'000 + i);
        with.link->send("event", R"({"host":"b","hook_event_id":"00000000-0000-4000-8000-000000)" + id +
                                     R"(","event":"e","payload":{},)" + std::string{stamp} +
                                     R"(,"policy":"all","timeout_ms":60000})");
    }
    const auto refused = with.link->next("reply");
    BOOST_TEST(refused.string("/params/result/failed") == "busy");
    BOOST_TEST(refused.string("/params/hook_event_id").ends_with("100512"));
    BOOST_TEST(int_at(with.daemon->stats(), "/waiting") == 512);
}

BOOST_AUTO_TEST_CASE(a_subscribe_of_scope_cluster_is_answered_once_the_other_hosts_know_of_it) {
    clustered with;
    auto guard = with.daemon->connect();
    const auto request = guard.send_request("subscribe",
        R"({"events":["e","f*"],"name":"guard","on_failure":"closed","order":3,)" + std::string{scope} + "}");
    const auto announced = with.link->next("session");
    BOOST_TEST(announced.raw({"params", "events"}) == R"(["e","f*"])");
    BOOST_TEST(announced.string("/params/name") == "guard");
    BOOST_TEST(announced.raw({"params", "responds"}) == "true");
    BOOST_TEST(announced.string("/params/on_failure") == "closed");
    BOOST_TEST(announced.integer("/params/order") == 3);
    auto emitter = with.daemon->connect();
    emit(emitter, "e");
    BOOST_TEST(!guard.has_message());
    with.link->send("session_ready", R"({"session":)" + announced.raw({"params", "session"}) + "}");
    BOOST_TEST(guard.receive().has({"result"}));  // before the event
    BOOST_TEST(guard.next_event().string("/params/event") == "e");
    (void)request;
    guard.close();
    BOOST_TEST(with.link->next("session_gone").raw({"params", "session"}) == announced.raw({"params", "session"}));
}

BOOST_AUTO_TEST_CASE(while_the_link_is_down_local_hooks_decide_as_ever) {
    clustered with;
    with.take_down();
    auto guard = with.daemon->connect();
    subscribe(guard, "e", R"("name":"guard",)" + std::string{scope});  // answered at once
    auto emitter = with.daemon->connect();
    auto request = with.begin_wait(emitter, R"("policy":"veto")");
    respond(guard, guard.next_event().string("/params/hook_event_id"), R"("response":{"abort":"local"})");
    BOOST_TEST(emitter.response_to(request).string("/result/abort") == "local");
    request = with.begin_wait(emitter, R"("policy":"veto","failure_policy":"closed")");
    respond(guard, guard.next_event().string("/params/hook_event_id"));
    const auto verdict = emitter.response_to(request);
    BOOST_TEST(missing_of(verdict).starts_with("cluster: failed: "));
    BOOST_TEST(verdict.string("/result/abort") != "");
    const auto refused = emitter.failure("emit", R"({"event":"e",)" + std::string{scope} + "}");
    BOOST_TEST(refused.error_code() == -32007);
    BOOST_TEST(refused.string("/error/data/reason") != "");
    BOOST_TEST(!guard.has_message());
    // Once it is back the session is announced.
    with.link = with.cluster.accept();
    (void)with.link->come_up();
    BOOST_TEST(with.link->next("session").string("/params/name") == "guard");
    BOOST_TEST(int_at(with.daemon->stats(), "/cluster/reconnects") == 1);
}

BOOST_AUTO_TEST_CASE(a_link_on_its_way_back_has_failed_for_the_reason_of_its_fall_which_is_logged_once) {
    clustered with;
    for (int i = 0; i < 3; ++i) {
        with.link->send("state", R"({"state":"down","reason":"the engine is gone"})");
        with.link->send("state", R"({"state":"connecting"})");
        with.link->send("state", R"({"state":"entering"})");
    }
    eventually("it enters", [&] { return text_at(with.daemon->stats(), "/cluster/state") == "entering"; });
    auto emitter = with.daemon->connect();
    BOOST_TEST(missing_of(emitter.response_to(with.begin_wait(emitter))) == "cluster: failed: the engine is gone");
    with.link->send("state", R"({"state":"down","reason":"the role is wrong"})");
    eventually(
        "another reason is logged", [&] { return with.daemon->log().find("the role is wrong") != std::string::npos; });
    const auto log = with.daemon->log();
    BOOST_TEST(log.find("the engine is gone") == log.rfind("the engine is gone"));
}

BOOST_AUTO_TEST_CASE(a_helper_that_dies_fails_what_waits_at_once_and_is_started_again) {
    clustered with;
    auto emitter = with.daemon->connect();
    const auto request = with.begin_wait(emitter, R"("policy":"all")");
    (void)with.link->take_question(guard_on_b);
    auto telling = with.daemon->connect();
    const auto told = telling.send_request("emit", R"({"event":"e",)" + std::string{scope} + "}");
    (void)with.link->next("tell");
    with.link->hang_up();
    const auto verdict = emitter.response_to(request);
    BOOST_TEST(verdict.string("/result/outcome") == "abandoned");
    BOOST_TEST(missing_of(verdict) == "b/guard: failed: the helper has ended; cluster: failed: the helper has ended");
    BOOST_TEST(telling.response_to(told).error_code() == -32007);
    with.link = with.cluster.accept();
    (void)with.link->come_up();
    with.wait_until_up();
}

BOOST_AUTO_TEST_CASE(a_helper_that_sends_nonsense_is_ended_and_the_log_says_what_it_was) {
    for (const auto& [nonsense, fault] : {std::pair{std::string{"\0\0\0\3{]}", 7}, "it is not a valid JSON object"},
             std::pair{std::string{"\x7f\xff\xff\xff", 4}, "The frame is longer than max_frame"},
             std::pair{encode_frame(framing::length, R"({"jsonrpc":"2.0","method":"cluster.sing"})"),
                 "cluster.sing: there is no such message"},
             std::pair{encode_frame(framing::length,
                           R"({"jsonrpc":"2.0","method":"cluster.asked","params":{"hook_event_id":"x","hosts":[]}})"),
                 "cluster.asked: hook_event_id"},
             std::pair{
                 encode_frame(framing::length, R"({"jsonrpc":"2.0","method":"cluster.event","params":{"host":"b b"}})"),
                 "cluster.event: host"}}) {
        clustered with;
        with.link->send_raw(nonsense);
        with.link->wait_until_ended();
        const auto said = "the helper sent what it must not: " + std::string{fault};
        eventually(said, [&] { return with.daemon->log().find(said) != std::string::npos; });
        with.link = with.cluster.accept();
        (void)with.link->come_up();
        with.wait_until_up();
    }
}

BOOST_AUTO_TEST_CASE(a_helper_that_falls_silent_is_ended) {
    clustered with;
    with.link->fall_silent();
    with.link->wait_until_ended();
    eventually(
        "the log says so", [&] { return with.daemon->log().find("has said nothing for 5 s") != std::string::npos; });
}

BOOST_AUTO_TEST_CASE(a_helper_that_does_not_read_is_ended_before_it_takes_the_memory) {
    clustered with;
    with.link->stop_reading();
    auto emitter = with.daemon->connect();
    const std::string payload = R"("payload":")" + std::string(12 << 20, 'x') + '"';
    std::vector<std::string> requests;
    for (int i = 0; i < 8; ++i) {
        requests.push_back(with.begin_wait(emitter, payload + R"(,"timeout_ms":60000)"));
    }
    for (const auto& each : requests) {
        const auto missing = missing_of(emitter.response_to(each));
        // Where it takes 10 s to send so much, the first question has waited too long.
        BOOST_TEST((missing == "cluster: failed: lagged: the helper does not read what it is sent" ||
                       missing == "cluster: failed: the helper has not done in 10 s what it was asked"),
            missing);
    }
}

BOOST_AUTO_TEST_CASE(an_event_is_told_to_the_cluster_before_anybody_here_sees_it) {
    clustered with;
    auto observer = with.daemon->connect();
    subscribe(observer, "e", R"("responds":false)");
    auto emitter = with.daemon->connect();
    auto request = emitter.send_request("emit", R"({"event":"e","payload":[1.50],)" + std::string{scope} + "}");
    auto told = with.link->next("tell");
    BOOST_TEST(told.raw({"params", "payload"}) == "[1.50]");
    BOOST_TEST(!observer.has_message());
    with.link->send("told", R"({"request":)" + told.raw({"params", "request"}) + R"(,"hosts":2})");
    const auto result = emitter.response_to(request);
    BOOST_TEST(result.string("/result/hook_event_id") == told.string("/params/hook_event_id"));
    BOOST_TEST(result.integer("/result/subscribers") == 1);
    const auto event = observer.next_event();
    BOOST_TEST(event.string("/params/hook_event_id") == told.string("/params/hook_event_id"));
    BOOST_TEST(!event.has({"params", "host"}));
    request = emitter.send_request("emit", R"({"event":"e",)" + std::string{scope} + "}");
    told = with.link->next("tell");
    with.link->send("told", R"({"request":)" + told.raw({"params", "request"}) + R"(,"failed":"the disk is full"})");
    const auto refused = emitter.response_to(request);
    BOOST_TEST(refused.error_code() == -32007);
    BOOST_TEST(refused.string("/error/data/reason") == "the disk is full");
    BOOST_TEST(!observer.has_message());
    BOOST_TEST(int_at(with.daemon->stats(), "/head_seq") == 1);
}

BOOST_AUTO_TEST_CASE(a_retry_of_a_told_event_fires_it_once) {
    clustered with;
    const std::string params =
        R"({"event":"e","operation_id":"4c0f0cb4-8c1c-4c1e-9d0e-0d3f0b6f2a11",)" + std::string{scope} + "}";
    auto emitter = with.daemon->connect();
    const auto first = emitter.send_request("emit", params);
    const auto told = with.link->next("tell");
    const auto joined = emitter.send_request("emit", params);
    with.link->send("told", R"({"request":)" + told.raw({"params", "request"}) + R"(,"hosts":0})");
    const auto result = emitter.response_to(first).raw({"result"});
    BOOST_TEST(emitter.response_to(joined).raw({"result"}) == result);
    BOOST_TEST(emitter.call("emit", params).raw({"result"}) == result);
    BOOST_TEST(with.link->waiting("tell") == 0U);
}

BOOST_AUTO_TEST_CASE(a_gap_is_told_to_sessions_of_scope_cluster_and_to_no_others) {
    clustered with;
    auto guard = with.guard();
    auto local = with.daemon->connect();
    subscribe(local, "e");
    with.link->send("gap", R"({"reason":"the database was restarted"})");
    BOOST_TEST(guard.next_closed().string("/params/reason") == "gap");
    BOOST_TEST(!local.has_message());
    const auto request =
        guard.send_request("subscribe", R"({"events":["e"],"name":"guard",)" + std::string{scope} + "}");
    const auto announced = with.link->next("session");
    with.link->send("session_ready", R"({"session":)" + announced.raw({"params", "session"}) + "}");
    BOOST_TEST(guard.response_to(request).error_code() == 0);
    BOOST_TEST(int_at(with.daemon->stats(), "/cluster/gaps") == 1);
}

BOOST_AUTO_TEST_CASE(hosts_and_who_say_what_the_cluster_says) {
    clustered with;
    auto guard = with.guard();
    with.link->send("hosts",
        R"({"hosts":[{"host":"a","lease_ms":15000,"sessions":[]},{"host":"b","lease_ms":9000,"sessions":[)"
        R"({"name":"far","events":["e*"],"responds":true,"order":5},{"name":"log","events":["*"],"responds":false}]}]})");
    auto peer = with.daemon->connect();
    eventually("the hosts are known", [&] { return size_at(peer.result("cluster_hosts"), "/hosts") == 2; });
    const auto hosts = peer.result("cluster_hosts");
    BOOST_TEST(text_at(hosts, "/hosts/0/host") == "a");
    BOOST_TEST(text_at(hosts, "/hosts/0/state") == "up");
    BOOST_TEST(text_at(hosts, "/hosts/0/hooks/0/name") == "guard");
    BOOST_TEST(text_at(hosts, "/hosts/1/host") == "b");
    BOOST_TEST(int_at(hosts, "/hosts/1/lease_ms") == 9000);
    BOOST_TEST(text_at(hosts, "/hosts/1/hooks/0/events/0") == "e*");
    const auto who = peer.result("who", R"({"event":"e",)" + std::string{scope} + "}");
    BOOST_TEST(size_at(who, "/responders") == 2U);
    BOOST_TEST(text_at(who, "/responders/1/name") == "far");
    BOOST_TEST(text_at(who, "/responders/1/host") == "b");
    BOOST_TEST(int_at(who, "/observers") == 1);
    BOOST_TEST(size_at(peer.result("who", R"({"event":"e"})"), "/responders") == 1U);
    BOOST_TEST(int_at(with.daemon->stats(), "/cluster/hosts") == 1);
}

BOOST_AUTO_TEST_CASE(a_queue_of_notifications_that_fills_is_logged_once) {
    clustered with;
    for (const char* const permille : {"499", "500", "734", "400"}) {
        with.link->send("hosts", R"({"hosts":[],"queue_permille":)" + std::string{permille} + "}");
    }
    with.link->send("hosts", R"({"hosts":[{"host":"b","lease_ms":1,"sessions":[]}],"queue_permille":621})");
    eventually("it is said again", [&] { return with.daemon->log().find("62 % full") != std::string::npos; });
    BOOST_TEST(with.daemon->log().find("50 % full") != std::string::npos);
    BOOST_TEST(with.daemon->log().find("73 % full") == std::string::npos);
    const auto usage = [&with] { return with.daemon->stats().at_pointer("/cluster/queue_usage"); };
    BOOST_TEST(usage().to_number<double>() == 0.621);
    with.link->send("hosts", R"({"hosts":[]})");  // of an engine that has no such queue
    eventually("it is gone", [&] { return usage().is_null(); });
}

BOOST_AUTO_TEST_CASE(a_registered_hook_of_scope_cluster_is_told_the_host) {
    clustered with;
    auto peer = with.daemon->connect();
    const auto request = peer.send_request(
        "register_hook", R"({"name":"where","command":["/bin/sh","-c","echo $HOOK_HOST >&2; exit 1"],"events":["e"],)" +
                             std::string{scope} + "}");
    const auto announced = with.link->next("session");
    BOOST_TEST(announced.string("/params/kind") == "registered");
    BOOST_TEST(!peer.has_message());
    with.link->send("session_ready", R"({"session":)" + announced.raw({"params", "session"}) + "}");
    BOOST_TEST(peer.response_to(request).string("/result/scope") == "cluster");
    with.link->send("event", clustered::question('1'));
    BOOST_TEST(with.link->next("reply").string("/params/result/replies/0/response/abort") == "b");
    BOOST_TEST(text_at(peer.result("emit_and_wait", R"({"event":"e"})"), "/abort") == "a");
}

BOOST_AUTO_TEST_CASE(each_event_is_of_the_cluster_that_takes_it) {
    clustered with{"deploy.*"};
    auto peer = with.daemon->connect();
    const auto refused = peer.failure("emit_and_wait", R"({"event":"e",)" + std::string{scope} + "}");
    BOOST_TEST(refused.error_code() == -32007);
    const auto request = send_emit_and_wait(peer, "deploy.web", std::string{scope});
    (void)with.link->take_question("");
    BOOST_TEST(peer.response_to(request).string("/result/outcome") == "no_subscribers");
    BOOST_TEST(text_at(with.daemon->stats(), "/cluster/events/0") == "deploy.*");
}

BOOST_AUTO_TEST_CASE(a_cluster_that_cannot_be_is_refused_with_what_to_do) {
    const fake_cluster cluster;
    const auto said = [&](const std::string& url, mode_t mode, std::vector<std::string> more = {}) {
        write_file(cluster.url_file(), url);
        ::chmod(cluster.url_file().c_str(), mode);
        std::vector<std::string> arguments{hookd_binary(), "--socket", cluster.directory() / "s", "--check"};
        more = more.empty() ? cluster.arguments() : more;
        arguments.insert(arguments.end(), more.begin(), more.end());
        auto environment = cluster.environment();
        environment.environment["XDG_STATE_HOME"] = cluster.directory().path();
        const auto done = run_program(arguments, "", environment);
        return std::to_string(done.exit_status) + " " + done.err;
    };
    BOOST_TEST(said("nats://host\n", 0600) == "0 ");
    for (const auto& [wrong, word] : {std::pair{said("nats://host\n", 0644), "chmod 600"},
             std::pair{said("http://u:secret@h\n", 0600), "scheme http"}, std::pair{said("", 0600), "one line"},
             std::pair{said("nats://h\nnats://i\n", 0600), "one line"},
             std::pair{said("nats://h", 0600, {"--cluster", "/no/such/file"}), "/no/such/file"},
             std::pair{said("nats://h", 0600, {"--cluster", cluster.url_file() + ",evnts=a"}), "events="},
             std::pair{said("nats://h", 0600, {"--cluster", cluster.url_file() + ",events=a b"}), "matches no event"},
             std::pair{said("nats://h", 0600, {"--cluster-host", "a b"}), "characters"},
             std::pair{said("nats://h", 0600, {"--cluster-lease", "1ms"}), "cluster-lease"}}) {
        BOOST_TEST(wrong.starts_with("2 "), wrong);
        BOOST_TEST(wrong.find(word) != std::string::npos, wrong);
        BOOST_TEST(wrong.find("secret") == std::string::npos, wrong);
    }
}

BOOST_AUTO_TEST_CASE(hookd_loads_no_engines_library) {
    const auto loaded = run_program({"ldd", hookd_binary()}).out;
    for (const char* library : {"libpq", "nats", "libssl", "libcrypto", "libgssapi", "libldap"}) {
        BOOST_TEST(loaded.find(library) == std::string::npos, loaded);
    }
}

BOOST_AUTO_TEST_SUITE_END()
