// SPDX-License-Identifier: BSL-1.0
// Section 2 of the wire contract: batches.
#include "fairness.hpp"
#include "support/json_access.hpp"
#include "support/raw_json.hpp"
#include "support/test_daemon.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <map>
#include <string>
#include <string_view>

using namespace hookd::test;
namespace data = boost::unit_test::data;

namespace {

// The answers of a batch by id, as bytes.
std::map<std::string, wire_message> answers_by_id(const wire_message& batch) {
    std::map<std::string, wire_message> result;
    for (const auto element : raw_elements(batch.text)) {
        wire_message answer{std::string{element}};
        result.emplace(answer.raw({"id"}), answer);
    }
    return result;
}

std::string pings(std::size_t count) {
    std::string text = "[";
    for (std::size_t i = 0; i < count; ++i) {
        text +=
            (i == 0 ? "" : ",") + std::string{R"({"jsonrpc":"2.0","id":)"} + std::to_string(i) + R"(,"method":"ping"})";
    }
    return text + "]";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(batch_suite)

BOOST_DATA_TEST_CASE(batch_gets_one_array_of_answers, data::make(all_framings), kind) {
    test_daemon daemon;
    auto peer = daemon.connect(kind);
    // The example of the JSON-RPC 2.0 specification, section 7, in our methods.
    peer.send(R"([
        {"jsonrpc":"2.0","method":"ping","id":"1"},)"
              R"({"jsonrpc":"2.0","method":"emit","params":{"event":"notified"}},)"
              R"({"jsonrpc":"2.0","method":"emit","params":{"event":"e"},"id":"2"},)"
              R"({"foo":"boo"},)"
              R"({"jsonrpc":"2.0","method":"foo.get","params":{"name":"myself"},"id":"5"},)"
              R"({"jsonrpc":"2.0","method":"unsubscribe","id":9.0}])");
    if (kind == framing::line) {
        // The line break in it made two lines of it, neither of them JSON.
        BOOST_TEST(peer.receive().error_code() == -32700);
        BOOST_TEST(peer.receive().error_code() == -32700);
        return;
    }
    const auto batch = peer.receive();
    BOOST_TEST(raw_elements(batch.text).size() == 5U);
    const auto answers = answers_by_id(batch);
    BOOST_TEST(answers.at("\"1\"").integer("/result/protocol") == 1);
    BOOST_TEST(answers.at("\"2\"").integer("/result/seq") == 2);
    BOOST_TEST(answers.at("null").error_code() == -32600);
    BOOST_TEST(answers.at("\"5\"").error_code() == -32601);
    BOOST_TEST(!bool_at(answers.at("9.0").json(), "/result/unsubscribed"));
}

BOOST_AUTO_TEST_CASE(batch_of_one_line_is_answered_in_one_line) {
    test_daemon daemon;
    auto peer = daemon.connect(framing::line);
    peer.send(pings(3));
    BOOST_TEST(answers_by_id(peer.receive()).size() == 3U);
}

BOOST_AUTO_TEST_CASE(empty_batch_is_one_invalid_request) {
    test_daemon daemon;
    auto peer = daemon.connect();
    for (const char* text : {"[]", "[ ]"}) {
        peer.send(text);
        const auto response = peer.receive();
        BOOST_TEST(response.error_code() == -32600);
        BOOST_TEST(response.raw({"id"}) == "null");
    }
}

BOOST_AUTO_TEST_CASE(each_invalid_element_gets_an_error_of_its_own) {
    test_daemon daemon;
    auto peer = daemon.connect();
    peer.send(R"([1,"x",null,[],[{"jsonrpc":"2.0","id":1,"method":"ping"}],{}])");
    const auto batch = peer.receive();
    const auto elements = raw_elements(batch.text);
    BOOST_TEST(elements.size() == 6U);
    for (const auto element : elements) {
        const wire_message answer{std::string{element}};
        BOOST_TEST(answer.error_code() == -32600);
        BOOST_TEST(answer.raw({"id"}) == "null");
    }
}

BOOST_AUTO_TEST_CASE(batch_that_is_not_json_is_one_parse_error) {
    test_daemon daemon;
    auto peer = daemon.connect();
    peer.send(R"([{"jsonrpc":"2.0","method":"emit","params":{"event":"e"},"id":"1"},{"jsonrpc":"2.0","method"])");
    const auto response = peer.receive();
    BOOST_TEST(response.error_code() == -32700);
    BOOST_TEST(response.raw({"id"}) == "null");
    BOOST_TEST(int_at(daemon.stats(), "/head_seq") == 0);
}

BOOST_AUTO_TEST_CASE(batch_of_notifications_gets_no_answer_at_all) {
    test_daemon daemon;
    auto peer = daemon.connect();
    peer.send(R"([{"jsonrpc":"2.0","method":"emit","params":{"event":"e"}},{"jsonrpc":"2.0","method":"nonsense"}])");
    peer.result("ping");
    BOOST_TEST(peer.kept_messages() == 0U);
    BOOST_TEST(int_at(daemon.stats(), "/head_seq") == 1);
}

BOOST_AUTO_TEST_CASE(batch_of_1000_is_read_and_of_1001_refused) {
    test_daemon daemon;
    auto peer = daemon.connect();
    for (const std::size_t count : {999U, 1000U}) {
        peer.send(pings(count));
        BOOST_TEST(answers_by_id(peer.receive()).size() == count);
    }
    peer.send(pings(1001));
    const auto refused = peer.receive();
    BOOST_TEST(refused.error_code() == -32001);
    BOOST_TEST(refused.string("/error/data/limit") == "batch");
    BOOST_TEST(refused.integer("/error/data/max") == 1000);
    peer.result("ping");
    BOOST_TEST(peer.kept_messages() == 0U);
}

BOOST_AUTO_TEST_CASE(answers_that_unfinished_batches_hold_are_bounded) {
    test_daemon daemon;
    auto peer = daemon.connect();
    std::string text =
        R"([{"jsonrpc":"2.0","id":"wait","method":"emit_and_wait","params":{"event":"e","require_subscriber":false}})";
    for (int i = 0; i < 999; ++i) {
        text += R"(,{"jsonrpc":"2.0","id":1,"method":"rpc.discover"})";
    }
    text += ']';
    // 10 MB of answers each.
    for (int i = 0; i < 40; ++i) {
        peer.send(text);
    }
    peer.send(R"({"jsonrpc":"2.0","id":"last","method":"ping"})");
    bool refused = false;
    for (auto next = peer.receive(); next.raw({"id"}) != "\"last\""; next = peer.receive()) {
        BOOST_TEST(next.error_code() == -32001);
        BOOST_TEST((next.at("/error/data") == boost::json::value{{"limit", "memory"}, {"max", 64 << 20}}), next.text);
        refused = true;
    }
    BOOST_TEST(refused);
    if (!hookd_is_sanitized()) {
        BOOST_TEST(daemon.peak_resident_bytes() < std::size_t{200} << 20);
    }
    // What began is answered in full length, with errors where there was no room; then there is room again.
    peer.notify("$/cancelRequest", R"({"id":"wait"})");
    bool cut = false;
    for (int left = static_cast<int>(int_at(daemon.stats(), "/head_seq")); left > 0; --left) {
        const auto answers = peer.receive().json();
        BOOST_TEST(answers.as_array().size() == 1000U);
        cut = cut || has_at(answers.as_array().back(), "/error");
    }
    BOOST_TEST(cut);
    peer.send(pings(1000));
    BOOST_TEST(answers_by_id(peer.receive()).size() == 1000U);
}

BOOST_AUTO_TEST_CASE(batch_that_takes_long_lets_others_have_their_turn) {
    test_daemon daemon;
    auto emitter = daemon.connect();
    for (int i = 0; i < 1024; ++i) {  // now statistics are long
        emit(emitter, std::to_string(i) + std::string(100, 'x'));
    }
    std::string text = R"([{"jsonrpc":"2.0","method":"emit","params":{"event":"begun"}})";
    for (int i = 0; i < 200; ++i) {
        text += R"(,{"jsonrpc":"2.0","id":)" + std::to_string(i) + R"(,"method":"stats"})";
    }
    text += R"(,{"jsonrpc":"2.0","method":"emit","params":{"event":"ended"}}])";
    check_that_others_have_their_turn(
        daemon, [&] { emitter.send(text); }, [&] { BOOST_TEST(answers_by_id(emitter.receive()).size() == 200U); });
}

BOOST_AUTO_TEST_CASE(batch_is_answered_once_its_last_waiting_request_is) {
    test_daemon daemon;
    auto responder = daemon.connect();
    subscribe(responder, "*", R"("name":"r")");
    auto peer = daemon.connect();
    peer.send(R"([{"jsonrpc":"2.0","id":1,"method":"emit_and_wait","params":{"event":"a"}},)"
              R"({"jsonrpc":"2.0","id":2,"method":"ping"},)"
              R"({"jsonrpc":"2.0","id":3,"method":"emit_and_wait","params":{"event":"b"}}])");
    const auto first = responder.next_event().string("/params/hook_event_id");
    const auto second = responder.next_event().string("/params/hook_event_id");
    respond(responder, second, R"("response":{"abort":"second"})");
    peer.result("ping");  // the connection goes on meanwhile
    BOOST_TEST(peer.kept_messages() == 0U);
    respond(responder, first, R"("response":{"abort":"first"})");
    const auto answers = answers_by_id(peer.receive());
    BOOST_TEST(answers.size() == 3U);
    BOOST_TEST(answers.at("1").string("/result/abort") == "first");
    BOOST_TEST(answers.at("2").integer("/result/protocol") == 1);
    BOOST_TEST(answers.at("3").string("/result/abort") == "second");
}

BOOST_AUTO_TEST_CASE(waiting_request_of_a_batch_can_be_cancelled) {
    test_daemon daemon;
    auto responder = daemon.connect();
    subscribe(responder);
    auto peer = daemon.connect();
    peer.send(R"([{"jsonrpc":"2.0","id":1,"method":"emit_and_wait","params":{"event":"a"}},)"
              R"({"jsonrpc":"2.0","id":2,"method":"ping"}])");
    responder.next_event();
    peer.notify("$/cancelRequest", R"({"id":1})");
    const auto answers = answers_by_id(peer.receive());
    BOOST_TEST(answers.at("1").error_code() == -32800);
    BOOST_TEST(answers.at("2").error_code() == 0);
    peer.send(R"([{"jsonrpc":"2.0","id":1,"method":"emit_and_wait","params":{"event":"a"}},)"
              R"({"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":1}}])");
    BOOST_TEST(answers_by_id(peer.receive()).at("1").error_code() == -32800);
}

BOOST_AUTO_TEST_CASE(subscribe_in_a_batch_opens_a_session_whose_events_arrive) {
    test_daemon daemon;
    auto peer = daemon.connect();
    peer.send(R"([{"jsonrpc":"2.0","id":1,"method":"subscribe","params":{"responds":false}},)"
              R"({"jsonrpc":"2.0","id":2,"method":"emit","params":{"event":"e","payload":[7]}}])");
    const auto event = peer.next_event();  // before or after the answer
    BOOST_TEST(event.raw({"params", "payload"}) == "[7]");
    const auto answers = answers_by_id(peer.next_response());
    BOOST_TEST(answers.at("1").integer("/result/head_seq") == 0);
    BOOST_TEST(answers.at("2").integer("/result/subscribers") == 1);
}

BOOST_AUTO_TEST_CASE(elements_are_carried_out_in_order) {
    test_daemon daemon;
    auto subscriber = daemon.connect();
    subscribe(subscriber, "*", R"("responds":false)");
    auto peer = daemon.connect();
    std::string text = "[";
    for (int i = 1; i <= 500; ++i) {
        text += (i == 1 ? "" : ",") +
                std::string{R"({"jsonrpc":"2.0","method":"emit","params":{"event":"e","payload":)"} +
                std::to_string(i) + "}}";
    }
    peer.send(text + "]");
    for (int i = 1; i <= 500; ++i) {
        BOOST_TEST(subscriber.next_event().raw({"params", "payload"}) == std::to_string(i));
    }
}

BOOST_AUTO_TEST_SUITE_END()
