// SPDX-License-Identifier: BSL-1.0
// Section 3 of the wire contract: `emit` with `reserve_ms`, and `await_response`.
#include "support/json_access.hpp"
#include "support/raw_json.hpp"
#include "support/test_daemon.hpp"

#include <boost/test/unit_test.hpp>

#include <unistd.h>

#include <chrono>
#include <string>

using namespace hookd::test;

namespace {

std::string reserve(wire_client& peer, long reserve_ms = 60000) {
    return text_at(
        peer.result("emit", R"({"event":"e","reserve_ms":)" + std::to_string(reserve_ms) + "}"), "/hook_event_id");
}

std::string send_await(wire_client& peer, const std::string& id, const std::string& more = "") {
    return peer.send_request("await_response", R"({"hook_event_id":)" + json_string(id) + more + "}");
}

boost::json::value await(wire_client& peer, const std::string& id, const std::string& more = "") {
    return peer.response_to(send_await(peer, id, more)).at("/result");
}

void check_unknown(const boost::json::value& result) {
    BOOST_TEST(text_at(result, "/outcome") == "unknown");
    BOOST_TEST(value_at(result, "/seq").is_null());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(await_response_suite)

BOOST_AUTO_TEST_CASE(reply_that_lands_before_anyone_asks_is_kept) {
    test_daemon daemon;
    auto responder = daemon.connect();
    subscribe(responder, "*", R"("name":"r")");
    auto emitter = daemon.connect();
    const auto id = reserve(emitter);
    BOOST_TEST(responder.next_event().string("/params/hook_event_id") == id);
    BOOST_TEST(bool_at(respond(responder, id, R"("response":{"abort":"no", "x" : 1.0})"), "/accepted"));
    const auto response = emitter.response_to(send_await(emitter, id));
    const auto result = response.at("/result");
    BOOST_TEST(members_of(result) == "abort hook_event_id missing outcome responses seq");
    BOOST_TEST(text_at(result, "/hook_event_id") == id);
    BOOST_TEST(int_at(result, "/seq") == 1);
    BOOST_TEST(text_at(result, "/outcome") == "answered");
    BOOST_TEST(text_at(result, "/abort") == "no");
    BOOST_TEST(text_at(result, "/responses/0/responder") == "r");
    const auto responses = response.raw({"result", "responses"});
    BOOST_TEST(raw_member(raw_elements(responses).at(0), "response").value() == R"({"abort":"no", "x" : 1.0})");
    BOOST_TEST(size_at(result, "/missing") == 0U);
    check_unknown(await(emitter, id));  // answered to someone already
}

BOOST_AUTO_TEST_CASE(any_connection_may_ask_and_waits_for_the_reply) {
    test_daemon daemon;
    auto emitter = daemon.connect();
    const auto id = reserve(emitter);
    auto asker = daemon.connect(framing::line);
    const auto request = send_await(asker, id);
    asker.result("ping");
    BOOST_TEST(asker.kept_messages() == 0U);
    auto responder = daemon.connect();
    BOOST_TEST(bool_at(respond(responder, id), "/accepted"));
    const auto result = asker.response_to(request).at("/result");
    BOOST_TEST(text_at(result, "/outcome") == "answered");
    BOOST_TEST(text_at(result, "/responses/0/responder") == "pid " + std::to_string(::getpid()));
}

BOOST_AUTO_TEST_CASE(only_the_first_reply_is_kept) {
    test_daemon daemon;
    auto peer = daemon.connect();
    const auto id = reserve(peer);
    BOOST_TEST(bool_at(respond(peer, id, R"("response":{"abort":"first"})"), "/accepted"));
    const auto second = respond(peer, id, R"("response":{"abort":"second"})");
    BOOST_TEST(!bool_at(second, "/accepted"));
    BOOST_TEST(text_at(second, "/reason") == "answered");
    BOOST_TEST(text_at(await(peer, id), "/abort") == "first");
    BOOST_TEST(text_at(respond(peer, id), "/reason") == "answered");
}

BOOST_AUTO_TEST_CASE(asker_may_ask_again_after_a_timeout) {
    test_daemon daemon;
    auto peer = daemon.connect();
    const auto id = reserve(peer);
    for (int i = 0; i < 3; ++i) {
        const auto start = std::chrono::steady_clock::now();
        const auto result = await(peer, id, R"(,"timeout_ms":30)");
        BOOST_TEST(text_at(result, "/outcome") == "timeout");
        BOOST_TEST(text_at(result, "/hook_event_id") == id);
        BOOST_TEST(int_at(result, "/seq") == 1);
        BOOST_TEST(text_at(result, "/abort").empty());
        BOOST_TEST((std::chrono::steady_clock::now() - start >= std::chrono::milliseconds(30)));
    }
    respond(peer, id);
    BOOST_TEST(text_at(await(peer, id, R"(,"timeout_ms":30)"), "/outcome") == "answered");
}

BOOST_AUTO_TEST_CASE(one_that_still_waits_when_the_reservation_ends_gets_timeout) {
    test_daemon daemon;
    auto peer = daemon.connect();
    const auto id = reserve(peer, 300);
    const auto result = await(peer, id, R"(,"timeout_ms":86400000)");
    // The reservation may have been over before the question came, on a very slow machine only.
    BOOST_TEST((text_at(result, "/outcome") == "timeout" || text_at(result, "/outcome") == "unknown"));
    check_unknown(await(peer, id));
    BOOST_TEST(text_at(respond(peer, id), "/reason") == "expired");
}

BOOST_AUTO_TEST_CASE(reservation_outlives_the_connection_that_made_it) {
    test_daemon daemon;
    auto emitter = daemon.connect();
    const auto id = reserve(emitter);
    emitter.close();
    daemon.wait_for_stat("/connections", 1);
    auto other = daemon.connect();
    BOOST_TEST(bool_at(respond(other, id), "/accepted"));
    BOOST_TEST(text_at(await(other, id), "/outcome") == "answered");
}

BOOST_AUTO_TEST_CASE(reservation_outlives_an_asker_that_goes_away) {
    test_daemon daemon;
    auto emitter = daemon.connect();
    const auto id = reserve(emitter);
    auto asker = daemon.connect();
    send_await(asker, id);
    asker.result("ping");
    asker.close();
    daemon.wait_for_stat("/connections", 2);
    BOOST_TEST(bool_at(respond(emitter, id), "/accepted"));
    BOOST_TEST(text_at(await(emitter, id), "/outcome") == "answered");
}

BOOST_AUTO_TEST_CASE(responders_that_leave_fail_or_abstain_do_not_end_it) {
    test_daemon daemon;
    auto emitter = daemon.connect();
    auto leaver = daemon.connect();
    subscribe(leaver);
    auto breaker = daemon.connect();
    subscribe(breaker);
    auto abstainer = daemon.connect();
    subscribe(abstainer);
    const auto id = reserve(emitter);
    const auto request = send_await(emitter, id);
    for (auto* responder : {&leaver, &breaker, &abstainer}) {
        responder->next_event();
    }
    leaver.close();
    daemon.wait_for_stat("/subscribers", 2);
    BOOST_TEST(bool_at(respond(breaker, id, R"("failed":"broken")"), "/accepted"));
    BOOST_TEST(bool_at(respond(abstainer, id, R"("abstain":true)"), "/accepted"));
    emitter.result("ping");
    BOOST_TEST(emitter.kept_messages() == 0U);
    auto outsider = daemon.connect();
    BOOST_TEST(bool_at(respond(outsider, id, R"("response":{"abort":"no"})"), "/accepted"));
    BOOST_TEST(emitter.response_to(request).string("/result/abort") == "no");
}

BOOST_AUTO_TEST_CASE(default_timeout_is_configurable) {
    test_daemon daemon({"--default-timeout", "100ms"});
    auto peer = daemon.connect();
    const auto id = reserve(peer);
    const auto start = std::chrono::steady_clock::now();
    BOOST_TEST(text_at(await(peer, id), "/outcome") == "timeout");
    BOOST_TEST((std::chrono::steady_clock::now() - start >= std::chrono::milliseconds(100)));
    BOOST_TEST((std::chrono::steady_clock::now() - start < patience / 2));  // not the reservation's minute
}

BOOST_AUTO_TEST_CASE(without_any_subscriber_it_waits_all_the_same) {
    test_daemon daemon;
    auto peer = daemon.connect();
    const auto id = reserve(peer);
    BOOST_TEST(text_at(await(peer, id, R"(,"timeout_ms":50)"), "/outcome") == "timeout");
}

BOOST_AUTO_TEST_CASE(id_that_was_never_reserved_is_unknown_at_once) {
    test_daemon daemon;
    auto responder = daemon.connect();
    subscribe(responder);
    auto peer = daemon.connect();
    check_unknown(await(peer, "00000000-0000-4000-8000-000000000000"));
    check_unknown(await(peer, "not a uuid"));
    check_unknown(await(peer, text_at(emit(peer, "e"), "/hook_event_id")));
    responder.next_event();
    send_emit_and_wait(peer, "e");
    check_unknown(await(peer, responder.next_event().string("/params/hook_event_id")));
}

BOOST_AUTO_TEST_CASE(two_may_wait_for_one_reservation) {
    test_daemon daemon;
    auto peer = daemon.connect();
    const auto id = reserve(peer);
    auto one = daemon.connect();
    auto two = daemon.connect();
    const auto first = send_await(one, id, R"(,"timeout_ms":86400000)");
    const auto second = send_await(two, id, R"(,"timeout_ms":86400000)");
    one.result("ping");
    two.result("ping");
    respond(peer, id);
    const auto a = one.response_to(first).string("/result/outcome");
    const auto b = two.response_to(second).string("/result/outcome");
    // It is answered to someone; whether also to the other is not said, but nobody is left hanging.
    BOOST_TEST((a == "answered" || b == "answered"), a << ", " << b);
}

BOOST_AUTO_TEST_CASE(reservation_counts_as_waiting_until_it_is_over) {
    test_daemon daemon;
    auto peer = daemon.connect();
    const auto kept = reserve(peer);
    reserve(peer);
    BOOST_TEST(int_at(daemon.stats(), "/waiting") == 2);
    respond(peer, kept);
    BOOST_TEST(int_at(daemon.stats(), "/waiting") == 2);  // kept for whoever asks
    await(peer, kept);
    BOOST_TEST(int_at(daemon.stats(), "/waiting") == 1);
    reserve(peer, 1);
    daemon.wait_for_stat("/waiting", 1);
}

BOOST_AUTO_TEST_SUITE_END()
