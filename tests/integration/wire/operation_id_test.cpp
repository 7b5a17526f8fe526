// SPDX-License-Identifier: BSL-1.0
// Section 3 of the wire contract: `operation_id`, which makes a retry safe.
#include "support/json_access.hpp"
#include "support/raw_json.hpp"
#include "support/test_daemon.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdio>
#include <string>

using namespace hookd::test;

namespace {

std::string uuid(unsigned number) {
    char text[37];
    std::snprintf(text, sizeof text, "%08x-0000-4000-8000-000000000000", number);
    return text;
}

std::string operation(unsigned number) { return R"("operation_id":")" + uuid(number) + "\""; }

}  // namespace

BOOST_AUTO_TEST_SUITE(operation_id_suite)

BOOST_AUTO_TEST_CASE(retry_of_emit_gets_the_recorded_result) {
    test_daemon daemon;
    auto subscriber = daemon.connect();
    subscribe(subscriber, "*", R"("responds":false)");
    const auto params = R"({"event":"e","payload":[1],)" + operation(1) + "}";
    auto one = daemon.connect();
    const auto first = one.result("emit", params);
    BOOST_TEST(int_at(first, "/seq") == 1);
    BOOST_TEST((one.result("emit", params) == first));
    one.close();
    BOOST_TEST((daemon.connect(framing::line).result("emit", params) == first));
    auto other = daemon.connect();
    emit(other, "sentinel");
    subscriber.next_event();
    BOOST_TEST(subscriber.next_event().string("/params/event") == "sentinel");  // it was done once
}

BOOST_AUTO_TEST_CASE(same_id_with_another_method_or_other_params_is_refused) {
    test_daemon daemon;
    auto peer = daemon.connect();
    const auto params = R"({"event":"e","payload":[1],)" + operation(1) + "}";
    const auto result = peer.result("emit", params);
    for (const auto& other :
        {R"({"event":"f","payload":[1],)" + operation(1) + "}", R"({"event":"e","payload":[2],)" + operation(1) + "}",
            R"({"event":"e","payload":[ 1],)" + operation(1) + "}",  // byte for byte
            R"({"payload":[1],"event":"e",)" + operation(1) + "}",
            "{" + operation(1) + R"(,"event":"e","payload":[1]})"}) {
        const auto refused = peer.failure("emit", other);
        BOOST_TEST(refused.error_code() == -32602, other);
        BOOST_TEST(refused.error_message().find("operation_id") != std::string::npos);
    }
    BOOST_TEST(peer.failure("emit_and_wait", params).error_code() == -32602);
    BOOST_TEST((peer.result("emit", params) == result));
    BOOST_TEST(int_at(daemon.stats(), "/head_seq") == 1);
}

BOOST_AUTO_TEST_CASE(retry_joins_what_is_under_way) {
    test_daemon daemon;
    auto responder = daemon.connect();
    subscribe(responder, "*", R"("name":"r")");
    auto one = daemon.connect();
    auto two = daemon.connect(framing::header);
    const auto more = R"("policy":"all",)" + operation(7);
    const auto first = send_emit_and_wait(one, "e", more);
    const auto event = responder.next_event();
    const auto second = send_emit_and_wait(two, "e", more);
    const auto third = send_emit_and_wait(one, "e", more);
    two.result("ping");
    one.result("ping");
    respond(responder, event.string("/params/hook_event_id"), R"("response":{"abort":"no","x":1.0})");
    const auto verdict = one.response_to(first).raw({"result"});
    BOOST_TEST(wire_message{verdict}.string("/abort") == "no");
    BOOST_TEST(two.response_to(second).raw({"result"}) == verdict);
    BOOST_TEST(one.response_to(third).raw({"result"}) == verdict);
    // And once it is over it is remembered.
    BOOST_TEST(two.response_to(send_emit_and_wait(two, "e", more)).raw({"result"}) == verdict);
    BOOST_TEST(int_at(daemon.stats(), "/head_seq") == 1);
    responder.result("ping");
    BOOST_TEST(responder.kept_messages() == 0U);
}

BOOST_AUTO_TEST_CASE(slot_lives_on_when_its_emitter_goes_away) {
    test_daemon daemon;
    auto responder = daemon.connect();
    subscribe(responder);
    auto emitter = daemon.connect();
    send_emit_and_wait(emitter, "e", operation(3));
    const auto id = responder.next_event().string("/params/hook_event_id");
    emitter.close();
    daemon.wait_for_stat("/connections", 2);
    BOOST_TEST(int_at(daemon.stats(), "/waiting") == 1);
    auto again = daemon.connect();
    const auto request = send_emit_and_wait(again, "e", operation(3));
    again.result("ping");
    BOOST_TEST(bool_at(respond(responder, id, R"("response":{"abort":"no"})"), "/accepted"));
    const auto verdict = again.response_to(request);
    BOOST_TEST(verdict.string("/result/abort") == "no");
    BOOST_TEST(verdict.string("/result/hook_event_id") == id);
}

BOOST_AUTO_TEST_CASE(reply_that_lands_while_nobody_is_there_is_what_the_retry_gets) {
    test_daemon daemon;
    auto responder = daemon.connect();
    subscribe(responder);
    auto emitter = daemon.connect();
    send_emit_and_wait(emitter, "e", operation(4));
    const auto id = responder.next_event().string("/params/hook_event_id");
    emitter.close();
    daemon.wait_for_stat("/connections", 2);
    BOOST_TEST(bool_at(respond(responder, id, R"("response":{"abort":"no"})"), "/accepted"));
    BOOST_TEST(int_at(daemon.stats(), "/waiting") == 0);
    auto again = daemon.connect();
    BOOST_TEST(again.response_to(send_emit_and_wait(again, "e", operation(4))).string("/result/abort") == "no");
}

BOOST_AUTO_TEST_CASE(slot_that_lives_on_ends_at_its_timeout) {
    test_daemon daemon;
    auto responder = daemon.connect();
    subscribe(responder);
    auto emitter = daemon.connect();
    const auto more = R"("timeout_ms":300,)" + operation(5);
    send_emit_and_wait(emitter, "e", more);
    const auto id = responder.next_event().string("/params/hook_event_id");
    emitter.close();
    daemon.wait_for_stat("/waiting", 0);
    BOOST_TEST(text_at(respond(responder, id), "/reason") == "expired");
    auto again = daemon.connect();
    const auto verdict = again.response_to(send_emit_and_wait(again, "e", more));
    BOOST_TEST(verdict.string("/result/outcome") == "timeout");
    BOOST_TEST(verdict.string("/result/hook_event_id") == id);  // the recorded one, not a second try
}

BOOST_AUTO_TEST_CASE(errors_are_not_remembered) {
    test_daemon daemon({"--max-waiting", "1"});
    auto responder = daemon.connect();
    subscribe(responder);
    auto emitter = daemon.connect();
    const auto blocking = send_emit_and_wait(emitter, "e");
    const auto blocker = responder.next_event().string("/params/hook_event_id");
    const auto params = R"({"event":"e",)" + operation(6) + "}";
    BOOST_TEST(emitter.failure("emit_and_wait", params).error_code() == -32001);
    BOOST_TEST(emitter.failure("emit_and_wait", params).error_code() == -32001);
    respond(responder, blocker);
    emitter.response_to(blocking);
    const auto request = emitter.send_request("emit_and_wait", params);
    respond(responder, responder.next_event().string("/params/hook_event_id"));
    BOOST_TEST(emitter.response_to(request).string("/result/outcome") == "answered");
    // What was refused leaves the id free for something else.
    BOOST_TEST(emitter.failure("emit", R"({"event":"not a name",)" + operation(8) + "}").error_code() == -32602);
    BOOST_TEST(emitter.call("emit", R"({"event":"a-name",)" + operation(8) + "}").error_code() == 0);
}

BOOST_AUTO_TEST_CASE(cancel_of_one_that_joined_leaves_the_others_waiting) {
    test_daemon daemon;
    auto responder = daemon.connect();
    subscribe(responder);
    auto one = daemon.connect();
    auto two = daemon.connect();
    const auto first = send_emit_and_wait(one, "e", operation(9));
    const auto id = responder.next_event().string("/params/hook_event_id");
    const auto second = send_emit_and_wait(two, "e", operation(9));
    two.result("ping");
    one.notify("$/cancelRequest", R"({"id":)" + first + "}");
    BOOST_TEST(one.response_to(first).error_code() == -32800);
    BOOST_TEST(bool_at(respond(responder, id), "/accepted"));
    BOOST_TEST(two.response_to(second).string("/result/outcome") == "answered");
}

BOOST_AUTO_TEST_CASE(operation_id_is_a_uuid) {
    test_daemon daemon;
    auto peer = daemon.connect();
    for (const char* id : {"", "x", "00000001-0000-4000-8000-00000000000", "00000001-0000-4000-8000-0000000000000",
             "g0000001-0000-4000-8000-000000000000", "{0000001-0000-4000-8000-00000000000}",
             "00000001000040008000000000000000"}) {
        const auto refused = peer.failure("emit", R"({"event":"e","operation_id":)" + json_string(id) + "}");
        BOOST_TEST(refused.error_code() == -32602, id);
        BOOST_TEST(refused.error_message().find("operation_id") != std::string::npos);
    }
}

BOOST_AUTO_TEST_CASE(the_last_4096_results_are_remembered) {
    test_daemon daemon;
    auto peer = daemon.connect();
    const auto emit_operation = [&](unsigned number) {
        return int_at(peer.result("emit", R"({"event":"e",)" + operation(number) + "}"), "/seq");
    };
    for (unsigned i = 1; i <= 4096; ++i) {
        BOOST_REQUIRE(emit_operation(i) == i);
    }
    BOOST_TEST(emit_operation(4097) == 4097);
    BOOST_TEST(emit_operation(2) == 2);
    BOOST_TEST(emit_operation(1) == 4098);  // forgotten, and so done again
}

BOOST_AUTO_TEST_SUITE_END()
