// SPDX-License-Identifier: BSL-1.0
// Section 2 of the wire contract: JSON-RPC 2.0 envelopes, ids, parameters, notifications and cancellation.
#include "support/json_access.hpp"
#include "support/raw_json.hpp"
#include "support/test_daemon.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <string>
#include <string_view>
#include <vector>

using namespace hookd::test;
namespace data = boost::unit_test::data;

namespace {

// Sends `text` and returns the code of the error that comes back; 0 for a result.
std::int64_t code_of(wire_client& peer, std::string_view text) {
    peer.send(text);
    return peer.next_response().error_code();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(json_rpc_suite)

BOOST_AUTO_TEST_CASE(response_has_the_members_that_json_rpc_names) {
    test_daemon daemon;
    auto peer = daemon.connect();
    const auto fine = peer.call("ping").json();
    BOOST_TEST(members_of(fine) == "id jsonrpc result");
    BOOST_TEST(text_at(fine, "/jsonrpc") == "2.0");
    const auto bad = peer.call("nonsense").json();
    BOOST_TEST(members_of(bad) == "error id jsonrpc");
    BOOST_TEST(text_at(bad, "/jsonrpc") == "2.0");
    BOOST_TEST(int_at(bad, "/error/code") == -32601);
}

BOOST_DATA_TEST_CASE(ids_are_echoed_byte_for_byte, data::make(all_framings), kind) {
    test_daemon daemon;
    auto peer = daemon.connect(kind);
    for (const std::string id :
        {"1", "0", "-1", "-0", "1.0", "1.50", "1e2", "1E+2", "12345678901234567890123456789012345678901234567890",
            "0.10000000000000000000000000000000000001", "1e99999", "null", R"("")", R"("a")", R"("1")",
            R"("\u0041\/\n\"\\")", R"("\ud83d\ude00 and 😀")", R"("\u0000")"}) {
        peer.send(R"({"jsonrpc":"2.0","id": )" + id + R"( ,"method":"ping"})");
        BOOST_TEST(peer.receive().raw({"id"}) == id);
        peer.send(R"({"jsonrpc":"2.0","id":)" + id + R"(,"method":"nonsense"})");
        const auto failed = peer.receive();
        BOOST_TEST(failed.raw({"id"}) == id);
        BOOST_TEST(failed.error_code() == -32601);
    }
    for (const auto& longest : {json_string(std::string(1024, 'x')), std::string(1024, '1')}) {
        peer.send(R"({"jsonrpc":"2.0","id":)" + longest + R"(,"method":"ping"})");
        BOOST_TEST((peer.receive().raw({"id"}) == longest));
    }
    for (const auto& longer : {json_string(std::string(1025, 'x')), std::string(1025, '1')}) {
        peer.send(R"({"jsonrpc":"2.0","id":)" + longer + R"(,"method":"ping"})");
        const auto refused = peer.receive();
        BOOST_TEST(refused.error_code() == -32600);
        BOOST_TEST(refused.raw({"id"}) == "null");
    }
}

BOOST_AUTO_TEST_CASE(envelope_that_is_no_request_is_invalid) {
    test_daemon daemon;
    auto peer = daemon.connect();
    for (const char* text : {
             R"(1)",
             R"("ping")",
             R"(null)",
             R"(true)",
             R"({})",
             R"({"id":1,"method":"ping"})",
             R"({"jsonrpc":"1.0","id":1,"method":"ping"})",
             R"({"jsonrpc":2.0,"id":1,"method":"ping"})",
             R"({"jsonrpc":null,"id":1,"method":"ping"})",
             R"({"jsonrpc":"2.0","id":1})",
             R"({"jsonrpc":"2.0","id":1,"method":1})",
             R"({"jsonrpc":"2.0","id":1,"method":null})",
             R"({"jsonrpc":"2.0","id":1,"method":["ping"]})",
             R"({"jsonrpc":"2.0","id":true,"method":"ping"})",
             R"({"jsonrpc":"2.0","id":{},"method":"ping"})",
             R"({"jsonrpc":"2.0","id":[1],"method":"ping"})",
             // No id, but no valid notification either: it is answered.
             R"({"jsonrpc":"1.0","method":"ping"})",
             R"({"jsonrpc":"2.0","method":7})",
         }) {
        BOOST_TEST(code_of(peer, text) == -32600, text);
    }
    peer.result("ping");
}

BOOST_AUTO_TEST_CASE(parameters_go_by_name_only) {
    test_daemon daemon;
    auto peer = daemon.connect();
    for (const char* params : {R"(["a"])", "[{}]", R"("a")", "1", "true"}) {
        const auto code =
            code_of(peer, R"({"jsonrpc":"2.0","id":1,"method":"ping","params":)" + std::string{params} + "}");
        BOOST_TEST((code == -32602 || code == -32600), params << ": " << code);
    }
}

BOOST_AUTO_TEST_CASE(absent_null_and_empty_params_all_mean_none) {
    test_daemon daemon;
    auto peer = daemon.connect();
    for (const char* params :
        {"", R"(,"params":null)", R"(,"params":{})", R"(,"params":[])", R"(,"params": { } )", R"(,"params":[ ])"}) {
        for (const char* method : {"ping", "stats", "subscribe", "unsubscribe", "rpc.discover"}) {
            const auto code =
                code_of(peer, R"({"jsonrpc":"2.0","id":1,"method":")" + std::string{method} + "\"" + params + "}");
            BOOST_TEST(code == 0, method << params);
        }
        // A method that needs one says so, by name.
        peer.send(R"({"jsonrpc":"2.0","id":1,"method":"emit")" + std::string{params} + "}");
        const auto response = peer.next_response();
        BOOST_TEST(response.error_code() == -32602);
        BOOST_TEST(response.error_message().find("event") != std::string::npos, response.text);
    }
}

BOOST_AUTO_TEST_CASE(null_for_an_optional_parameter_means_that_it_is_absent) {
    test_daemon daemon;
    auto subscriber = daemon.connect();
    const auto opened = subscriber.result(
        "subscribe", R"({"events":null,"name":null,"responds":null,"after_seq":null,"instance":null})");
    BOOST_TEST(!bool_at(opened, "/resumed"));
    auto emitter = daemon.connect();
    emitter.result("emit", R"({"event":"e","payload":null,"reserve_ms":null,"operation_id":null})");
    const auto plain = subscriber.next_event();
    BOOST_TEST(plain.raw({"params", "payload"}) == "null");  // a value, here
    BOOST_TEST(plain.raw({"params", "expects_response"}) == "false");
    const auto id = emitter.send_request("emit_and_wait",
        R"({"event":"e","timeout_ms":null,"policy":null,"failure_policy":null,"require_subscriber":null,"operation_id":null})");
    const auto waited = subscriber.next_event();
    BOOST_TEST(waited.integer("/params/timeout_ms") == 30000);
    BOOST_TEST(bool_at(
        respond(subscriber, waited.string("/params/hook_event_id"), R"("response":null,"abstain":null,"failed":null)"),
        "/accepted"));
    const auto verdict = emitter.response_to(id);
    BOOST_TEST(verdict.string("/result/outcome") == "answered");
    BOOST_TEST((verdict.at("/result/responses/0/response") == json_of("{}")));
    BOOST_TEST(text_at(emitter.result("await_response", R"({"hook_event_id":"nobody","timeout_ms":null})"),
                   "/outcome") == "unknown");
}

BOOST_AUTO_TEST_CASE(null_for_a_required_parameter_is_refused) {
    test_daemon daemon;
    auto peer = daemon.connect();
    BOOST_TEST(peer.failure("emit", R"({"event":null})").error_code() == -32602);
    BOOST_TEST(peer.failure("emit_and_wait", R"({"event":null})").error_code() == -32602);
    BOOST_TEST(peer.failure("respond", R"({"hook_event_id":null})").error_code() == -32602);
    BOOST_TEST(peer.failure("await_response", R"({"hook_event_id":null})").error_code() == -32602);
}

BOOST_AUTO_TEST_CASE(repeated_member_of_the_envelope_or_of_params_is_invalid) {
    test_daemon daemon;
    auto peer = daemon.connect();
    for (const char* text : {
             R"({"jsonrpc":"2.0","jsonrpc":"2.0","id":1,"method":"ping"})",
             R"({"jsonrpc":"2.0","id":1,"id":1,"method":"ping"})",
             R"({"jsonrpc":"2.0","id":1,"method":"ping","method":"ping"})",
             R"({"jsonrpc":"2.0","id":1,"method":"ping","params":{},"params":{}})",
             R"({"jsonrpc":"2.0","id":1,"method":"ping","\u006dethod":"ping"})",
             R"({"jsonrpc":"2.0","id":1,"method":"ping","x":1,"x":2})",
             R"({"jsonrpc":"2.0","id":1,"method":"emit","params":{"event":"e","event":"e"}})",
             R"({"jsonrpc":"2.0","id":1,"method":"emit","params":{"event":"e","\u0065vent":"e"}})",
             R"({"jsonrpc":"2.0","id":1,"method":"emit","params":{"event":"e","payload":1,"payload":2}})",
         }) {
        BOOST_TEST(code_of(peer, text) == -32600, text);
    }
    // A notification gets no answer: the next one is that of the request behind it.
    peer.send(R"({"jsonrpc":"2.0","method":"emit","params":{"event":"e","event":"e"}})");
    BOOST_TEST(code_of(peer, R"({"jsonrpc":"2.0","id":1,"method":"nope"})") == -32601);
    BOOST_TEST(int_at(daemon.stats(), "/head_seq") == 0);  // none of them was carried out
}

BOOST_AUTO_TEST_CASE(member_names_may_be_written_with_escapes) {
    test_daemon daemon;
    auto peer = daemon.connect();
    auto subscriber = daemon.connect();
    subscribe(subscriber, "e", R"("responds":false)");
    peer.send(
        R"({"\u006asonrpc":"2\u002e0","\u0069d":5,"meth\u006fd":"\u0065mit","p\u0061rams":{"ev\u0065nt":"\u0065","payl\u006fad":"\u0065"}})");
    const auto response = peer.receive();
    BOOST_TEST(response.raw({"id"}) == "5");
    BOOST_TEST(response.error_code() == 0);
    const auto event = subscriber.next_event();
    BOOST_TEST(event.string("/params/event") == "e");
    BOOST_TEST(event.raw({"params", "payload"}) == R"("\u0065")");
}

BOOST_AUTO_TEST_CASE(unknown_members_of_the_envelope_are_ignored) {
    test_daemon daemon;
    auto peer = daemon.connect();
    BOOST_TEST(
        code_of(peer,
            R"({"x":{"jsonrpc":1,"id":2},"jsonrpc":"2.0","meta":[1],"id":1,"method":"ping","traceparent":"y"})") == 0);
}

BOOST_AUTO_TEST_CASE(unknown_parameter_is_refused_by_name) {
    test_daemon daemon;
    auto peer = daemon.connect();
    for (const char* method : {"ping", "emit", "emit_and_wait", "await_response", "subscribe", "unsubscribe", "respond",
             "stats", "rpc.discover"}) {
        auto response = peer.failure(method, R"({"tiemout_ms":1})");
        BOOST_TEST(response.error_code() == -32602, method);
        const auto required = std::string_view{method};
        if (required == "ping" || required == "subscribe" || required == "unsubscribe" || required == "stats") {
            BOOST_TEST(response.error_message().find("tiemout_ms") != std::string::npos, response.text);
        }
    }
    for (const char* request : {R"(emit {"event":"e","evnet":1})", R"(emit_and_wait {"event":"e","evnet":1})",
             R"(respond {"hook_event_id":"x","evnet":1})", R"(await_response {"hook_event_id":"x","evnet":1})"}) {
        const std::string_view text = request;
        const auto space = text.find(' ');
        auto response = peer.failure(text.substr(0, space), text.substr(space + 1));
        BOOST_TEST(response.error_code() == -32602);
        BOOST_TEST(response.error_message().find("evnet") != std::string::npos, response.text);
    }
    // The parameter of one method is unknown to another.
    BOOST_TEST(peer.failure("emit", R"({"event":"e","timeout_ms":5})").error_code() == -32602);
    BOOST_TEST(peer.failure("emit_and_wait", R"({"event":"e","reserve_ms":5})").error_code() == -32602);
    BOOST_TEST(int_at(daemon.stats(), "/head_seq") == 0);
}

BOOST_AUTO_TEST_CASE(parameter_of_the_wrong_type_or_range_is_refused_by_name) {
    struct wrong {
        const char* method;
        const char* params;
        const char* named;
    };
    const std::vector<wrong> cases{
        {"emit", R"({"event":1})", "event"},
        {"emit", R"({"event":["e"]})", "event"},
        {"emit", R"({"event":"e","reserve_ms":"5"})", "reserve_ms"},
        {"emit", R"({"event":"e","reserve_ms":0})", "reserve_ms"},
        {"emit", R"({"event":"e","reserve_ms":-1})", "reserve_ms"},
        {"emit", R"({"event":"e","reserve_ms":1.5})", "reserve_ms"},
        {"emit", R"({"event":"e","reserve_ms":86400001})", "reserve_ms"},
        {"emit", R"({"event":"e","operation_id":5})", "operation_id"},
        {"emit", R"({"event":"e","operation_id":"not a uuid"})", "operation_id"},
        {"emit_and_wait", R"({"event":"e","timeout_ms":0})", "timeout_ms"},
        {"emit_and_wait", R"({"event":"e","timeout_ms":-5})", "timeout_ms"},
        {"emit_and_wait", R"({"event":"e","timeout_ms":86400001})", "timeout_ms"},
        {"emit_and_wait", R"({"event":"e","timeout_ms":99999999999999999999999})", "timeout_ms"},
        {"emit_and_wait", R"({"event":"e","timeout_ms":0.5})", "timeout_ms"},
        {"emit_and_wait", R"({"event":"e","timeout_ms":true})", "timeout_ms"},
        {"emit_and_wait", R"({"event":"e","policy":"last"})", "policy"},
        {"emit_and_wait", R"({"event":"e","policy":""})", "policy"},
        {"emit_and_wait", R"({"event":"e","policy":1})", "policy"},
        {"emit_and_wait", R"({"event":"e","failure_policy":"ajar"})", "failure_policy"},
        {"emit_and_wait", R"({"event":"e","failure_policy":false})", "failure_policy"},
        {"emit_and_wait", R"({"event":"e","require_subscriber":"yes"})", "require_subscriber"},
        {"emit_and_wait", R"({"event":"e","require_subscriber":0})", "require_subscriber"},
        {"await_response", R"({})", "hook_event_id"},
        {"await_response", R"({"hook_event_id":""})", "hook_event_id"},
        {"await_response", R"({"hook_event_id":5})", "hook_event_id"},
        {"await_response", R"({"hook_event_id":"x","timeout_ms":0})", "timeout_ms"},
        {"subscribe", R"({"events":"e"})", "events"},
        {"subscribe", R"({"events":{}})", "events"},
        {"subscribe", R"({"events":[1]})", "events"},
        {"subscribe", R"({"events":[null]})", "events"},
        {"subscribe", R"({"name":""})", "name"},
        {"subscribe", R"({"name":5})", "name"},
        {"subscribe", R"({"name":"a\nb"})", "name"},
        {"subscribe", R"({"name":"a\u0000b"})", "name"},
        {"subscribe", R"({"responds":"no"})", "responds"},
        {"subscribe", R"({"after_seq":-1})", "after_seq"},
        {"subscribe", R"({"after_seq":"1"})", "after_seq"},
        {"subscribe", R"({"after_seq":0.5})", "after_seq"},
        {"subscribe", R"({"after_seq":0,"instance":5})", "instance"},
        {"respond", R"({})", "hook_event_id"},
        {"respond", R"({"hook_event_id":""})", "hook_event_id"},
        {"respond", R"({"hook_event_id":5})", "hook_event_id"},
        {"respond", R"({"hook_event_id":"x","response":[]})", "response"},
        {"respond", R"({"hook_event_id":"x","response":"no"})", "response"},
        {"respond", R"({"hook_event_id":"x","response":{"abort":5}})", "abort"},
        {"respond", R"({"hook_event_id":"x","abstain":1})", "abstain"},
        {"respond", R"({"hook_event_id":"x","failed":""})", "failed"},
        {"respond", R"({"hook_event_id":"x","failed":true})", "failed"},
    };
    test_daemon daemon;
    auto peer = daemon.connect();
    for (const auto& [method, params, named] : cases) {
        BOOST_TEST_CONTEXT(method << " " << params) {
            const auto response = peer.call(method, params);
            BOOST_TEST(response.error_code() == -32602);
            BOOST_TEST((response.error_code() == 0 || response.error_message().find(named) != std::string::npos),
                response.text);
        }
    }
    // None was carried out, not even in part.
    const auto stats = daemon.stats();
    BOOST_TEST(int_at(stats, "/head_seq") == 0);
    BOOST_TEST(int_at(stats, "/subscribers") == 0);
    BOOST_TEST(int_at(stats, "/waiting") == 0);
}

BOOST_AUTO_TEST_CASE(unknown_method_is_named_in_the_error) {
    test_daemon daemon;
    auto peer = daemon.connect();
    for (const char* method : {"pingg", "Ping", "", "rpc.nothing", "event", "closed", "ping "}) {
        const auto response = peer.failure(method);
        BOOST_TEST(response.error_code() == -32601, "method `" << method << "`");
        BOOST_TEST(response.error_message().find(method) != std::string::npos, response.text);
    }
}

BOOST_DATA_TEST_CASE(notification_gets_no_answer_nor_an_error, data::make(all_framings), kind) {
    test_daemon daemon;
    auto peer = daemon.connect(kind);
    peer.notify("ping");
    peer.notify("nonsense");
    peer.notify("emit", R"({"event":5})");
    peer.notify("emit", R"({"event":"e","unknown":5})");
    peer.notify("$/cancelRequest", R"({"id":99})");
    peer.notify("$/cancelRequest", R"({"idd":99})");
    peer.notify("$/cancelRequest");
    peer.notify("$/progress");
    peer.send(R"({"jsonrpc":"2.0","id":"last","method":"ping"})");
    BOOST_TEST(peer.receive().raw({"id"}) == "\"last\"");
    BOOST_TEST(!peer.has_message());
}

BOOST_AUTO_TEST_CASE(notification_is_carried_out) {
    test_daemon daemon;
    auto subscriber = daemon.connect();
    subscriber.notify("subscribe", R"({"events":["e"]})");
    daemon.wait_for_stat("/subscribers", 1);
    auto emitter = daemon.connect();
    emitter.notify("emit", R"({"event":"e","payload":[1]})");
    BOOST_TEST(subscriber.next_event().raw({"params", "payload"}) == "[1]");
    emitter.notify("emit_and_wait", R"({"event":"e","payload":[2]})");
    const auto event = subscriber.next_event();
    BOOST_TEST(event.raw({"params", "payload"}) == "[2]");
    subscriber.notify("respond", R"({"hook_event_id":)" + event.raw({"params", "hook_event_id"}) + "}");
    subscriber.notify("unsubscribe");
    BOOST_TEST(subscriber.next_closed().string("/params/reason") == "unsubscribed");
    emitter.result("ping");
    BOOST_TEST(emitter.kept_messages() == 0U);
    BOOST_TEST(subscriber.kept_messages() == 0U);
}

BOOST_AUTO_TEST_CASE(cancel_ends_a_waiting_request_of_the_same_connection) {
    test_daemon daemon;
    auto responder = daemon.connect();
    subscribe(responder);
    auto emitter = daemon.connect();
    for (const char* id : {"1", R"("one")", R"("\u0041")", "1e2"}) {
        emitter.send(
            R"({"jsonrpc":"2.0","id":)" + std::string{id} + R"(,"method":"emit_and_wait","params":{"event":"e"}})");
        const auto event_id = responder.next_event().string("/params/hook_event_id");
        emitter.notify("$/cancelRequest", R"({"id":)" + std::string{id} + "}");
        const auto response = emitter.response_to(id);
        BOOST_TEST(response.error_code() == -32800);
        const auto late = respond(responder, event_id);
        BOOST_TEST(!bool_at(late, "/accepted"));
        BOOST_TEST(text_at(late, "/reason") == "cancelled");
    }
    BOOST_TEST(int_at(daemon.stats(), "/waiting") == 0);
}

BOOST_AUTO_TEST_CASE(cancel_ends_await_response_and_keeps_the_reservation) {
    test_daemon daemon;
    auto peer = daemon.connect();
    const auto event_id = text_at(peer.result("emit", R"({"event":"e","reserve_ms":60000})"), "/hook_event_id");
    const auto id = peer.send_request("await_response", R"({"hook_event_id":)" + json_string(event_id) + "}");
    peer.notify("$/cancelRequest", R"({"id":)" + id + "}");
    BOOST_TEST(peer.response_to(id).error_code() == -32800);
    BOOST_TEST(bool_at(respond(peer, event_id), "/accepted"));
    BOOST_TEST(text_at(peer.result("await_response", R"({"hook_event_id":)" + json_string(event_id) + "}"),
                   "/outcome") == "answered");
}

BOOST_AUTO_TEST_CASE(cancel_touches_no_other_request) {
    test_daemon daemon;
    auto responder = daemon.connect();
    subscribe(responder);
    auto one = daemon.connect();
    auto two = daemon.connect();
    one.send(R"({"jsonrpc":"2.0","id":1,"method":"emit_and_wait","params":{"event":"a"}})");
    const auto event_a = responder.next_event().string("/params/hook_event_id");
    one.send(R"({"jsonrpc":"2.0","id":"1","method":"emit_and_wait","params":{"event":"b"}})");
    const auto event_b = responder.next_event().string("/params/hook_event_id");
    two.send(R"({"jsonrpc":"2.0","id":1,"method":"emit_and_wait","params":{"event":"c"}})");
    const auto event_c = responder.next_event().string("/params/hook_event_id");
    two.notify("$/cancelRequest", R"({"id":"1"})");  // another's
    two.notify("$/cancelRequest", R"({"id":2})");    // nobody's
    one.notify("$/cancelRequest", R"({"id":"1"})");
    BOOST_TEST(one.response_to("\"1\"").error_code() == -32800);
    for (const auto& id : {event_a, event_c}) {
        BOOST_TEST(bool_at(respond(responder, id), "/accepted"));
    }
    BOOST_TEST(text_at(respond(responder, event_b), "/reason") == "cancelled");
    BOOST_TEST(one.response_to("1").string("/result/outcome") == "answered");
    BOOST_TEST(two.response_to("1").string("/result/outcome") == "answered");
}

BOOST_AUTO_TEST_CASE(cancel_of_a_finished_request_changes_nothing) {
    test_daemon daemon;
    auto peer = daemon.connect();
    peer.result("ping");
    peer.notify("$/cancelRequest", R"({"id":1})");
    peer.result("ping");
    BOOST_TEST(peer.kept_messages() == 0U);
}

BOOST_AUTO_TEST_CASE(requests_of_one_connection_do_not_wait_for_each_other) {
    test_daemon daemon;
    auto responder = daemon.connect();
    subscribe(responder);
    auto emitter = daemon.connect();
    const auto slow = send_emit_and_wait(emitter, "slow");
    const auto slow_event = responder.next_event().string("/params/hook_event_id");
    BOOST_TEST(int_at(emitter.result("ping"), "/protocol") == 1);
    const auto fast = send_emit_and_wait(emitter, "fast");
    respond(responder, responder.next_event().string("/params/hook_event_id"));
    BOOST_TEST(emitter.response_to(fast).string("/result/outcome") == "answered");
    respond(responder, slow_event);
    BOOST_TEST(emitter.response_to(slow).string("/result/outcome") == "answered");
}

BOOST_AUTO_TEST_SUITE_END()
