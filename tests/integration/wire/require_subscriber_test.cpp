// SPDX-License-Identifier: BSL-1.0
// Section 3 of the wire contract: `emit_and_wait` with `require_subscriber` false waits for a responder that is yet to
// come.
#include "support/json_access.hpp"
#include "support/raw_json.hpp"
#include "support/test_daemon.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

using namespace hookd::test;

namespace {

// Emits "e" and waits until the daemon has the slot; returns the request's id.
std::string begin(test_daemon& daemon, wire_client& emitter, const std::string& more = "") {
    auto request = send_emit_and_wait(emitter, "e", R"("require_subscriber":false)" + (more.empty() ? "" : "," + more));
    daemon.wait_for_stat("/waiting", 1);
    return request;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(require_subscriber_suite)

BOOST_AUTO_TEST_CASE(first_responder_that_comes_gets_the_event_first_thing_and_is_waited_for) {
    test_daemon daemon;
    auto emitter = daemon.connect();
    const auto request = begin(daemon, emitter, R"("payload":[1.50])");
    auto other = daemon.connect();
    emit(other, "later");
    auto responder = daemon.connect();
    BOOST_TEST(int_at(subscribe(responder, "*", R"("name":"r")"), "/head_seq") == 2);
    emit(other, "even-later");
    const auto event = responder.next_event();
    BOOST_TEST(event.integer("/params/seq") == 1);
    BOOST_TEST(event.raw({"params", "payload"}) == "[1.50]");
    BOOST_TEST(event.raw({"params", "expects_response"}) == "true");
    BOOST_TEST(responder.next_event().integer("/params/seq") == 3);
    BOOST_TEST(bool_at(
        respond(responder, event.string("/params/hook_event_id"), R"("response":{"abort":"no"})"), "/accepted"));
    const auto verdict = emitter.response_to(request);
    BOOST_TEST(verdict.string("/result/outcome") == "answered");
    BOOST_TEST(verdict.string("/result/abort") == "no");
    BOOST_TEST(verdict.string("/result/responses/0/responder") == "r");
    BOOST_TEST(verdict.integer("/result/seq") == 1);
}

BOOST_AUTO_TEST_CASE(only_the_first_that_comes_gets_it) {
    test_daemon daemon;
    auto emitter = daemon.connect();
    const auto request = begin(daemon, emitter, R"("policy":"all")");
    auto first = daemon.connect();
    subscribe(first, "*", R"("name":"first")");
    auto second = daemon.connect();
    subscribe(second, "*", R"("name":"second")");
    auto other = daemon.connect();
    emit(other, "sentinel");
    BOOST_TEST(second.next_event().string("/params/event") == "sentinel");
    respond(first, first.next_event().string("/params/hook_event_id"));
    const auto verdict = emitter.response_to(request);
    BOOST_TEST(verdict.string("/result/outcome") == "answered");
    BOOST_TEST(size_at(verdict.json(), "/result/responses") == 1U);
}

BOOST_AUTO_TEST_CASE(observers_and_those_that_do_not_match_are_not_what_it_waits_for) {
    test_daemon daemon;
    auto emitter = daemon.connect();
    auto early_observer = daemon.connect();
    subscribe(early_observer, "*", R"("responds":false)");
    const auto request = begin(daemon, emitter);
    auto observer = daemon.connect();
    subscribe(observer, "*", R"("responds":false)");
    auto stranger_to_it = daemon.connect();
    subscribe(stranger_to_it, "something-else");
    auto responder = daemon.connect();
    subscribe(responder, "e");
    respond(responder, responder.next_event().string("/params/hook_event_id"));
    BOOST_TEST(emitter.response_to(request).string("/result/outcome") == "answered");
    emit(emitter, "sentinel");
    BOOST_TEST(observer.next_event().string("/params/event") == "sentinel");
    BOOST_TEST(early_observer.next_event().string("/params/event") == "e");
}

BOOST_AUTO_TEST_CASE(one_that_resumes_past_it_is_not_waited_for) {
    test_daemon daemon;
    auto emitter = daemon.connect();
    const auto request = begin(daemon, emitter);
    auto past = daemon.connect();
    subscribe(past, "*", R"("after_seq":1,"name":"past")");
    past.close();
    daemon.wait_for_stat("/subscribers", 0);
    BOOST_TEST(int_at(daemon.stats(), "/waiting") == 1);  // whoever is waited for and leaves would have ended it
    auto responder = daemon.connect();
    subscribe(responder, "*", R"("after_seq":0,"name":"before")");
    const auto event = responder.next_event();
    BOOST_TEST(event.integer("/params/seq") == 1);
    respond(responder, event.string("/params/hook_event_id"));
    const auto verdict = emitter.response_to(request);
    BOOST_TEST(verdict.string("/result/outcome") == "answered");
    BOOST_TEST(verdict.string("/result/responses/0/responder") == "before");
    emit(emitter, "sentinel");
    BOOST_TEST(responder.next_event().string("/params/event") == "sentinel");  // it came once, not by the replay too
}

BOOST_AUTO_TEST_CASE(with_a_responder_there_it_is_as_ever) {
    test_daemon daemon;
    auto responder = daemon.connect();
    subscribe(responder, "*", R"("name":"r")");
    auto emitter = daemon.connect();
    const auto request = begin(daemon, emitter);
    responder.next_event();
    auto newcomer = daemon.connect();
    subscribe(newcomer);
    responder.close();
    const auto verdict = emitter.response_to(request);
    BOOST_TEST(verdict.string("/result/outcome") == "abandoned");
    BOOST_TEST((verdict.at("/result/missing") == json_of(R"([{"responder":"r","why":"left"}])")));
}

BOOST_AUTO_TEST_CASE(nobody_comes_and_it_times_out) {
    test_daemon daemon;
    auto emitter = daemon.connect();
    const auto open = emitter.result("emit_and_wait", R"({"event":"e","require_subscriber":false,"timeout_ms":60})");
    BOOST_TEST(text_at(open, "/outcome") == "timeout");
    BOOST_TEST(text_at(open, "/abort").empty());
    BOOST_TEST(size_at(open, "/missing") == 0U);
    const auto closed = emitter.result(
        "emit_and_wait", R"({"event":"e","require_subscriber":false,"timeout_ms":60,"failure_policy":"closed"})");
    BOOST_TEST(text_at(closed, "/outcome") == "timeout");
    BOOST_TEST(!text_at(closed, "/abort").empty());
}

BOOST_AUTO_TEST_CASE(whoever_came_and_failed_leaves_nobody) {
    test_daemon daemon;
    auto emitter = daemon.connect();
    const auto request = begin(daemon, emitter);
    auto responder = daemon.connect();
    subscribe(responder, "*", R"("name":"r")");
    respond(responder, responder.next_event().string("/params/hook_event_id"), R"("failed":"broken")");
    const auto verdict = emitter.response_to(request);
    BOOST_TEST(verdict.string("/result/outcome") == "abandoned");
    BOOST_TEST((verdict.at("/result/missing") == json_of(R"([{"responder":"r","why":"failed: broken"}])")));
}

BOOST_AUTO_TEST_CASE(outsider_may_reply_while_nobody_has_come) {
    test_daemon daemon;
    auto observer = daemon.connect();
    subscribe(observer, "*", R"("responds":false)");
    auto emitter = daemon.connect();
    const auto request = begin(daemon, emitter);
    BOOST_TEST(bool_at(
        respond(observer, observer.next_event().string("/params/hook_event_id"), R"("response":{"abort":"no"})"),
        "/accepted"));
    const auto verdict = emitter.response_to(request);
    BOOST_TEST(verdict.string("/result/outcome") == "answered");
    BOOST_TEST(verdict.string("/result/abort") == "no");
}

BOOST_AUTO_TEST_CASE(several_that_wait_are_all_given_to_the_first_that_comes_in_order) {
    test_daemon daemon;
    auto emitter = daemon.connect();
    for (int i = 1; i <= 5; ++i) {
        send_emit_and_wait(emitter, "e", R"("require_subscriber":false)");
        daemon.wait_for_stat("/waiting", i);
    }
    auto responder = daemon.connect();
    subscribe(responder);
    for (int seq = 1; seq <= 5; ++seq) {
        const auto event = responder.next_event();
        BOOST_TEST(event.integer("/params/seq") == seq);
        respond(responder, event.string("/params/hook_event_id"));
    }
    for (int i = 1; i <= 5; ++i) {
        BOOST_TEST(emitter.response_to(std::to_string(i)).string("/result/outcome") == "answered");
    }
}

BOOST_AUTO_TEST_SUITE_END()
