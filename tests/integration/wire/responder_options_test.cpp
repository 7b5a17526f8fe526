// SPDX-License-Identifier: BSL-1.0
// Section 3 of the wire contract: what a responder says of itself in `subscribe`, what an emitter requires, chains,
// `who`, and the notifications `cancelled` and `verdict`.
#include "support/json_access.hpp"
#include "support/test_daemon.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <string>
#include <string_view>

using namespace hookd::test;
namespace data = boost::unit_test::data;

namespace {

std::string refusal_of(wire_client& peer, std::string_view method, std::string_view params, int code = -32602) {
    const auto refused = peer.failure(method, params);
    BOOST_TEST(refused.error_code() == code);
    return refused.error_message();
}

// Emits `e` with these members besides, and returns the id of the request.
std::string ask(wire_client& emitter, std::string_view members) { return send_emit_and_wait(emitter, "e", members); }

std::string id_of(const wire_message& event) { return event.string("/params/hook_event_id"); }

}  // namespace

BOOST_AUTO_TEST_SUITE(responder_options_suite)

BOOST_AUTO_TEST_CASE(wrong_options_are_refused_by_name) {
    test_daemon daemon;
    auto peer = daemon.connect();
    for (const char* const each : {"asked_only", "shadow", "cancellations", "verdicts"}) {
        BOOST_TEST(refusal_of(peer, "subscribe", "{\"" + std::string{each} + "\":1}").find(each) != std::string::npos);
    }
    for (const char* const value : {"\"open\",\"x\":1", "1", "\"shut\""}) {
        refusal_of(peer, "subscribe", R"({"on_failure":)" + std::string{value} + "}");
    }
    for (const char* const value : {"1.5", "\"1\"", "9007199254740992", "-9007199254740992", "[]"}) {
        BOOST_TEST(refusal_of(peer, "subscribe", R"({"order":)" + std::string{value} + "}").find("order") !=
                   std::string::npos);
    }
    for (const char* const value :
        {"[]", "\"/a\"", R"({"a":"x"})", R"({"/a~":"x"})", R"({"/a~2":"x"})", R"({"/a":1})", R"({"/a":null})"}) {
        BOOST_TEST(refusal_of(peer, "subscribe", R"({"where":)" + std::string{value} + "}").find("where") !=
                   std::string::npos);
    }
    for (const char* const value : {"\"guard\"", "[1]", "[\"\"]", R"(["a\nb"])"}) {
        BOOST_TEST(refusal_of(peer, "emit_and_wait", R"({"event":"e","require":)" + std::string{value} + "}")
                       .find("require") != std::string::npos);
    }
    peer.result("subscribe",
        R"({"order":-9007199254740991,"on_failure":"closed","where":{"":"*","/a~0~1":"?"},"shadow":null})");
}

BOOST_AUTO_TEST_CASE(names_and_conditions_are_sixteen_at_most) {
    test_daemon daemon;
    auto peer = daemon.connect();
    std::string names;
    std::string conditions;
    for (int i = 0; i < 16; ++i) {
        names += (i == 0 ? "\"n" : ",\"n") + std::to_string(i) + "\"";
        conditions += (i == 0 ? "\"/n" : ",\"/n") + std::to_string(i) + R"(":"*")";
    }
    BOOST_TEST(
        size_at(peer.result("emit_and_wait", R"({"event":"e","require":[)" + names + ",\"n1\"]}"), "/missing") == 16U);
    const auto too_many = peer.failure("emit_and_wait", R"({"event":"e","require":[)" + names + ",\"x\"]}");
    BOOST_TEST(too_many.error_code() == -32001);
    BOOST_TEST(too_many.string("/error/data/limit") == "require");
    const auto too_much = peer.failure("subscribe", R"({"where":{)" + conditions + R"(,"/x":"*"}})");
    BOOST_TEST(too_much.error_code() == -32001);
    BOOST_TEST(too_much.string("/error/data/limit") == "where");
    peer.result("subscribe", R"({"where":{)" + conditions + "}}");
}

BOOST_AUTO_TEST_CASE(one_that_insists_or_is_required_stops_the_operation_when_it_is_missing) {
    test_daemon daemon;
    auto emitter = daemon.connect();
    auto guard = daemon.connect();
    subscribe(guard, "e", R"("name":"guard","on_failure":"closed")");
    auto request = ask(emitter, R"("timeout_ms":50)");
    BOOST_TEST(emitter.response_to(request).string("/result/abort").find("guard") != std::string::npos);
    request = ask(emitter, R"("require":["scanner"])");
    (void)guard.next_event();
    respond(guard, id_of(guard.next_event()));
    const auto verdict = emitter.response_to(request);
    BOOST_TEST(verdict.string("/result/outcome") == "answered");
    BOOST_TEST(verdict.string("/result/abort").find("scanner") != std::string::npos);
    BOOST_TEST((verdict.at("/result/missing") == json_of(R"([{"responder":"scanner","why":"absent"}])")));
}

BOOST_AUTO_TEST_CASE(only_what_is_asked_and_fits_the_conditions_is_got) {
    test_daemon daemon;
    auto emitter = daemon.connect();
    auto guard = daemon.connect();
    subscribe(guard, "e", R"("asked_only":true,"where":{"/cwd":"/src/shop*"})");
    emitter.result("emit", R"({"event":"e","payload":{"cwd":"/src/shop"}})");
    BOOST_TEST(text_at(emitter.result("emit_and_wait", R"({"event":"e","payload":{"cwd":"/src/bank"}})"), "/outcome") ==
               "no_subscribers");
    const auto request = ask(emitter, R"("payload":{"cwd":"/src/shop/a"})");
    const auto event = guard.next_event();
    BOOST_TEST(event.integer("/params/seq") == 3);
    respond(guard, id_of(event));
    BOOST_TEST(emitter.response_to(request).string("/result/outcome") == "answered");
}

BOOST_DATA_TEST_CASE(chain_hands_the_payload_on, data::make(all_framings), kind) {
    test_daemon daemon;
    auto emitter = daemon.connect(kind);
    auto second = daemon.connect(kind);
    subscribe(second, "e", R"("name":"a","order":2)");
    auto first = daemon.connect(kind);
    subscribe(first, "e", R"("name":"b","order":1)");
    const auto request = ask(emitter, R"("policy":"chain","payload":{"n":1})");
    auto event = first.next_event();
    BOOST_TEST(event.raw({"params", "payload"}) == R"({"n":1})");
    BOOST_TEST(!second.has_message());
    respond(first, id_of(event), R"("response":{"payload":{ "n":1.00000000000000000001 },"extra":true})");
    event = second.next_event();
    BOOST_TEST(event.raw({"params", "payload"}) == R"({ "n":1.00000000000000000001 })");
    BOOST_TEST(event.integer("/params/seq") == 1);
    respond(second, id_of(event));
    const auto verdict = emitter.response_to(request);
    BOOST_TEST(verdict.string("/result/outcome") == "answered");
    BOOST_TEST(verdict.raw({"result", "payload"}) == R"({ "n":1.00000000000000000001 })");
    BOOST_TEST(verdict.string("/result/responses/0/responder") == "b");
}

BOOST_DATA_TEST_CASE(one_still_at_work_learns_that_the_wait_is_over, data::make(all_framings), kind) {
    test_daemon daemon;
    auto emitter = daemon.connect();
    auto hook = daemon.connect(kind);
    subscribe(hook, "e", R"("cancellations":true)");
    const auto request = ask(emitter, "");
    const auto id = id_of(hook.next_event());
    emitter.notify("$/cancelRequest", R"({"id":)" + request + "}");
    auto told = hook.next_notification();
    BOOST_TEST(told.method() == "cancelled");
    BOOST_TEST((told.at("/params") == json_of(R"({"hook_event_id":")" + id + R"(","reason":"cancelled"})")));
    (void)ask(emitter, R"("timeout_ms":20)");
    (void)hook.next_event();
    BOOST_TEST(hook.next_notification().string("/params/reason") == "expired");
}

BOOST_DATA_TEST_CASE(verdicts_are_told_to_those_who_want_them, data::make(all_framings), kind) {
    test_daemon daemon;
    auto emitter = daemon.connect();
    auto hook = daemon.connect();
    subscribe(hook, "e", R"("name":"hook")");
    auto watcher = daemon.connect(kind);
    subscribe(watcher, "e", R"("responds":false,"verdicts":true)");
    const auto request = ask(emitter, R"("policy":"veto")");
    const auto id = id_of(hook.next_event());
    respond(hook, id, R"("response":{"abort":"no"})");
    emitter.response_to(request);
    BOOST_TEST(id_of(watcher.next_event()) == id);
    const auto told = watcher.next_notification();
    BOOST_TEST(told.method() == "verdict");
    const auto verdict = told.at("/params");
    BOOST_TEST(members_of(verdict) == "abort elapsed_ms event hook_event_id missing outcome responses seq");
    BOOST_TEST(text_at(verdict, "/event") == "e");
    BOOST_TEST(text_at(verdict, "/abort") == "no");
    BOOST_TEST(text_at(verdict, "/responses/0/responder") == "hook");
    BOOST_TEST(members_of(value_at(verdict, "/responses/0")) == "elapsed_ms responder response uid");
}

BOOST_AUTO_TEST_CASE(verdicts_of_one_that_does_not_read_stay_bounded) {
    test_daemon daemon({"--capacity", "4"});
    auto watcher = daemon.connect();
    subscribe(watcher, "e", R"("responds":false,"asked_only":true,"verdicts":true)");
    auto emitter = daemon.connect();
    const std::string large(100000, 'x');
    int asked = 0;
    while (int_at(daemon.stats(), "/totals/lagged") == 0) {
        emitter.result("emit_and_wait", R"({"event":"e","payload":")" + large + "\"}");
        BOOST_REQUIRE(++asked < 200);
    }
    BOOST_TEST(asked >= 4);
}

BOOST_AUTO_TEST_CASE(who_says_whom_a_question_would_ask) {
    test_daemon daemon;
    auto peer = daemon.connect();
    auto guard = daemon.connect();
    subscribe(guard, "pre_*", R"("name":"guard","on_failure":"closed","order":5)");
    auto observer = daemon.connect();
    subscribe(observer, "*", R"("responds":false)");
    const auto who = peer.result("who", R"({"event":"pre_push"})");
    BOOST_TEST(members_of(who) == "absent failure_policy observers policy require responders timeout_ms");
    BOOST_TEST(members_of(value_at(who, "/responders/0")) == "kind name on_failure order pid state uid");
    BOOST_TEST(text_at(who, "/responders/0/name") == "guard");
    BOOST_TEST(text_at(who, "/responders/0/kind") == "session");
    BOOST_TEST(text_at(who, "/responders/0/on_failure") == "closed");
    BOOST_TEST(int_at(who, "/responders/0/order") == 5);
    BOOST_TEST(int_at(who, "/observers") == 1);
    BOOST_TEST(text_at(who, "/policy") == "first");
    BOOST_TEST(text_at(who, "/failure_policy") == "open");
    BOOST_TEST(int_at(who, "/timeout_ms") == 30000);
    BOOST_TEST(int_at(peer.result("ping"), "/pid") > 0);
    BOOST_TEST(int_at(daemon.stats(), "/head_seq") == 0);
    refusal_of(peer, "who", "{}");
}

BOOST_AUTO_TEST_SUITE_END()
