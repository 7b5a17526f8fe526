// SPDX-License-Identifier: BSL-1.0
// Section 3 of the wire contract: `respond`.
#include "support/json_access.hpp"
#include "support/raw_json.hpp"
#include "support/test_daemon.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <string>
#include <vector>

using namespace hookd::test;

namespace {

std::string reason(wire_client& peer, const std::string& id, const std::string& members = R"("response":{})") {
    const auto result = respond(peer, id, members);
    BOOST_TEST(members_of(result) == "accepted reason");
    if (bool_at(result, "/accepted")) {
        BOOST_TEST(value_at(result, "/reason").is_null());
        return "accepted";
    }
    return text_at(result, "/reason");
}

// A slot that stays open, for replies of any kind.
std::string open_slot(wire_client& peer) {
    return text_at(peer.result("emit", R"({"event":"e","reserve_ms":60000})"), "/hook_event_id");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(respond_suite)

BOOST_AUTO_TEST_CASE(absent_response_means_no_objection) {
    test_daemon daemon;
    auto peer = daemon.connect();
    for (const char* members : {"", R"("response":{})", R"("response":null)", R"("abstain":false)",
             R"("abstain":false,"response":{})", R"("abstain":null,"failed":null)"}) {
        const auto id = open_slot(peer);
        BOOST_TEST(reason(peer, id, members) == "accepted");
        const auto verdict = peer.result("await_response", R"({"hook_event_id":)" + json_string(id) + "}");
        BOOST_TEST(text_at(verdict, "/outcome") == "answered");
        BOOST_TEST(text_at(verdict, "/abort").empty());
        BOOST_TEST((value_at(verdict, "/responses/0/response") == json_of("{}")));
    }
}

BOOST_AUTO_TEST_CASE(response_is_an_object_whose_abort_is_a_string) {
    test_daemon daemon;
    auto peer = daemon.connect();
    const auto id = open_slot(peer);
    for (const char* response :
        {"[]", "\"no\"", "1", "true", "false", R"({"abort":1})", R"({"abort":true})", R"({"abort":null})",
            R"({"abort":[]})", R"({"abort":{}})", R"({"abort":"a","abort":"a"})", R"({"abort":"","x":1,"abort":"b"})",
            R"({"abort":"a","\u0061bort":"b"})", R"({"x":{"abort":1},"\u0061bort":7})"}) {
        const auto refused =
            peer.failure("respond", R"({"hook_event_id":)" + json_string(id) + R"(,"response":)" + response + "}");
        BOOST_TEST(refused.error_code() == -32602, response);
    }
    // The slot is as open as before, and what is free is free.
    BOOST_TEST(reason(peer, id, R"("response":{"x":1,"x":2,"nested":{"abort":1,"abort":2},"Abort":3})") == "accepted");
}

BOOST_AUTO_TEST_CASE(abort_may_be_written_with_escapes) {
    test_daemon daemon;
    auto peer = daemon.connect();
    const auto id = open_slot(peer);
    BOOST_TEST(reason(peer, id, R"("response":{"\u0061bort":"n\u006f \"way\"\n\ud83d\ude00"})") == "accepted");
    const auto verdict = peer.result("await_response", R"({"hook_event_id":)" + json_string(id) + "}");
    BOOST_TEST(text_at(verdict, "/abort") == "no \"way\"\n😀");
}

BOOST_AUTO_TEST_CASE(long_abort_reason_arrives_whole) {
    test_daemon daemon;
    auto peer = daemon.connect();
    const auto id = open_slot(peer);
    const std::string why(1000000, 'w');
    BOOST_TEST(reason(peer, id, R"("response":{"abort":")" + why + "\"}") == "accepted");
    BOOST_TEST(
        (text_at(peer.result("await_response", R"({"hook_event_id":)" + json_string(id) + "}"), "/abort") == why));
}

BOOST_AUTO_TEST_CASE(only_one_of_response_abstain_and_failed_may_be_given) {
    test_daemon daemon;
    auto peer = daemon.connect();
    const auto id = open_slot(peer);
    for (const char* members : {R"("response":{},"abstain":true)", R"("response":{},"failed":"x")",
             R"("abstain":true,"failed":"x")", R"("response":{},"abstain":true,"failed":"x")"}) {
        BOOST_TEST(
            peer.failure("respond", R"({"hook_event_id":)" + json_string(id) + "," + members + "}").error_code() ==
                -32602,
            members);
    }
}

BOOST_AUTO_TEST_CASE(wrong_reply_is_refused_even_where_nobody_waits) {
    test_daemon daemon;
    auto peer = daemon.connect();
    BOOST_TEST(peer.failure("respond", R"({"hook_event_id":"00000000-0000-4000-8000-000000000000","response":[]})")
                   .error_code() == -32602);
}

BOOST_AUTO_TEST_CASE(empty_or_absent_id_is_refused) {
    test_daemon daemon;
    auto peer = daemon.connect();
    for (const char* params : {"{}", R"({"hook_event_id":""})", R"({"hook_event_id":null})", R"({"response":{}})"}) {
        const auto refused = peer.failure("respond", params);
        BOOST_TEST(refused.error_code() == -32602);
        BOOST_TEST(refused.error_message().find("hook_event_id") != std::string::npos);
    }
}

BOOST_AUTO_TEST_CASE(reply_to_what_never_had_a_slot_is_unknown) {
    test_daemon daemon;
    auto peer = daemon.connect();
    BOOST_TEST(reason(peer, "00000000-0000-4000-8000-000000000000") == "unknown");
    BOOST_TEST(reason(peer, "not a uuid") == "unknown");
    BOOST_TEST(reason(peer, text_at(emit(peer, "e"), "/hook_event_id")) == "unknown");
}

BOOST_AUTO_TEST_CASE(late_reply_learns_why) {
    test_daemon daemon;
    auto responder = daemon.connect();
    subscribe(responder, "*", R"("name":"r")");
    auto emitter = daemon.connect();
    // answered
    auto request = send_emit_and_wait(emitter, "e");
    auto id = responder.next_event().string("/params/hook_event_id");
    BOOST_TEST(reason(responder, id) == "accepted");
    BOOST_TEST(reason(responder, id) == "answered");
    emitter.response_to(request);
    BOOST_TEST(reason(responder, id) == "answered");
    // expired
    request = send_emit_and_wait(emitter, "e", R"("timeout_ms":20)");
    id = responder.next_event().string("/params/hook_event_id");
    emitter.response_to(request);
    BOOST_TEST(reason(responder, id) == "expired");
    BOOST_TEST(reason(responder, id, R"("abstain":true)") == "expired");
    BOOST_TEST(reason(responder, id, R"("failed":"x")") == "expired");
    // cancelled, in both ways
    request = send_emit_and_wait(emitter, "e");
    id = responder.next_event().string("/params/hook_event_id");
    emitter.notify("$/cancelRequest", R"({"id":)" + request + "}");
    emitter.response_to(request);
    BOOST_TEST(reason(responder, id) == "cancelled");
    send_emit_and_wait(emitter, "e");
    id = responder.next_event().string("/params/hook_event_id");
    emitter.close();
    daemon.wait_for_stat("/waiting", 0);
    BOOST_TEST(reason(responder, id) == "cancelled");
    // over without it: abandoned
    auto other = daemon.connect();
    request = send_emit_and_wait(other, "e");
    id = responder.next_event().string("/params/hook_event_id");
    BOOST_TEST(reason(responder, id, R"("failed":"x")") == "accepted");
    BOOST_TEST(other.response_to(request).string("/result/outcome") == "abandoned");
    auto outsider = daemon.connect();
    BOOST_TEST(reason(outsider, id) == "expired");
}

BOOST_AUTO_TEST_CASE(refused_replies_never_end_the_responders_session) {
    test_daemon daemon;
    auto responder = daemon.connect();
    subscribe(responder);
    auto emitter = daemon.connect();
    for (int i = 0; i < 20; ++i) {
        const auto request = send_emit_and_wait(emitter, "e", R"("timeout_ms":1)");
        const auto id = responder.next_event().string("/params/hook_event_id");
        emitter.response_to(request);  // it never replied in time
        respond(responder, id);
        responder.failure("respond", R"({"hook_event_id":)" + json_string(id) + R"(,"response":[]})");
        responder.failure("respond");
    }
    BOOST_TEST(int_at(emit(emitter, "e"), "/subscribers") == 1);
    BOOST_TEST(responder.next_event().string("/params/event") == "e");
    BOOST_TEST(responder.kept_messages() == 0U);
}

BOOST_AUTO_TEST_CASE(reason_of_a_slot_is_remembered_for_the_last_65536) {
    // Each of these ends a slot at once, since nobody is there to answer.
    constexpr int remembered = 65536;
    test_daemon daemon;
    auto peer = daemon.connect();
    auto observer = daemon.connect();
    const auto id_of = [&](const wire_message& response) { return response.string("/result/hook_event_id"); };
    const auto first = id_of(peer.call("emit_and_wait", R"({"event":"e"})"));
    BOOST_TEST(reason(observer, first) == "expired");
    const auto second = id_of(peer.call("emit_and_wait", R"({"event":"e"})"));
    const auto emit_slots = [&](int count) {
        constexpr int at_once = 500;
        for (int done = 0; done < count; done += at_once) {
            const int now = std::min(at_once, count - done);
            std::string requests;
            for (int i = 0; i < now; ++i) {
                requests += encode_frame(
                    peer.kind(), R"({"jsonrpc":"2.0","id":0,"method":"emit_and_wait","params":{"event":"e"}})");
            }
            peer.send_raw(requests);
            for (int i = 0; i < now; ++i) {
                peer.response_to("0");
            }
        }
    };
    emit_slots(remembered - 2);
    BOOST_TEST(reason(observer, first) == "expired");
    emit_slots(1);
    BOOST_TEST(reason(observer, second) == "expired");
    BOOST_TEST(reason(observer, first) == "unknown");
    emit_slots(1);
    BOOST_TEST(reason(observer, second) == "unknown");
}

BOOST_AUTO_TEST_SUITE_END()
