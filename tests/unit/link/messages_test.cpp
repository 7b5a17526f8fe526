// SPDX-License-Identifier: BSL-1.0
#include "cluster/link/messages.hpp"
#include "cluster/link/frame.hpp"

#include "support/raw_json.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <variant>

using namespace hookd::link;
using hookd::test::nested_arrays;

namespace {

template <class Message>
Message parsed(const std::string& method, const std::string& params) {
    return std::get<Message>(
        parse_command(R"({"jsonrpc":"2.0","method":"cluster.)" + method + R"(","params":)" + params + "}"));
}

std::string fault_of(const std::string& frame) {
    try {
        static_cast<void>(parse_command(frame));
        return "none";
    } catch (const malformed_message& fault) {
        return fault.what();
    }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(messages)

BOOST_AUTO_TEST_CASE(every_message_of_hookd_is_read_and_unknown_members_are_ignored) {
    const auto greeting = parsed<hello>(
        "hello", R"({"protocol":1,"url":"postgresql:\/\/x","host":"a","instance":"i","lease_ms":15000,"later":[{}]})");
    BOOST_TEST(greeting.url == "postgresql://x");
    BOOST_TEST(greeting.lease.count() == 15'000);
    BOOST_CHECK_NO_THROW(parsed<ping>("ping", "{}"));
    const auto added = parsed<session>("session",
        R"({"session":7,"name":"n","uid":1000,"responds":true,"events":["a*","b"],"on_failure":"closed","order":-3})");
    BOOST_TEST(added.number == 7);
    BOOST_TEST(added.events.size() == 2U);
    BOOST_TEST(added.order == -3);
    BOOST_TEST(parsed<session>("session", R"({"session":7,"name":null,"responds":false,"events":["*"]})").name.empty());
    BOOST_TEST(parsed<session_gone>("session_gone", R"({"session":7})").number == 7);
    BOOST_TEST(
        parsed<tell>("tell", R"({"request":9,"hook_event_id":"x","event":"e","payload":[],"emitted_at":0})").request ==
        9);
    BOOST_TEST(parsed<close_event>("close", R"({"hook_event_id":"x"})").id == "x");
    const auto answer =
        parsed<reply>("reply", R"({"origin":"a","hook_event_id":"x","result":{ "a":1 },"decides":true})");
    BOOST_TEST(answer.result_json == R"({ "a":1 })");
    BOOST_TEST(answer.decides);
}

BOOST_AUTO_TEST_CASE(what_travels_is_kept_byte_for_byte) {
    const std::string payload = R"({"n":1.0e+999999, "n":-0, "s":"\ud800A", "o": { } })";
    const auto question =
        parsed<ask>("ask", R"({"hook_event_id":"x","event":"e","payload": )" + payload +
                               R"( ,"cause":["a@b"],"timeout_ms":30000,"policy":"veto","emitted_at":"now"})");
    BOOST_TEST(question.event.payload_json == payload);
    BOOST_TEST(question.event.cause_json == R"(["a@b"])");
    BOOST_TEST(question.event.emitted_at_json == R"("now")");
    const auto frame = encode(foreign_event{"h", question.event, hookd::link::question{"veto", milliseconds{5}}});
    BOOST_TEST(
        body_of(frame) ==
        R"({"jsonrpc":"2.0","method":"cluster.event","params":{"host":"h","hook_event_id":"x","event":"e","payload":)" +
            payload + R"(,"cause":["a@b"],"emitted_at":"now","policy":"veto","timeout_ms":5}})");
}

BOOST_AUTO_TEST_CASE(a_payload_may_be_as_deep_as_the_wire_contract_allows) {
    const auto deep = nested_arrays(content_depth);
    const auto question = parsed<tell>(
        "tell", R"({"request":1,"hook_event_id":"x","event":"e","payload":)" + deep + R"(,"emitted_at":0})");
    BOOST_TEST(question.event.payload_json == deep);
    const auto answer =
        parsed<reply>("reply", R"({"origin":"a","hook_event_id":"x","result":{"replies":[{"response":)" +
                                   nested_arrays(content_depth - 3) + R"(}]},"decides":true})");
    BOOST_TEST(is_json(answer.result_json));
    BOOST_TEST(is_json(deep));
    BOOST_TEST(!is_json(" 1"));
    BOOST_TEST(!is_json("1 "));
    BOOST_TEST(!is_json(""));
    BOOST_TEST(!is_json(nested_arrays(content_depth + 1)));
}

BOOST_AUTO_TEST_CASE(what_is_malformed_is_named) {
    for (const char* const wrong : {"{", "[]", ""}) {
        BOOST_TEST(fault_of(wrong) == "it is not a valid JSON object of at most 32 members");
    }
    BOOST_TEST(fault_of("{}") == "method is missing");
    BOOST_TEST(fault_of(R"({"method":"cluster.what"})") == "cluster.what: the method is unknown");
    BOOST_TEST(fault_of(R"({"method":"cluster.close"})") == "cluster.close: hook_event_id is missing");
    BOOST_TEST(fault_of(R"({"method":"cluster.close","params":{"hook_event_id":1}})") ==
               "cluster.close: hook_event_id is of the wrong type");
    BOOST_TEST(fault_of(R"({"method":"cluster.session_gone","params":{"session":1.5}})") ==
               "cluster.session_gone: session is not an integer in its range");
    BOOST_TEST(fault_of(R"({"method":"cluster.session","params":{"session":1,"responds":true,"events":[1]}})") ==
               "cluster.session: events has an element that is not a string");
    BOOST_TEST(
        fault_of(R"({"method":"cluster.hello","params":{"protocol":2}})").find("version 2") != std::string::npos);
    BOOST_TEST(
        fault_of(
            R"({"method":"cluster.hello","params":{"protocol":1,"url":"","host":"","instance":"","lease_ms":-1}})") ==
        "cluster.hello: lease_ms is out of range");
}

BOOST_AUTO_TEST_CASE(every_message_to_hookd_is_written_as_the_protocol_says) {
    const auto params = [](const std::string& text) { return text.substr(text.find("\"method\"")); };
    BOOST_TEST(params(encode(state_report{link_state::down, "why", ""})) ==
               R"("method":"cluster.state","params":{"state":"down","reason":"why"}})");
    BOOST_TEST(params(encode(state_report{link_state::up, "", "E 1"})) ==
               R"("method":"cluster.state","params":{"state":"up","engine":"E 1"}})");
    BOOST_TEST(params(encode(pong{})) == R"("method":"cluster.pong","params":{}})");
    BOOST_TEST(
        params(encode(hosts_report{
            {{"a", milliseconds{3},
                 {{"n", {"x", "y"}, true, 7, "closed", 3, "registered"}, {"m", {"z"}, false, 0, "", 0, ""}}},
                {"b", milliseconds{4}, {}}}})) ==
        R"("method":"cluster.hosts","params":{"hosts":[{"host":"a","lease_ms":3,"sessions":[{"name":"n","events":["x","y"],"responds":true,"uid":7,"on_failure":"closed","order":3,"kind":"registered"},{"name":"m","events":["z"],"responds":false}]},{"host":"b","lease_ms":4,"sessions":[]}]}})");
    BOOST_TEST(params(encode(session_ready{4})) == R"("method":"cluster.session_ready","params":{"session":4}})");
    BOOST_TEST(
        params(encode(asked{"x", {{"b", {{"n\"", "open", 1}, {"m", "closed", 2}}}}})) ==
        R"("method":"cluster.asked","params":{"hook_event_id":"x","hosts":[{"host":"b","responders":[{"name":"n\"","on_failure":"open","order":1},{"name":"m","on_failure":"closed","order":2}]}]}})");
    BOOST_TEST(params(encode(ask_failed{"x", "why"})) ==
               R"("method":"cluster.ask_failed","params":{"hook_event_id":"x","reason":"why"}})");
    BOOST_TEST(params(encode(told{1, 2})) == R"("method":"cluster.told","params":{"request":1,"hosts":2}})");
    BOOST_TEST(
        params(encode(tell_failed{1, "why"})) == R"("method":"cluster.told","params":{"request":1,"failed":"why"}})");
    BOOST_TEST(params(encode(cancel{"x"})) == R"("method":"cluster.cancel","params":{"hook_event_id":"x"}})");
    BOOST_TEST(params(encode(settled{"b", "x", R"({"a":1})"})) ==
               R"("method":"cluster.settled","params":{"host":"b","hook_event_id":"x","result":{"a":1}}})");
    BOOST_TEST(params(encode(host_left{"b", "left"})) ==
               R"("method":"cluster.host_left","params":{"host":"b","why":"left"}})");
    BOOST_TEST(params(encode(gap{"why"})) == R"("method":"cluster.gap","params":{"reason":"why"}})");
    BOOST_TEST(params(encode(fatal{"why"})) == R"("method":"cluster.fatal","params":{"reason":"why"}})");
}

BOOST_AUTO_TEST_SUITE_END()
