// SPDX-License-Identifier: BSL-1.0
// Section 1 of the wire contract: three framings on one socket, told apart by the first byte.
#include "support/json_access.hpp"
#include "support/raw_json.hpp"
#include "support/test_daemon.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

using namespace hookd::test;
namespace data = boost::unit_test::data;

namespace {

constexpr std::string_view ping = R"({"jsonrpc":"2.0","id":7,"method":"ping"})";

// A ping of exactly `size` bytes of JSON.
std::string padded_ping(std::size_t size) {
    std::string text{ping};
    text.insert(text.size() - 1, size - text.size(), ' ');
    return text;
}

void check_pong(wire_client& peer, std::string_view id = "7") {
    const auto response = peer.receive();
    BOOST_TEST(response.raw({"id"}) == id);
    BOOST_TEST(response.integer("/result/protocol") == 1);
}

void check_refused_and_closed(wire_client& peer, std::int64_t code) {
    const auto response = peer.receive();
    BOOST_TEST(response.error_code() == code);
    BOOST_TEST(response.raw({"id"}) == "null");
    BOOST_TEST(!response.error_message().empty());
    peer.wait_for_close();
    BOOST_TEST(peer.kept_messages() == 0U);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(framing_suite)

BOOST_DATA_TEST_CASE(daemon_answers_in_the_framing_of_the_peer, data::make(all_framings), kind) {
    test_daemon daemon;
    auto peer = daemon.connect(kind);
    for (int i = 0; i < 3; ++i) {
        peer.send(ping);
        check_pong(peer);
    }
}

BOOST_AUTO_TEST_CASE(header_framing_takes_names_in_any_case_and_further_header_lines) {
    test_daemon daemon;
    const auto size = std::to_string(ping.size());
    for (const auto& head : {"Content-Length: " + size + "\r\n\r\n", "content-length: " + size + "\r\n\r\n",
             "cONTENT-lENGTH: " + size + "\r\n\r\n",
             "Content-Type: application/vscode-jsonrpc; charset=utf-8\r\nContent-Length: " + size + "\r\n\r\n",
             "Content-Length: " + size + "\r\nX-Anything: at all: yes\r\n\r\n"}) {
        auto peer = daemon.connect(framing::header);
        for (int i = 0; i < 2; ++i) {
            peer.send_raw(head + std::string{ping});
            check_pong(peer);
        }
    }
}

BOOST_AUTO_TEST_CASE(length_frames_whose_first_byte_is_0_to_8_are_native) {
    test_daemon daemon({"--max-frame", "1KiB"});
    for (int first = 0; first <= 8; ++first) {
        auto peer = daemon.connect(framing::length);
        if (first == 0) {
            peer.send(ping);
            check_pong(peer);
        } else {
            // Too long, and refused in the native framing as soon as the length is known.
            peer.send_raw(std::string{static_cast<char>(first)} + std::string(3, '\0'));
            check_refused_and_closed(peer, -32001);
        }
    }
}

BOOST_AUTO_TEST_CASE(every_other_first_byte_means_lines) {
    test_daemon daemon;
    for (int first = 0; first < 256; ++first) {
        if (first <= 8 || first == 'C' || first == 'c') {
            continue;
        }
        auto peer = daemon.connect(framing::line);
        peer.send_raw(std::string{static_cast<char>(first)} + "\n");
        peer.send(ping);
        const auto response = peer.receive();
        const bool is_space = first == ' ' || first == '\t' || first == '\r' || first == '\n';
        if (!is_space) {
            // One character that is not JSON, save the digits, which are JSON but no request.
            BOOST_TEST(
                response.error_code() == (first >= '0' && first <= '9' ? -32600 : -32700), "first byte " << first);
            check_pong(peer);
        }
    }
}

BOOST_AUTO_TEST_CASE(line_framing_ignores_carriage_returns_and_blank_lines) {
    test_daemon daemon;
    auto peer = daemon.connect(framing::line);
    peer.send_raw("\n\r\n\n" + std::string{ping} + "\r\n\n\r\n" + std::string{ping} + "\n");
    check_pong(peer);
    check_pong(peer);
    peer.send_raw("\t" + std::string{ping} + " \n");
    check_pong(peer);
    BOOST_TEST(!peer.has_message());
}

BOOST_AUTO_TEST_CASE(last_line_that_ends_with_the_stream_counts) {
    test_daemon daemon;
    auto peer = daemon.connect(framing::line);
    peer.send_raw(ping);
    peer.half_close();
    check_pong(peer);
    BOOST_TEST(peer.wait_for_close());
}

BOOST_AUTO_TEST_CASE(length_of_zero_is_a_parse_error_and_closes) {
    test_daemon daemon;
    auto native = daemon.connect(framing::length);
    native.send_raw(std::string(4, '\0'));
    check_refused_and_closed(native, -32700);
    auto header = daemon.connect(framing::header);
    header.send_raw("Content-Length: 0\r\n\r\n");
    check_refused_and_closed(header, -32700);
}

BOOST_AUTO_TEST_CASE(malformed_header_block_is_a_parse_error_and_closes) {
    test_daemon daemon;
    const auto body = std::string{ping};
    const auto size = std::to_string(body.size());
    for (const std::string& head : {
             "Content-Length: " + size + "\n\n",               // bare LF
             "Content-Length: " + size + "\r\nX: y\n\r\n",     // bare LF after a good line
             "Content-Length: " + size + "\r\n\n",             // bare LF as the blank line
             std::string{"Content-Type: text/plain\r\n\r\n"},  // no length
             std::string{"Content-Length: \r\n\r\n"},
             std::string{"Content-Length: -5\r\n\r\n"},
             std::string{"Content-Length: +5\r\n\r\n"},
             std::string{"Content-Length: 5x\r\n\r\n"},
             std::string{"Content-Length: 0x10\r\n\r\n"},
             std::string{"Content-Length: 1.5\r\n\r\n"},
             std::string{"Content-Length 40\r\n\r\n"},
             "Content-Length: " + size + "\r\nno colon here\r\n\r\n",
             "Content-Length: " + size + "\r\nContent-Length: 9\r\n\r\n",
             std::string{"Cabbage\r\n\r\n"},
         }) {
        BOOST_TEST_CONTEXT("header block " << json_string(head)) {
            auto peer = daemon.connect(framing::header);
            try {
                peer.send_raw(head + body);
            } catch (const connection_closed&) {
                // A write that fails may hide an error that was sent before the close: it is read below.
            }
            check_refused_and_closed(peer, -32700);
        }
    }
}

BOOST_AUTO_TEST_CASE(second_header_block_is_checked_like_the_first) {
    test_daemon daemon;
    auto peer = daemon.connect(framing::header);
    peer.send(ping);
    check_pong(peer);
    peer.send_raw("{\"jsonrpc\":\"2.0\"}\r\n\r\n");
    check_refused_and_closed(peer, -32700);
}

BOOST_AUTO_TEST_CASE(content_length_beyond_every_number_is_refused) {
    test_daemon daemon;
    for (const char* digits : {"4294967296", "18446744073709551616", "99999999999999999999999999999999"}) {
        auto peer = daemon.connect(framing::header);
        peer.send_raw(std::string{"Content-Length: "} + digits + "\r\n\r\n");
        const auto response = peer.receive();
        const auto code = response.error_code();
        BOOST_TEST((code == -32001 || code == -32700), digits << ": " << response.text);
        peer.wait_for_close();
    }
}

BOOST_DATA_TEST_CASE(text_that_is_not_json_is_refused_and_the_connection_goes_on, data::make(all_framings), kind) {
    test_daemon daemon;
    auto peer = daemon.connect(kind);
    for (const char* text :
        {"x", "{", "[1,", R"({"jsonrpc":"2.0","id":1,"method":"ping"}})", "nul", "\"\\q\"", "{} {}", "\xff"}) {
        peer.send(text);
        const auto response = peer.receive();
        BOOST_TEST(response.error_code() == -32700, text << ": " << response.text);
        BOOST_TEST(response.raw({"id"}) == "null");
        BOOST_TEST(response.raw({"jsonrpc"}) == "\"2.0\"");
        peer.send(ping);
        check_pong(peer);
    }
}

BOOST_AUTO_TEST_CASE(pretty_printed_text_is_refused_with_a_hint_at_its_first_line) {
    test_daemon daemon;
    auto peer = daemon.connect(framing::line);
    peer.send_raw("{\n  \"jsonrpc\": \"2.0\",\n  \"id\": 1,\n  \"method\": \"ping\"\n}\n");
    const auto first = peer.receive();
    BOOST_TEST(first.error_code() == -32700);
    BOOST_TEST(first.error_message().find("one line, ended by LF") != std::string::npos, first.text);
    for (int line = 1; line < 5; ++line) {
        BOOST_TEST(peer.receive().error_code() == -32700);
    }
    peer.send(ping);
    check_pong(peer);
    // Where ends are known it is only a text that was cut.
    auto native = daemon.connect(framing::length);
    native.send("{");
    BOOST_TEST(native.receive().error_message().find("line") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(whole_text_without_lf_is_refused_with_a_hint_and_one_that_is_not_whole_is_waited_for) {
    test_daemon daemon;
    auto slow = daemon.connect(framing::line);
    slow.send_raw(ping.substr(0, ping.size() - 1));
    auto forgetful = daemon.connect(framing::line);
    forgetful.send_raw("\n" + std::string{ping});
    const auto refused = forgetful.receive();
    BOOST_TEST(refused.error_code() == -32700);
    BOOST_TEST(refused.raw({"id"}) == "null");
    BOOST_TEST(refused.error_message().find("one line, ended by LF") != std::string::npos, refused.text);
    forgetful.send_raw("\n");  // too late for that text
    forgetful.send(ping);
    check_pong(forgetful);
    // It has waited for longer than the other.
    slow.send_raw("}\n");
    check_pong(slow);
    BOOST_TEST(!slow.has_message());
    BOOST_TEST(!forgetful.has_message());
}

BOOST_AUTO_TEST_CASE(http_request_gets_one_error_and_nothing_behind_it_is_carried_out) {
    test_daemon daemon;
    const std::string body = R"({"jsonrpc":"2.0","id":1,"method":"emit","params":{"event":"smuggled"}})"
                             "\n";
    for (const std::string& head : {std::string{"POST / HTTP/1.1\r\nHost: x\r\n\r\n"}, std::string{"GET / HTTP/1.0\n"},
             std::string{"CONNECT x:1 HTTP/1.1\r\n\r\n"}}) {
        wire_client peer{connect_to(daemon.socket_path()), head.front() == 'C' ? framing::header : framing::line};
        peer.send_raw(head + body);
        const auto response = peer.receive();
        BOOST_TEST(response.error_code() == -32700);
        BOOST_TEST(response.error_message().find("HTTP") != std::string::npos, response.text);
        peer.wait_for_close();
        BOOST_TEST(peer.kept_messages() == 0U);
    }
    BOOST_TEST(daemon.stats().at_pointer("/totals/events").as_int64() == 0);
}

BOOST_DATA_TEST_CASE(frame_of_at_most_max_frame_is_read_and_a_larger_one_closes, data::make(all_framings), kind) {
    test_daemon daemon({"--max-frame", "4KiB"});
    auto peer = daemon.connect(kind);
    for (const std::size_t size : {4095U, 4096U}) {
        peer.send(padded_ping(size));
        check_pong(peer);
    }
    peer.send(padded_ping(4097));
    const auto response = peer.receive();
    BOOST_TEST(response.error_code() == -32001);
    BOOST_TEST(response.string("/error/data/limit") == "max_frame");
    BOOST_TEST(response.integer("/error/data/max") == 4096);
    peer.wait_for_close();
    daemon.connect().result("ping");
}

BOOST_AUTO_TEST_CASE(endless_line_is_refused_before_it_ends) {
    test_daemon daemon({"--max-frame", "4KiB"});
    auto peer = daemon.connect(framing::line);
    peer.send_raw("\"" + std::string(5000, 'x'));
    const auto response = peer.receive();
    BOOST_TEST(response.error_code() == -32001);
    BOOST_TEST(response.string("/error/data/limit") == "max_frame");
    peer.wait_for_close();
}

BOOST_AUTO_TEST_CASE(default_max_frame_is_16_mebibytes) {
    test_daemon daemon;
    constexpr std::size_t limit = 16U * 1024 * 1024;
    auto peer = daemon.connect();
    peer.send(padded_ping(limit));
    check_pong(peer);
    const std::string too_long = encode_frame(framing::length, std::string(limit + 1, ' ')).substr(0, 4);
    peer.send_raw(too_long);
    check_refused_and_closed(peer, -32001);
}

BOOST_AUTO_TEST_CASE(max_frame_can_be_128_mebibytes_but_no_more) {
    test_daemon daemon({"--max-frame", "128MiB"});
    constexpr std::size_t limit = 128U * 1024 * 1024;
    auto peer = daemon.connect();
    peer.send(padded_ping(limit));
    check_pong(peer);
    peer.send_raw(std::string{"\x08\x00\x00\x01", 4});
    check_refused_and_closed(peer, -32001);
    const auto refused =
        run_program({hookd_binary(), "--socket", daemon.directory() / "other.sock", "--max-frame", "129MiB"});
    BOOST_TEST(refused.exit_status == 2);
}

BOOST_DATA_TEST_CASE(what_the_daemon_sends_may_be_larger_than_max_frame, data::make(all_framings), kind) {
    test_daemon daemon({"--max-frame", "4KiB"});
    auto subscriber = daemon.connect(kind);
    subscribe(subscriber);
    auto emitter = daemon.connect();
    const std::string payload = json_string(std::string(3990, 'x'));
    emit(emitter, "e", payload);
    const auto event = subscriber.next_event();
    BOOST_TEST((event.raw({"params", "payload"}) == payload));
    BOOST_TEST(event.text.size() > 4096U);
}

BOOST_AUTO_TEST_CASE(line_framed_peer_never_receives_a_raw_line_break_inside) {
    test_daemon daemon;
    auto native = daemon.connect(framing::length);
    auto header = daemon.connect(framing::header);
    auto line = daemon.connect(framing::line);
    subscribe(native, "*", R"("responds":false)");
    subscribe(header, "*", R"("responds":false)");
    subscribe(line, "*", R"("responds":false)");
    const std::string payload = "{\r\n \"a\":\n\t[1,\r2]\r\n}";
    const std::string spaced = "{   \"a\": \t[1, 2]  }";
    auto emitter = daemon.connect();
    emit(emitter, "e", payload);
    BOOST_TEST(native.next_event().raw({"params", "payload"}) == payload);
    BOOST_TEST(header.next_event().raw({"params", "payload"}) == payload);
    BOOST_TEST(line.next_event().raw({"params", "payload"}) == spaced);
}

BOOST_AUTO_TEST_CASE(line_framed_emitter_receives_a_reply_without_line_breaks) {
    test_daemon daemon;
    auto responder = daemon.connect();
    subscribe(responder);
    for (const auto kind : all_framings) {
        auto emitter = daemon.connect(kind);
        const auto id = send_emit_and_wait(emitter, "e");
        const auto event_id = responder.next_event().string("/params/hook_event_id");
        respond(responder, event_id, "\"response\":{\n\"a\" :\r\n1}");
        const auto result = emitter.response_to(id);
        const auto responses = result.raw({"result", "responses"});
        const auto reply = raw_member(raw_elements(responses).at(0), "response");
        BOOST_TEST(std::string{reply.value()} == (kind == framing::line ? "{ \"a\" :  1}" : "{\n\"a\" :\r\n1}"));
    }
}

BOOST_DATA_TEST_CASE(nesting_of_128_levels_is_read_and_of_129_refused, data::make(all_framings), kind) {
    test_daemon daemon;
    auto subscriber = daemon.connect(kind);
    subscribe(subscriber, "*", R"("responds":false)");
    auto peer = daemon.connect(kind);
    // The envelope and `params` are two levels.
    emit(peer, "e", nested_arrays(126));
    BOOST_TEST((subscriber.next_event().raw({"params", "payload"}) == nested_arrays(126)));
    for (const std::size_t depth : {127U, 200U, 100000U}) {
        peer.send(R"({"jsonrpc":"2.0","id":1,"method":"emit","params":{"event":"e","payload":)" + nested_arrays(depth) +
                  "}}");
        const auto response = peer.receive();
        BOOST_TEST(response.error_code() == -32700, "depth " << depth);
        BOOST_TEST(response.raw({"id"}) == "null");
    }
    peer.result("ping");
}

BOOST_AUTO_TEST_CASE(header_block_without_end_is_refused) {
    test_daemon daemon;
    auto peer = daemon.connect(framing::header);
    try {
        peer.send_raw("Content-Length: 40\r\n");
        for (int i = 0; i < 10000; ++i) {
            peer.send_raw("X-Filler: " + std::string(100, 'x') + "\r\n");
        }
    } catch (const connection_closed&) {
        // A write that fails may hide an error that was sent before the close.
    }
    const auto code = peer.receive().error_code();
    BOOST_TEST((code == -32001 || code == -32700));
    peer.wait_for_close();
    daemon.connect().result("ping");
}

BOOST_AUTO_TEST_CASE(header_block_of_four_kibibytes_is_read) {
    test_daemon daemon;
    auto peer = daemon.connect(framing::header);
    peer.send_raw("Content-Length: " + std::to_string(ping.size()) + "\r\nX-Filler: " + std::string(4000, 'x') +
                  "\r\n\r\n" + std::string{ping});
    check_pong(peer);
}

BOOST_AUTO_TEST_SUITE_END()
