// SPDX-License-Identifier: BSL-1.0
#include <hookd/protocol/limits.hpp>
#include <hookd/protocol/message.hpp>

#include <support/json_cases.hpp>

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <chrono>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

using namespace hookd::protocol;
using namespace std::string_literals;
using namespace std::string_view_literals;

namespace hookd::protocol {

std::ostream& operator<<(std::ostream& out, errc code) { return out << static_cast<int>(code); }
std::ostream& operator<<(std::ostream& out, message::kind kind) { return out << static_cast<int>(kind); }
std::ostream& operator<<(std::ostream& out, incoming::kind kind) { return out << static_cast<int>(kind); }

}  // namespace hookd::protocol

namespace {

/// A message with the bytes that it is made of: a copy of exactly their size, so that a sanitizer sees any read past
/// the end.
struct kept_message : message {
    std::unique_ptr<const std::vector<char>> bytes{};
};

/// `read` is read_message or read_element.
kept_message read_with(void (*read)(std::string_view, message&), std::string_view frame) {
    kept_message out;
    out.bytes = std::make_unique<const std::vector<char>>(frame.begin(), frame.end());
    read({out.bytes->data(), out.bytes->size()}, out);
    return out;
}

kept_message read_frame(std::string_view frame) { return read_with(read_message, frame); }

void check_invalid(std::string_view frame, errc code, std::string_view failed_id, std::string_view in_message = "") {
    BOOST_TEST_CONTEXT(frame.substr(0, 200)) {
        const kept_message read = read_frame(frame);
        BOOST_TEST(read.type == message::kind::invalid);
        BOOST_TEST(read.failure.code == code);
        BOOST_TEST(read.failed_id == failed_id);
        BOOST_TEST(!read.failure.message.empty());
        BOOST_TEST(read.failure.message.find(in_message) != std::string::npos, read.failure.message);
    }
}

/// Both what a whole frame is read as, and the same object as an element of a batch.
void check_invalid_request(std::string_view object, std::string_view failed_id, std::string_view in_message = "") {
    check_invalid(object, errc::invalid_request, failed_id, in_message);
    const kept_message element = read_with(read_element, object);
    BOOST_TEST(element.type == message::kind::invalid, object);
    BOOST_TEST(element.failure.code == errc::invalid_request, object);
    BOOST_TEST(element.failed_id == failed_id, object);
}

/// A request with `members` distinct parameters, and `last` as one more.
std::string with_members(std::size_t members, std::string_view last, bool in_params) {
    std::string text = R"({"jsonrpc":"2.0","id":1,"method":"m",)";
    text += in_params ? R"("params":{)" : "";
    for (std::size_t i = 0; i < members; ++i) {
        text += "\"k" + std::to_string(i) + "\":0,";
    }
    text += last;
    text += in_params ? "}}" : "}";
    return text;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(envelope)

BOOST_AUTO_TEST_CASE(request_is_read_as_spans_of_its_frame) {
    const auto frame =
        " { \"params\" : {\"event\":\"a\", \"payload\" : [1, 2.50]} ,\"id\": 7,\"jsonrpc\":\"2.0\",\"method\":\"emit\"}\n"sv;
    const kept_message read = read_frame(frame);
    BOOST_REQUIRE(read.type == message::kind::request);
    BOOST_TEST(read.single.id == "7");
    BOOST_TEST(read.single.method.raw == "emit");
    BOOST_TEST(read.single.params == "{\"event\":\"a\", \"payload\" : [1, 2.50]}");
    BOOST_TEST(!read.single.is_notification());
    BOOST_TEST(!read.single.has_no_params());
    BOOST_REQUIRE(read.single.members.size() == 2U);
    BOOST_TEST(read.single.members[0].key.raw == "event");
    BOOST_TEST(read.single.members[0].value == "\"a\"");
    BOOST_TEST(read.single.members[1].key.raw == "payload");
    BOOST_TEST(read.single.members[1].value == "[1, 2.50]");
    for (const std::string_view span :
        {read.single.id, read.single.method.raw, read.single.params, read.single.members[1].value}) {
        BOOST_TEST((
            span.data() >= read.bytes->data() && span.data() + span.size() <= read.bytes->data() + read.bytes->size()));
    }
}

BOOST_AUTO_TEST_CASE(ids_of_every_kind_are_kept_byte_for_byte) {
    for (const auto id : {"0"sv, "-0"sv, "1.50"sv, "1e3"sv, "123456789012345678901234567890"sv, "0.1E-7"sv, "null"sv,
             "\"\""sv, "\"a b\""sv, "\"\\u0061\\/\\n\""sv, "\"\\uD800\""sv, "\"\xE2\x82\xAC\""sv}) {
        const std::string frame = R"({"jsonrpc":"2.0","method":"m","id": )" + std::string{id} + " }";
        const kept_message read = read_frame(frame);
        BOOST_TEST(read.type == message::kind::request, frame);
        BOOST_TEST(read.single.id == id);
        BOOST_TEST(!read.single.is_notification());
        check_invalid(R"({"jsonrpc":"2.0","id":)" + std::string{id} + "}", errc::invalid_request, id, "method");
    }
}

BOOST_AUTO_TEST_CASE(ids_of_more_than_1024_bytes_are_refused_and_not_echoed) {
    message read;
    for (const char* const quote : {"\"", ""}) {
        const auto with_id = [&](std::size_t size, std::string_view method) {
            return R"({"jsonrpc":"2.0","id":)" + (quote + std::string(size, '1') + quote) + R"(,"method":)" +
                   std::string{method} + "}";
        };
        const auto longest = with_id(1024, R"("m")");
        read_message(longest, read);
        BOOST_TEST((read.type == message::kind::request));
        check_invalid(with_id(1025, R"("m")"), errc::invalid_request, "null", "1024");
        check_invalid(with_id(1025, "1"), errc::invalid_request, "null");  // whatever else is wrong
    }
}

BOOST_AUTO_TEST_CASE(request_without_id_is_a_notification) {
    const kept_message read = read_frame(R"({"jsonrpc":"2.0","method":"m"})");
    BOOST_REQUIRE(read.type == message::kind::request);
    BOOST_TEST(read.single.is_notification());
    BOOST_TEST(!read_frame(R"({"jsonrpc":"2.0","method":"m","id":null})").single.is_notification());
}

BOOST_AUTO_TEST_CASE(ids_of_other_kinds_are_refused_and_answered_with_null) {
    for (const auto id : {"true"sv, "false"sv, "[]"sv, "[1]"sv, "{}"sv, "{\"a\":1}"sv}) {
        check_invalid_request(R"({"jsonrpc":"2.0","method":"m","id":)" + std::string{id} + "}", "null", "\"id\"");
    }
}

BOOST_AUTO_TEST_CASE(version_must_be_the_string_2_0) {
    for (const auto version :
        {"\"1.0\""sv, "\"2\""sv, "2.0"sv, "2"sv, "null"sv, "\"2.00\""sv, "\"\""sv, "[\"2.0\"]"sv, "{}"sv, "true"sv}) {
        check_invalid_request(R"({"id":1,"method":"m","jsonrpc":)" + std::string{version} + "}", "1", "\"jsonrpc\"");
    }
    check_invalid_request(R"({"id":1,"method":"m"})", "1", "\"jsonrpc\"");
    BOOST_TEST(read_frame(R"({"method":"m","jsonrpc":"\u0032.\u0030"})").type == message::kind::request);
}

BOOST_AUTO_TEST_CASE(method_must_be_a_string) {
    for (const auto method : {"1"sv, "null"sv, "[]"sv, "{}"sv, "true"sv}) {
        check_invalid_request(
            R"({"jsonrpc":"2.0","id":"x","method":)" + std::string{method} + "}", "\"x\"", "\"method\"");
    }
    check_invalid_request(R"({"jsonrpc":"2.0","id":"x"})", "\"x\"", "\"method\"");
    check_invalid_request("{}", "null");
    // An empty or unknown name is a matter of the methods, not of the envelope.
    BOOST_TEST(read_frame(R"({"jsonrpc":"2.0","method":""})").type == message::kind::request);
    BOOST_TEST(read_frame(R"({"jsonrpc":"2.0","method":"p\u0069ng"})").single.method.equals("ping"));
}

BOOST_AUTO_TEST_CASE(params_are_an_object_an_array_or_null) {
    for (const auto params : {"1"sv, "\"x\""sv, "true"sv, "false"sv}) {
        check_invalid_request(
            R"({"jsonrpc":"2.0","id":1,"method":"m","params":)" + std::string{params} + "}", "1", "\"params\"");
    }
    for (const auto params : {"{}"sv, "{ }"sv, "[]"sv, "[ \n]"sv, "null"sv}) {
        const kept_message read =
            read_frame(R"({"jsonrpc":"2.0","id":1,"method":"m","params": )" + std::string{params} + " }");
        BOOST_REQUIRE(read.type == message::kind::request);
        BOOST_TEST(read.single.has_no_params(), params);
        BOOST_TEST(read.single.members.empty());
    }
    BOOST_TEST(read_frame(R"({"jsonrpc":"2.0","id":1,"method":"m"})").single.has_no_params());
    for (const auto params : {"{\"a\":null}"sv, "[1]"sv, "[[]]"sv, "[null]"sv}) {
        const std::string frame = R"({"jsonrpc":"2.0","id":1,"method":"m","params":)" + std::string{params} + "}";
        const kept_message read = read_frame(frame);
        BOOST_REQUIRE(read.type == message::kind::request);
        BOOST_TEST(!read.single.has_no_params(), params);
        BOOST_TEST(read.single.params == params);
    }
}

BOOST_AUTO_TEST_CASE(unknown_members_of_the_envelope_are_ignored) {
    const kept_message read = read_frame(
        R"({"a":{"jsonrpc":1,"id":[]},"jsonrpc":"2.0","x":"\"}","id":1,"method":"m","result":1,"error":{}})");
    BOOST_REQUIRE(read.type == message::kind::request);
    BOOST_TEST(read.single.id == "1");
}

BOOST_AUTO_TEST_CASE(members_are_matched_after_decoding_escapes) {
    const kept_message read =
        read_frame(R"({"\u006asonrpc":"2.0","\u0069\u0064":1,"metho\u0064":"m","p\u0061rams":{"\u0061":1}})");
    BOOST_REQUIRE(read.type == message::kind::request);
    BOOST_TEST(read.single.id == "1");
    BOOST_REQUIRE(read.single.members.size() == 1U);
    BOOST_TEST(read.single.members[0].key.equals("a"));
}

BOOST_AUTO_TEST_CASE(a_member_that_stands_twice_in_the_envelope_is_refused) {
    check_invalid_request(R"({"jsonrpc":"2.0","jsonrpc":"2.0","id":1,"method":"m"})", "1", "\"jsonrpc\"");
    check_invalid_request(R"({"jsonrpc":"2.0","id":1,"method":"m","method":"m"})", "1", "\"method\"");
    check_invalid_request(R"({"jsonrpc":"2.0","id":1,"method":"m","params":{},"params":{}})", "1", "\"params\"");
    check_invalid_request(R"({"jsonrpc":"2.0","id":1,"method":"m","params":[],"p\u0061rams":{}})", "1", "\"params\"");
    check_invalid_request(R"({"jsonrpc":"2.0","id":1,"method":"m","x":1,"y":2,"x":1})", "1", "\"x\"");
    check_invalid_request(R"({"jsonrpc":"2.0","id":1,"method":"m","\u0078":1,"y":2,"x":1})", "1", "\"x\"");
    check_invalid_request(R"({"jsonrpc":"2.0","id":1,"method":"m","x":1,"y":2,"\u0078":1})", "1", "\"x\"");
    check_invalid_request(R"({"jsonrpc":"2.0","id":1,"method":"m","\u00e9":1,"\u00E9":1})", "1", "\xC3\xA9");
    check_invalid_request(R"({"jsonrpc":"2.0","id":1,"method":"m","":1,"":1})", "1");
    check_invalid_request(R"({"jsonrpc":"2.0","id":1,"method":"m","result":1,"result":1})", "1", "\"result\"");
    // Which of the two ids was meant cannot be told.
    check_invalid_request(R"({"jsonrpc":"2.0","id":1,"id":1,"method":"m"})", "null", "\"id\"");
    check_invalid_request(R"({"jsonrpc":"2.0","id":1,"method":"m","i\u0064":2})", "null", "\"id\"");
}

BOOST_AUTO_TEST_CASE(a_member_that_stands_twice_in_params_is_refused) {
    check_invalid_request(R"({"jsonrpc":"2.0","id":1,"method":"m","params":{"a":1,"a":1}})", "1", "\"a\"");
    check_invalid_request(R"({"jsonrpc":"2.0","id":1,"method":"m","params":{"a":1,"b":2,"\u0061":1}})", "1", "\"a\"");
    check_invalid_request(R"({"jsonrpc":"2.0","id":1,"method":"m","params":{"\u0061":1,"b":2,"a":1}})", "1", "\"a\"");
    check_invalid_request(R"({"jsonrpc":"2.0","id":1,"params":{"\u0061":1,"\u0061":1},"method":"m"})", "1", "\"a\"");
    check_invalid_request(R"({"jsonrpc":"2.0","id":1,"method":"m","params":{"\uD83D\uDE00":1,")"
                          "\xF0\x9F\x98\x80"
                          R"(":1}})",
        "1");
}

BOOST_AUTO_TEST_CASE(a_notification_whose_params_repeat_a_member_gets_no_answer) {
    check_invalid_request(R"({"jsonrpc":"2.0","method":"emit","params":{"a":1,"a":2}})", "", "\"a\"");
    check_invalid_request(
        R"({"jsonrpc":"2.0","method":7,"params":{"a":1,"a":2}})", "null");  // its envelope is not valid
    check_invalid_request(R"({"jsonrpc":"2.0","id":4,"method":"emit","params":{"a":1,"a":2}})", "4");
}

BOOST_AUTO_TEST_CASE(names_that_differ_only_in_how_they_look_are_not_repeated) {
    const kept_message read = read_frame(
        R"({"jsonrpc":"2.0","id":1,"method":"m","Id":2,"params":{"a":1,"A":1,"\\u0061":1,"a ":1,"":1,"\u0000":1,"a\u0000":1}})");
    BOOST_TEST(read.type == message::kind::request);
    BOOST_TEST(read.single.members.size() == 7U);
}

BOOST_AUTO_TEST_CASE(members_repeated_deeper_down_are_the_peers_own_business) {
    const kept_message read = read_frame(
        R"({"jsonrpc":"2.0","id":1,"method":"m","x":{"a":1,"a":2},"params":{"payload":{"a":1,"a":2},"l":[{"b":1,"b":1}]}})");
    BOOST_REQUIRE(read.type == message::kind::request);
    BOOST_TEST(read.single.members[0].value == R"({"a":1,"a":2})");
}

BOOST_AUTO_TEST_CASE(repeated_names_are_found_however_many_members_there_are) {
    for (const bool in_params : {false, true}) {
        for (const std::size_t members : {14U, 15U, 16U, 17U, 18U, 33U, 5000U}) {
            BOOST_TEST(read_frame(with_members(members, R"("last":0)", in_params)).type == message::kind::request);
            const std::string half = std::to_string(members / 2);
            for (const std::string& twin :
                {"\"k0\""s, "\"\\u006b0\""s, "\"k" + half + '"', "\"k" + std::to_string(members - 1) + '"'}) {
                check_invalid(with_members(members, twin + ":0", in_params), errc::invalid_request, "1", "is repeated");
            }
            check_invalid(with_members(members, R"("\u0061":0,"b":0,"a":0)", in_params), errc::invalid_request, "1",
                "is repeated");
        }
    }
}

BOOST_AUTO_TEST_CASE(params_keep_their_first_32_members) {
    for (const std::size_t members :
        {max_params_members - 1, max_params_members, max_params_members + 1, std::size_t{1000}}) {
        const std::string frame = with_members(members - 1, R"("last":0)", true);
        const kept_message read = read_frame(frame);
        BOOST_REQUIRE(read.type == message::kind::request);
        BOOST_TEST(read.single.members.size() == std::min(members, max_params_members));
        BOOST_TEST(read.single.members[7].key.raw == "k7");
    }
}

// Comparing each name with each would take 10^12 steps: many minutes, where sorting takes about a second under a
// sanitizer.
BOOST_AUTO_TEST_CASE(a_million_members_are_no_quadratic_matter) {
    const auto start = std::chrono::steady_clock::now();
    for (const bool in_params : {false, true}) {
        BOOST_TEST(read_frame(with_members(1'000'000, R"("last":0)", in_params)).type == message::kind::request);
        check_invalid(
            with_members(1'000'000, R"("\u006b500000":0)", in_params), errc::invalid_request, "1", "is repeated");
    }
    BOOST_TEST((std::chrono::steady_clock::now() - start < std::chrono::seconds{120}));
}

BOOST_AUTO_TEST_CASE(what_is_no_object_or_array_is_no_request) {
    for (const auto frame : {"1"sv, "\"x\""sv, "true"sv, "null"sv, " -0.5 "sv}) {
        check_invalid(frame, errc::invalid_request, "null", "object");
    }
    for (const auto element : {"1"sv, "\"x\""sv, "null"sv, "[]"sv, "[{}]"sv, "true"sv}) {
        const kept_message read = read_with(read_element, element);
        BOOST_TEST(read.type == message::kind::invalid, element);
        BOOST_TEST(read.failure.code == errc::invalid_request, element);
        BOOST_TEST(read.failed_id == "null", element);
    }
}

BOOST_AUTO_TEST_CASE(what_is_no_json_is_a_parse_error_whatever_else_is_wrong) {
    for (const auto& [name, text] : hookd::test::invalid_json) {
        check_invalid(text, errc::parse_error, "null", "byte");
        // Where it stands inside a frame must not matter. A text in which only the end is wrong may be completed by
        // what follows, so it is wrapped in what cannot do that.
        const std::string wrapped =
            R"({"jsonrpc":"2.0","id":1,"method":"m","params":{"payload":)" + std::string{text} + "\x01}}";
        check_invalid(wrapped, errc::parse_error, "null", "byte");
    }
    check_invalid(R"({"jsonrpc":"1.0","id":1,"id":2,"method":3)", errc::parse_error, "null");
    check_invalid(R"({"jsonrpc":"2.0","id":1,"method":"m"} x)", errc::parse_error, "null");
    check_invalid(R"({"jsonrpc":"2.0","id":1,"method":"m"}{})", errc::parse_error, "null");
    check_invalid(R"([{"jsonrpc":"2.0","id":1,"method":"m"},])", errc::parse_error, "null");
}

BOOST_AUTO_TEST_CASE(a_text_that_only_begins_is_told_from_one_that_is_wrong) {
    message read;
    constexpr std::string_view whole =
        R"({ "jsonrpc": "2.0", "id": 1, "method": "m", "params": { "payload": ["x", -12, {}] } })";
    for (std::size_t size = 1; size < whole.size(); ++size) {
        read_message(whole.substr(0, size), read);
        BOOST_TEST((read.type == message::kind::invalid));
        BOOST_TEST(read.ends_early, whole.substr(0, size));
    }
    read_message(whole, read);
    BOOST_TEST((read.type == message::kind::request));
    for (const std::string_view wrong :
        {"{}}", "x", R"("jsonrpc": "2.0",)", "[1 2", R"({"a":1,})", "{} {", R"(["\q)"}) {
        read_message(wrong, read);
        BOOST_TEST(!read.ends_early, wrong);
    }
    read_message("1", read);
    BOOST_TEST(!read.ends_early, "JSON, but no request");
}

BOOST_AUTO_TEST_CASE(payloads_arrive_byte_for_byte) {
    const auto check = [](std::string_view name, std::string_view payload) {
        const std::string frame = R"({"jsonrpc":"2.0","id":1,"method":"emit","params":{"event":"e","payload":)" +
                                  std::string{payload} + R"(,"timeout_ms":1}})";
        const kept_message read = read_frame(frame);
        BOOST_REQUIRE_MESSAGE(read.type == message::kind::request, name);
        BOOST_REQUIRE(read.single.members.size() == 3U);
        // White space around a value is not part of it.
        const std::size_t first = payload.find_first_not_of(" \t\r\n");
        const std::size_t last = payload.find_last_not_of(" \t\r\n");
        BOOST_TEST(read.single.members[1].value == payload.substr(first, last - first + 1), name);
        BOOST_TEST(read.single.members[2].value == "1", name);
    };
    for (const auto& [name, text] : hookd::test::valid_json) {
        check(name, text);
    }
    for (const auto& [name, text] : hookd::test::accepted_json) {
        check(name, text);
    }
}

BOOST_AUTO_TEST_CASE(depth_is_counted_from_the_frame) {
    const auto payload_of = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
    const auto frame_with = [](const std::string& payload) {
        return R"({"jsonrpc":"2.0","id":1,"method":"m","params":{"payload":)" + payload + "}}";
    };
    BOOST_TEST(read_frame(frame_with(payload_of(max_depth - 2))).type == message::kind::request);
    check_invalid(frame_with(payload_of(max_depth - 1)), errc::parse_error, "null", "128");
    BOOST_TEST(read_frame("[" + frame_with(payload_of(max_depth - 3)) + "]").type == message::kind::batch);
    check_invalid("[" + frame_with(payload_of(max_depth - 2)) + "]", errc::parse_error, "null", "128");
    // What was closed counts no longer.
    BOOST_TEST(
        read_frame(R"({"jsonrpc":"2.0","method":"m","params":{"a":{}},"x":)" + payload_of(max_depth - 1) + "}").type ==
        message::kind::request);
    check_invalid(R"({"x":)" + payload_of(max_depth) + "}", errc::parse_error, "null", "128");
}

BOOST_AUTO_TEST_CASE(batch_is_split_into_its_elements) {
    const kept_message read = read_frame(R"( [ {"a":[1,2]} ,1, "x,]" ,[ ]] )");
    BOOST_REQUIRE(read.type == message::kind::batch);
    BOOST_REQUIRE(read.elements.size() == 4U);
    BOOST_TEST(read.elements[0] == R"({"a":[1,2]})");
    BOOST_TEST(read.elements[1] == "1");
    BOOST_TEST(read.elements[2] == R"("x,]")");
    BOOST_TEST(read.elements[3] == "[ ]");
}

BOOST_AUTO_TEST_CASE(element_of_a_batch_is_read_as_a_request) {
    const kept_message batch = read_frame(R"([{"jsonrpc":"2.0","id":"b","method":"m","params":{"x":1}}])");
    BOOST_REQUIRE(batch.type == message::kind::batch);
    const kept_message element = read_with(read_element, batch.elements.at(0));
    BOOST_REQUIRE(element.type == message::kind::request);
    BOOST_TEST(element.single.id == "\"b\"");
    BOOST_REQUIRE(element.single.members.size() == 1U);
    BOOST_TEST(element.single.members[0].value == "1");
}

BOOST_AUTO_TEST_CASE(empty_batch_is_an_invalid_request) {
    check_invalid("[]", errc::invalid_request, "null", "batch");
    check_invalid(" [ ] ", errc::invalid_request, "null", "batch");
}

BOOST_AUTO_TEST_CASE(batch_of_1000_passes_and_1001_does_not) {
    const auto batch_of = [](std::size_t count) {
        std::string text = "[1";
        for (std::size_t i = 1; i < count; ++i) {
            text += ",1";
        }
        return text + "]";
    };
    for (const std::size_t count : {max_batch - 1, max_batch}) {
        const kept_message read = read_frame(batch_of(count));
        BOOST_TEST(read.type == message::kind::batch);
        BOOST_TEST(read.elements.size() == count);
    }
    for (const std::size_t count : {max_batch + 1, 100 * max_batch}) {
        const std::string frame = batch_of(count);
        check_invalid(frame, errc::limit_exceeded, "null", std::to_string(count));
        const kept_message read = read_frame(frame);
        BOOST_TEST(boost::json::parse(read.failure.data) == boost::json::parse(R"({"limit":"batch","max":1000})"));
        BOOST_TEST(read.elements.empty());
        check_invalid(frame.substr(0, frame.size() - 1), errc::parse_error, "null");
    }
}

BOOST_AUTO_TEST_CASE(a_message_that_is_reused_keeps_nothing_of_the_last_one) {
    message out;
    read_message(R"({"jsonrpc":"2.0","id":1,"method":"m","params":{"a":1}})", out);
    read_message(R"({"jsonrpc":"2.0","method":"n"})", out);
    BOOST_TEST(out.type == message::kind::request);
    BOOST_TEST(out.single.is_notification());
    BOOST_TEST(out.single.params.empty());
    BOOST_TEST(out.single.members.empty());
    read_message("[1,2]", out);
    BOOST_TEST(out.elements.size() == 2U);
    BOOST_TEST(out.single.method.raw.empty());
    read_message(R"({"id":5})", out);
    BOOST_TEST(out.failed_id == "5");
    BOOST_TEST(out.elements.empty());
    read_message("[", out);
    BOOST_TEST(out.failure.code == errc::parse_error);
    BOOST_TEST(out.failed_id == "null");
    read_message(R"({"jsonrpc":"2.0","method":"n"})", out);
    BOOST_TEST(out.type == message::kind::request);
    BOOST_TEST(out.failure.message.empty());
}

BOOST_AUTO_TEST_CASE(long_names_are_cut_in_messages) {
    const std::string name(100'000, 'n');
    const kept_message read = read_frame(R"({"jsonrpc":"2.0","method":"m",")" + name + R"(":1,")" + name + R"(":2})");
    BOOST_TEST(read.failure.code == errc::invalid_request);
    BOOST_TEST(read.failure.message.size() < 300U);
}

BOOST_AUTO_TEST_CASE(limit_errors_name_limit_and_maximum) {
    const error failure = limit_error("max_frame", 16, "Too long.");
    BOOST_TEST(failure.code == errc::limit_exceeded);
    BOOST_TEST(failure.message == "Too long.");
    BOOST_TEST(boost::json::parse(failure.data) == boost::json::parse(R"({"limit":"max_frame","max":16})"));
}

BOOST_AUTO_TEST_CASE(a_result_that_was_appended_is_read_by_a_client) {
    std::string frame;
    begin_result(frame, "\"\\u0061\"");
    frame.append("{\"a\" :1.50,\"a\":2}").append(result_end);
    incoming read;
    read_incoming(frame, read);
    BOOST_REQUIRE(read.type == incoming::kind::response);
    BOOST_TEST(read.reply.id == "\"\\u0061\"");
    BOOST_TEST(read.reply.result == "{\"a\" :1.50,\"a\":2}");
    BOOST_TEST(read.reply.error_code == 0);
}

BOOST_AUTO_TEST_CASE(an_error_that_was_appended_is_read_by_a_client) {
    for (const auto data : {"{\"limit\":\"x\",\"max\":1}"sv, ""sv}) {
        std::string frame;
        append_error(frame, "null", {errc::limit_exceeded, "a \"quoted\"\nline \xC3\xA9\xFF", std::string{data}});
        incoming read;
        read_incoming(frame, read);
        BOOST_REQUIRE(read.type == incoming::kind::response);
        BOOST_TEST(read.reply.id == "null");
        BOOST_TEST(read.reply.result.empty());
        BOOST_TEST(read.reply.error_code == -32001);
        BOOST_TEST(read.reply.error_message.decode() == "a \"quoted\"\nline \xC3\xA9\xEF\xBF\xBD");
        BOOST_TEST(read.reply.error_data == data);
    }
}

BOOST_AUTO_TEST_CASE(a_request_that_was_appended_is_read_by_the_daemon) {
    std::string frame;
    append_request(frame, "12", "odd \"method\"", "{\"a\":[1,2]}");
    kept_message read = read_frame(frame);
    BOOST_REQUIRE(read.type == message::kind::request);
    BOOST_TEST(read.single.id == "12");
    BOOST_TEST(read.single.method.equals("odd \"method\""));
    BOOST_TEST(read.single.params == "{\"a\":[1,2]}");
    std::string bare;
    append_request(bare, "", "ping", "");
    read = read_frame(bare);
    BOOST_REQUIRE(read.type == message::kind::request);
    BOOST_TEST(read.single.is_notification());
    BOOST_TEST(read.single.params.empty());
}

BOOST_AUTO_TEST_CASE(a_client_reads_a_verdict_that_holds_the_deepest_reply) {
    // The reply that fills the 128 levels of a `respond`: two of them are the envelope and params.
    const std::string deepest = std::string(max_depth - 2, '[') + std::string(max_depth - 2, ']');
    for (const bool too_deep : {false, true}) {
        std::string frame;
        begin_result(frame, "1");
        frame.append(R"({"responses":[{"response":)" + (too_deep ? "[" + deepest + "]" : deepest) + "}]}")
            .append(result_end);
        incoming read;
        read_incoming(frame, read);
        BOOST_TEST((read.type == (too_deep ? incoming::kind::invalid : incoming::kind::response)));
    }
}

BOOST_AUTO_TEST_CASE(a_client_reads_notifications) {
    std::string frame;
    append_request(frame, "", "event", R"({"seq":1,"payload":{"a":[]}})");
    incoming read;
    read_incoming(frame, read);
    BOOST_REQUIRE(read.type == incoming::kind::notification);
    BOOST_TEST(read.notification.method.equals("event"));
    BOOST_REQUIRE(read.notification.members.size() == 2U);
    BOOST_TEST(read.notification.members[1].value == R"({"a":[]})");
}

BOOST_AUTO_TEST_CASE(a_client_takes_nothing_else_for_a_message) {
    for (const auto frame : {
             ""sv,
             "{}"sv,
             "1"sv,
             "[]"sv,
             R"([{"jsonrpc":"2.0","id":1,"result":1}])"sv,
             R"({"jsonrpc":"2.0","id":1})"sv,
             R"({"jsonrpc":"2.0","result":1})"sv,
             R"({"jsonrpc":"2.0","id":1,"result":1,"error":{"code":1,"message":"x"}})"sv,
             R"({"jsonrpc":"2.0","id":1,"method":"m"})"sv,
             R"({"jsonrpc":"1.0","id":1,"result":1})"sv,
             R"({"id":1,"result":1})"sv,
             R"({"jsonrpc":"2.0","id":[],"result":1})"sv,
             R"({"jsonrpc":"2.0","id":1,"id":2,"result":1})"sv,
             R"({"jsonrpc":"2.0","id":1,"result":1,"result":1})"sv,
             R"({"jsonrpc":"2.0","id":1,"error":"x"})"sv,
             R"({"jsonrpc":"2.0","id":1,"error":{}})"sv,
             R"({"jsonrpc":"2.0","id":1,"error":{"code":"1","message":"x"}})"sv,
             R"({"jsonrpc":"2.0","id":1,"error":{"code":1.5,"message":"x"}})"sv,
             R"({"jsonrpc":"2.0","id":1,"error":{"code":99999999999,"message":"x"}})"sv,
             R"({"jsonrpc":"2.0","id":1,"error":{"code":1,"message":2}})"sv,
             R"({"jsonrpc":"2.0","id":1,"error":{"code":1}})"sv,
             R"({"jsonrpc":"2.0","id":1,"result":1}x)"sv,
             R"({"jsonrpc":"2.0","id":1,"result":01})"sv,
             R"({"jsonrpc":"2.0","method":1})"sv,
         }) {
        incoming read;
        read_incoming(frame, read);
        BOOST_TEST(read.type == incoming::kind::invalid, frame);
    }
}

BOOST_AUTO_TEST_SUITE_END()
