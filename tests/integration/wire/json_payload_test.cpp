// SPDX-License-Identifier: BSL-1.0
// Payloads and replies: every JSON text of RFC 8259 arrives byte for byte, and nothing else is let in. The corner cases
// are those that parsers are known to disagree about.
#include "support/json_access.hpp"
#include "support/raw_json.hpp"
#include "support/test_daemon.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

using namespace hookd::test;
using namespace std::string_literals;
namespace data = boost::unit_test::data;

namespace {

const std::vector<std::string>& valid_texts() {
    static const std::vector<std::string> texts{
        "null",
        "true",
        "false",
        // numbers
        "0",
        "-0",
        "1",
        "-1",
        "0.0",
        "-0.0",
        "0e0",
        "0E-0",
        "-0e+1",
        "1.0",
        "1.10",
        "1e2",
        "1E2",
        "1e+2",
        "1e-2",
        "1.5e+300",
        "20e1",
        "123.456e78",
        "1E400",
        "-1E400",
        "1e-99999",
        "123123e100000",
        "0.000000000000000000000000000000000000000000000000000001",
        "9007199254740993",
        "18446744073709551616",
        "-9223372036854775809",
        "123456789012345678901234567890123456789012345678901234567890",
        "1.7976931348623159e308",
        "4.9e-324",
        "0.1000000000000000055511151231257827021181583404541015625",
        "1" + std::string(5000, '0'),
        // strings
        R"("")",
        R"("a")",
        R"(" ")",
        R"("\"")",
        R"("\\")",
        R"("\/")",
        R"("/")",
        R"("\b\f\n\r\t")",
        R"("\u0000")",
        R"("\u001f")",
        R"("\u0022")",
        R"("\u005C")",
        R"("\u0041\u00e9")",
        R"("\uD83D\uDE00")",
        R"("\ud83d\ude00")",
        R"("\ud800")",
        R"("\udc00")",
        R"("\uDC00\uD800")",
        R"("\ud800x")",
        R"("\ud800\ud800")",
        R"("\uFFFE\uFFFF")",
        R"("\uFDD0")",
        R"("\u200B")",
        R"("\\u0041")",
        R"("\\\"")",
        R"("\\\\")",
        "\"\x7f\"",
        "\"\xc2\x80\"",
        "\"\xc3\xa9\"",
        "\"\xdf\xbf\"",
        "\"\xe0\xa0\x80\"",
        "\"\xe2\x82\xac\"",
        "\"\xe2\x80\xa8\xe2\x80\xa9\"",
        "\"\xed\x9f\xbf\"",
        "\"\xee\x80\x80\"",
        "\"\xef\xbb\xbf\"",
        "\"\xef\xbf\xbe\xef\xbf\xbf\"",
        "\"\xf0\x90\x80\x80\"",
        "\"\xf0\x9f\x98\x80\"",
        "\"\xf4\x8f\xbf\xbf\"",
        "\"{}[],:null//\"",
        "\"" + std::string(300000, 'x') + "\"",
        "\"" + std::string(20000, '\\') + "\"",
        // structure
        "{}",
        "[]",
        "[[]]",
        "[{}]",
        "[[],[],{}]",
        "{\"\":0}",
        R"({"a":{}})",
        R"({"a":1,"b":2})",
        R"({"b":1,"a":2})",
        R"({"a":1,"a":2})",
        R"({"a":1,"a":1,"\u0061":1})",
        R"({"jsonrpc":"1.0","id":1,"method":"x","params":[]})",
        R"({"abort":1,"abort":""})",
        R"({"\u0000":1})",
        R"([null,1,"1",{},[]])",
        "[1,null,null,null,2]",
        nested_arrays(100),
        nested_arrays(126),
        // white space inside stays
        "[ ]",
        "{ }",
        "[ 1 ,\t2 ]",
        "{ \"a\" : 1 , \"b\" :[ ] }",
        "[\t\t]",
        "[1\n,\r\n2\r]",
        "{\n  \"a\": 1\n}",
        "{\"a\":\n\n\n1}",
    };
    return texts;
}

const std::vector<std::string>& invalid_texts() {
    static const std::vector<std::string> texts{
        "",
        // numbers
        "1.",
        "-",
        "+1",
        ".5",
        "-.5",
        "01",
        "-01",
        "00",
        "0.",
        "1e",
        "1e+",
        "1E-",
        "0e",
        "1.e1",
        "1.2.3",
        "1e1.5",
        "0x10",
        "1a",
        "1 000",
        "1_000",
        "--1",
        "- 1",
        "NaN",
        "Infinity",
        "-Infinity",
        "nan",
        "1e 5",
        "\xef\xbc\x91",
        "0b1",
        "1f",
        // literals
        "tru",
        "nul",
        "fals",
        "True",
        "NULL",
        "truee",
        "nulll",
        "undefined",
        "n",
        "t",
        // strings
        "\"",
        "\"a",
        "'a'",
        "a",
        "\"\\\"",
        R"("\x41")",
        R"("\a")",
        R"("\')",
        R"("\u")",
        R"("\u1")",
        R"("\u12")",
        R"("\u123")",
        R"("\u123g")",
        R"("\u{41}")",
        R"("\U0041")",
        "\"\\\n\"",
        R"("\uD83D\u")",
        R"("\ud800\")",
        "\"\t\"",
        "\"\x01\"",
        "\"\x1f\"",
        "\""s + '\0' + "\"",
        R"("a""b")",
        R"(`a`)",
        // UTF-8
        "\"\x80\"",
        "\"\xbf\"",
        "\"\xc0\xaf\"",
        "\"\xc1\x81\"",
        "\"\xc3\"",
        "\"\xc3(\"",
        "\"\xe0\x80\x80\"",
        "\"\xe0\x9f\xbf\"",
        "\"\xe2\x82\"",
        "\"\xe2(\xa1\"",
        "\"\xed\xa0\x80\"",
        "\"\xed\xbf\xbf\"",
        "\"\xed\xa0\x80\xed\xb0\x80\"",
        "\"\xf0\x80\x80\x80\"",
        "\"\xf0\x8f\xbf\xbf\"",
        "\"\xf0\x9f\x98\"",
        "\"\xf4\x90\x80\x80\"",
        "\"\xf5\x80\x80\x80\"",
        "\"\xf8\x88\x80\x80\x80\"",
        "\"\xfe\"",
        "\"\xff\"",
        "\"\xe9\"",
        "\xe9",
        "\xff",
        "[\xff]",
        "{\"\xff\":1}",
        // structure
        "[",
        "]",
        "{",
        "}",
        "[1",
        "[1,",
        "[1,]",
        "[,1]",
        "[,]",
        "[1,,2]",
        "[1 2]",
        "[1:2]",
        "[1}",
        "{]",
        "[}",
        "{1}",
        "{\"a\"}",
        "{\"a\":}",
        "{:1}",
        "{\"a\" 1}",
        "{\"a\":1,}",
        "{,\"a\":1}",
        "{\"a\":1,,\"b\":2}",
        "{\"a\":1 \"b\":2}",
        "{a:1}",
        "{1:1}",
        "{null:1}",
        "{[]:1}",
        "{'a':1}",
        "{\"a\"::1}",
        "{\"a\",1}",
        "{\"a\":1",
        "[\"a\"",
        "[\"a",
        "{\"a",
        "[[]",
        "[]]",
        "{}}",
        "[] []",
        "1 2",
        "{}1",
        "null null",
        "*",
        "<null>",
        "[<null>]",
        "\\u0031",
        "[\\n]",
        "...",
        // white space and comments
        "\f1",
        "\v1",
        "[\f]",
        "\xc2\xa0[]",
        "[\xe2\x81\xa0]",
        "\xef\xbb\xbf{}",
        "1\0"s + "",
        "[1,\0]"s,
        "//c\n1",
        "/**/1",
        "1//",
        "[1/*,*/,2]",
        "#1",
        "1;",
        nested_arrays(127),
        nested_arrays(200),
        std::string(5000, '['),
        std::string(100000, '[') + "1",
        "{\"a\":" + std::string(500, '[') + "}",
    };
    return texts;
}

// As a line-framed peer receives it.
std::string on_one_line(std::string text) {
    std::replace(text.begin(), text.end(), '\n', ' ');
    std::replace(text.begin(), text.end(), '\r', ' ');
    return text;
}

std::string start_of(const std::string& text) {
    return text.substr(0, 60) + " (" + std::to_string(text.size()) + " bytes)";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(json_payload_suite)

BOOST_DATA_TEST_CASE(valid_payload_arrives_byte_for_byte_in_every_framing, data::make(all_framings), from) {
    test_daemon daemon;
    auto native = daemon.connect(framing::length);
    auto header = daemon.connect(framing::header);
    auto line = daemon.connect(framing::line);
    for (auto* peer : {&native, &header, &line}) {
        subscribe(*peer, "*", R"("responds":false)");
    }
    auto emitter = daemon.connect(from);
    for (const auto& text : valid_texts()) {
        BOOST_TEST_CONTEXT("payload " << start_of(text)) {
            const auto sent = from == framing::line ? on_one_line(text) : text;
            emit(emitter, "e", sent);
            BOOST_TEST((native.next_event().raw({"params", "payload"}) == sent));
            BOOST_TEST((header.next_event().raw({"params", "payload"}) == sent));
            BOOST_TEST((line.next_event().raw({"params", "payload"}) == on_one_line(text)));
        }
    }
}

BOOST_AUTO_TEST_CASE(valid_reply_arrives_byte_for_byte_in_every_framing) {
    test_daemon daemon;
    for (const auto kind : all_framings) {
        auto responder = daemon.connect(framing::length);
        subscribe(responder);
        auto emitter = daemon.connect(kind);
        for (const auto& text : valid_texts()) {
            if (text == nested_arrays(126)) {
                continue;  // `response` and its member are two levels more
            }
            const auto reply = "{ \"extra\": " + text + ",\"z\":1.0 ,\"a\":1,\"a\":2}";
            BOOST_TEST_CONTEXT("reply " << start_of(reply)) {
                const auto id = send_emit_and_wait(emitter, "e");
                const auto event_id = responder.next_event().string("/params/hook_event_id");
                BOOST_TEST(bool_at(respond(responder, event_id, "\"response\": " + reply + " "), "/accepted"));
                const auto responses = emitter.response_to(id).raw({"result", "responses"});
                const auto arrived = std::string{raw_member(raw_elements(responses).at(0), "response").value()};
                BOOST_TEST((arrived == (kind == framing::line ? on_one_line(reply) : reply)));
            }
        }
        responder.result("unsubscribe");
    }
}

BOOST_DATA_TEST_CASE(invalid_payload_is_refused_and_reaches_nobody, data::make(all_framings), kind) {
    test_daemon daemon;
    auto subscriber = daemon.connect();
    subscribe(subscriber, "*", R"("responds":false)");
    auto emitter = daemon.connect(kind);
    for (const auto& text : invalid_texts()) {
        if (kind == framing::line && text.find_first_of("\r\n") != std::string::npos) {
            continue;  // would be two lines
        }
        BOOST_TEST_CONTEXT("payload " << start_of(text)) {
            emitter.send(R"({"jsonrpc":"2.0","id":1,"method":"emit","params":{"event":"e","payload":)" + text + "}}");
            const auto refused = emitter.receive();
            BOOST_TEST(refused.error_code() == -32700, refused.text);
            BOOST_TEST(refused.raw({"id"}) == "null");
        }
    }
    // The connection went on all the while, and this is the first event.
    emit(emitter, "e", "[\"sentinel\"]");
    const auto event = subscriber.next_event();
    BOOST_TEST(event.raw({"params", "payload"}) == "[\"sentinel\"]");
    BOOST_TEST(event.integer("/params/seq") == 1);
    BOOST_TEST(emitter.kept_messages() == 0U);
}

BOOST_DATA_TEST_CASE(invalid_text_as_a_frame_is_refused, data::make(all_framings), kind) {
    test_daemon daemon;
    auto peer = daemon.connect(kind);
    for (const auto& text : invalid_texts()) {
        // Not as the first bytes of a connection, which would choose another framing; a frame of no bytes closes, a
        // line of none is blank.
        if (text.empty() || (kind == framing::line && text.find_first_of("\r\n") != std::string::npos)) {
            continue;
        }
        if (text == nested_arrays(127)) {
            continue;  // fine on its own
        }
        BOOST_TEST_CONTEXT("frame " << start_of(text)) {
            peer.result("ping");
            peer.send(text);
            const auto refused = peer.receive();
            BOOST_TEST(refused.error_code() == -32700, refused.text);
            BOOST_TEST(refused.raw({"id"}) == "null");
        }
    }
    peer.result("ping");
    BOOST_TEST(peer.kept_messages() == 0U);
}

BOOST_AUTO_TEST_CASE(frame_of_white_space_only_is_no_json_in_native_and_header_framing) {
    test_daemon daemon;
    for (const auto kind : {framing::length, framing::header}) {
        auto peer = daemon.connect(kind);
        peer.send(" \r\n\t ");
        BOOST_TEST(peer.receive().error_code() == -32700);
        peer.result("ping");
    }
}

BOOST_AUTO_TEST_CASE(parse_error_says_where_and_why) {
    test_daemon daemon;
    auto peer = daemon.connect();
    peer.send(R"({"jsonrpc":"2.0","id":1,"method":tru})");
    const auto message = peer.receive().error_message();
    BOOST_TEST(message.find_first_of("0123456789") != std::string::npos, "no place in: " << message);
}

BOOST_AUTO_TEST_CASE(invalid_bytes_anywhere_in_the_envelope_are_refused) {
    test_daemon daemon;
    auto peer = daemon.connect();
    const std::vector<std::string> frames{
        "{\"jsonrpc\":\"2.0\",\"id\":\"\xff\",\"method\":\"ping\"}",
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"p\xc0\xafng\"}",
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"x\xed\xa0\x80\":1}",
        "{\"jsonrpc\":\"2.0\",\"id\":01,\"method\":\"ping\"}",
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"ignored\":[1,]}",
        "\xef\xbb\xbf{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}",
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}\0"s,
    };
    for (const auto& frame : frames) {
        peer.send(frame);
        const auto refused = peer.receive();
        BOOST_TEST(refused.error_code() == -32700, refused.text);
        BOOST_TEST(refused.raw({"id"}) == "null");
    }
    peer.result("ping");
}

BOOST_AUTO_TEST_CASE(payload_of_a_frame_of_full_size_arrives_byte_for_byte) {
    test_daemon daemon;
    auto subscriber = daemon.connect();
    subscribe(subscriber, "*", R"("responds":false)");
    auto line = daemon.connect(framing::line);
    subscribe(line, "*", R"("responds":false)");
    auto emitter = daemon.connect();
    std::string payload = "\"";
    while (payload.size() < 15U * 1024 * 1024) {
        payload += "all work and no play \\u0041 \xc3\xa9 ";
    }
    payload += "\"";
    emit(emitter, "e", payload);
    BOOST_TEST((subscriber.next_event().raw({"params", "payload"}) == payload));
    BOOST_TEST((line.next_event().raw({"params", "payload"}) == payload));
}

BOOST_AUTO_TEST_SUITE_END()
