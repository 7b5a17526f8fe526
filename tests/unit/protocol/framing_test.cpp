// SPDX-License-Identifier: BSL-1.0
#include <base/json/text.hpp>
#include <hookd/protocol/framing.hpp>
#include <hookd/protocol/limits.hpp>

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <array>
#include <chrono>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace hookd::protocol;
using namespace std::string_literals;
using namespace std::string_view_literals;

namespace hookd::protocol {

std::ostream& operator<<(std::ostream& out, framing kind) {
    static constexpr std::array<std::string_view, 3> names{"length_prefix", "content_length", "line"};
    return out << names[static_cast<std::size_t>(kind)];
}

}  // namespace hookd::protocol

namespace {

constexpr std::array<framing, 3> all_framings{framing::length_prefix, framing::content_length, framing::line};
constexpr std::size_t ample = 1024 * 1024;

/// What a stream was split into.
struct outcome {
    std::vector<std::string> bodies{};
    std::optional<errc> failure{};
    std::string limit{};  // `data` of the failure

    bool operator==(const outcome&) const = default;
};

std::ostream& operator<<(std::ostream& out, const outcome& value) {
    for (const std::string& body : value.bodies) {
        out << '<' << (body.size() > 100 ? body.substr(0, 100) + "..." : body) << '>';
    }
    if (value.failure) {
        out << " failed " << static_cast<int>(*value.failure) << ' ' << value.limit;
    }
    return out;
}

/// Reads as a connection does: appends what arrives, takes every frame, drops what is consumed.
class reader {
public:
    reader(framing kind, std::size_t max_frame_bytes) : decoder_(kind, max_frame_bytes) {}

    void feed(std::string_view bytes) {
        buffer_ += bytes;
        take(false);
    }

    void end() { take(true); }

    [[nodiscard]] const outcome& result() const { return result_; }
    [[nodiscard]] std::size_t unread() const { return buffer_.size(); }
    [[nodiscard]] std::size_t announced() const { return announced_; }

private:
    void take(bool at_end) {
        while (!result_.failure) {
            // An exact copy, so that a sanitizer sees any read past the end.
            const std::vector<char> exact(buffer_.begin(), buffer_.end());
            const std::string_view view{exact.data(), exact.size()};
            const decode_result step = at_end ? decoder_.next_at_end(view) : decoder_.next(view);
            BOOST_REQUIRE(step.consumed <= view.size());
            announced_ = step.frame_bytes;
            if (step.status == decode_status::frame) {
                BOOST_REQUIRE(step.consumed > 0);
                BOOST_REQUIRE(step.body.data() >= view.data());
                BOOST_REQUIRE(step.body.data() + step.body.size() <= view.data() + step.consumed);
                result_.bodies.emplace_back(step.body);
            }
            if (step.status == decode_status::failed) {
                BOOST_REQUIRE(step.failure.has_value());
                BOOST_TEST(!step.failure->message.empty());
                result_.failure = step.failure->code;
                result_.limit = step.failure->data;
            }
            buffer_.erase(0, step.consumed);
            if (step.status == decode_status::need_more) {
                return;
            }
        }
    }

    frame_decoder decoder_;
    std::string buffer_{};
    outcome result_{};
    std::size_t announced_ = 0;
};

outcome one_shot(framing kind, std::string_view stream, std::size_t max_frame_bytes = ample) {
    reader whole{kind, max_frame_bytes};
    whole.feed(stream);
    whole.end();
    return whole.result();
}

/// Checks that `stream` is split into `expected`: at once, cut in two at every byte, and byte by byte.
void check_every_split(
    framing kind, std::string_view stream, const outcome& expected, std::size_t max_frame_bytes = ample) {
    BOOST_TEST_CONTEXT(kind << ", " << stream.size() << " bytes: " << stream.substr(0, 100)) {
        BOOST_TEST(one_shot(kind, stream, max_frame_bytes) == expected);
        for (std::size_t cut = 1; cut < stream.size(); ++cut) {
            reader halves{kind, max_frame_bytes};
            halves.feed(stream.substr(0, cut));
            halves.feed(stream.substr(cut));
            halves.end();
            BOOST_TEST(halves.result() == expected, "cut at " << cut << ": " << halves.result());
        }
        reader bytewise{kind, max_frame_bytes};
        for (const char byte : stream) {
            bytewise.feed({&byte, 1});
        }
        bytewise.end();
        BOOST_TEST(bytewise.result() == expected, "byte by byte: " << bytewise.result());
    }
}

outcome parse_failure(std::vector<std::string> bodies = {}) { return {std::move(bodies), errc::parse_error, {}}; }

outcome over_limit(std::string_view name, std::size_t max, std::vector<std::string> bodies = {}) {
    return {std::move(bodies), errc::limit_exceeded,
        "{\"limit\":\"" + std::string{name} + "\",\"max\":" + std::to_string(max) + "}"};
}

std::string framed(framing kind, std::string_view body) {
    std::string out;
    append_frame(kind, body, out);
    return out;
}

std::string length_prefix_of(std::uint32_t length) {
    std::string prefix;
    for (const unsigned shift : {24U, 16U, 8U, 0U}) {
        prefix += static_cast<char>(length >> shift & 0xFFU);
    }
    return prefix;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(framing_of_streams)

BOOST_AUTO_TEST_CASE(first_byte_decides_for_the_framing) {
    for (unsigned byte = 0; byte < 256; ++byte) {
        const framing expected = byte <= 8                    ? framing::length_prefix
                                 : byte == 'C' || byte == 'c' ? framing::content_length
                                                              : framing::line;
        BOOST_TEST(detect_framing(static_cast<unsigned char>(byte)) == expected, "byte " << byte);
    }
}

BOOST_AUTO_TEST_CASE(every_length_the_daemon_reads_begins_with_a_native_byte) {
    BOOST_TEST(detect_framing(static_cast<unsigned char>(max_max_frame_bytes >> 24U)) == framing::length_prefix);
}

BOOST_DATA_TEST_CASE(
    frames_come_out_as_they_went_in_wherever_the_stream_is_cut, boost::unit_test::data::make(all_framings), kind) {
    const std::vector<std::string> bodies{
        "{}", R"({"jsonrpc":"2.0","method":"ping","id":1})", "1", std::string(300, 'x'), "[\t ]"};
    std::string stream;
    for (const std::string& body : bodies) {
        append_frame(kind, body, stream);
    }
    check_every_split(kind, stream, {bodies, {}, {}});
}

BOOST_AUTO_TEST_CASE(bodies_may_hold_any_byte_where_their_length_is_told) {
    std::string body;
    for (int byte = 0; byte < 256; ++byte) {
        body += static_cast<char>(byte);
    }
    for (const framing kind : {framing::length_prefix, framing::content_length}) {
        check_every_split(
            kind, framed(kind, body) + framed(kind, "\n") + framed(kind, body), {{body, "\n", body}, {}, {}});
    }
}

BOOST_AUTO_TEST_CASE(decoder_says_how_many_bytes_complete_a_frame) {
    reader native{framing::length_prefix, ample};
    native.feed(length_prefix_of(1000).substr(0, 3));
    BOOST_TEST(native.announced() == 0U);
    native.feed(length_prefix_of(1000).substr(3));
    BOOST_TEST(native.announced() == native.unread() + 1000U);
    native.feed("12345");
    BOOST_TEST(native.announced() == native.unread() + 995U);

    reader headers{framing::content_length, ample};
    headers.feed("Content-Length: 1000\r\n");
    BOOST_TEST(headers.announced() == 0U);
    headers.feed("\r\n12345");
    BOOST_TEST(headers.announced() == headers.unread() + 995U);
}

BOOST_AUTO_TEST_CASE(a_frame_of_max_frame_passes_and_one_byte_more_does_not) {
    constexpr std::size_t max = 64;
    for (const framing kind : all_framings) {
        for (const std::size_t size : {max - 1, max}) {
            const std::string body(size, 'x');
            check_every_split(kind, framed(kind, body) + framed(kind, "1"), {{body, "1"}, {}, {}}, max);
        }
        check_every_split(kind, framed(kind, "1") + framed(kind, std::string(max + 1, 'x')),
            over_limit("max_frame", max, {"1"}), max);
        check_every_split(kind, framed(kind, std::string(4 * max, 'x')), over_limit("max_frame", max), max);
    }
}

BOOST_AUTO_TEST_CASE(a_length_over_max_frame_fails_before_its_bytes_arrive) {
    for (const std::uint32_t length : {65U, 0x0800'0000U, 0x0800'0001U, 0xFFFF'FFFFU}) {
        check_every_split(framing::length_prefix, length_prefix_of(length), over_limit("max_frame", 64), 64);
    }
    reader headers{framing::content_length, 64};
    headers.feed("Content-Length: 65\r\n");
    BOOST_TEST(headers.result() == over_limit("max_frame", 64));
    reader line{framing::line, 64};
    line.feed(std::string(64, 'x'));
    BOOST_TEST(line.result() == outcome{});
    line.feed("x");
    BOOST_TEST(line.result() == over_limit("max_frame", 64));
}

BOOST_AUTO_TEST_CASE(after_a_failure_every_call_fails_alike) {
    for (const framing kind : all_framings) {
        frame_decoder decoder{kind, 8};
        const std::string bad = kind == framing::length_prefix ? length_prefix_of(9)
                                : kind == framing::line        ? std::string(9, 'x')
                                                               : "Content-Length: 9\r\n";
        const decode_result first = decoder.next(bad);
        BOOST_REQUIRE(first.failure.has_value());
        for (const decode_result& later :
            {decoder.next(framed(kind, "1")), decoder.next_at_end(framed(kind, "1")), decoder.next("")}) {
            BOOST_TEST((later.status == decode_status::failed));
            BOOST_REQUIRE(later.failure.has_value());
            BOOST_TEST((later.failure->code == first.failure->code));
            BOOST_TEST(later.failure->message == first.failure->message);
            BOOST_TEST(later.failure->data == first.failure->data);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_length_of_zero_is_a_parse_error) {
    check_every_split(
        framing::length_prefix, framed(framing::length_prefix, "1") + length_prefix_of(0), parse_failure({"1"}));
    check_every_split(framing::content_length, "Content-Length: 0\r\n\r\n", parse_failure());
    check_every_split(framing::content_length, "Content-Length: 000\r\n\r\n", parse_failure());
}

BOOST_DATA_TEST_CASE(an_incomplete_frame_is_dropped_at_the_end, boost::unit_test::data::make(all_framings), kind) {
    const std::string stream = framed(kind, "1") + framed(kind, "[2]");
    for (std::size_t length = framed(kind, "1").size(); length < stream.size() - frame_suffix(kind).size(); ++length) {
        reader cut{kind, ample};
        cut.feed(std::string_view{stream}.substr(0, length));
        cut.end();
        BOOST_TEST(cut.unread() == 0U);
        BOOST_TEST(!cut.result().failure.has_value());
        // A line that the stream ends is a frame, whatever it says.
        const std::size_t frames = kind == framing::line && length > framed(kind, "1").size() ? 2 : 1;
        BOOST_TEST(cut.result().bodies.size() == frames);
    }
}

BOOST_AUTO_TEST_CASE(lines_end_with_lf_or_crlf_and_the_last_with_the_stream) {
    check_every_split(framing::line, "1\n2\r\n3", {{"1", "2", "3"}, {}, {}});
    check_every_split(framing::line, "1\r\n2\r", {{"1", "2"}, {}, {}});
    check_every_split(framing::line, "1\r\n", {{"1"}, {}, {}});
}

BOOST_AUTO_TEST_CASE(one_cr_before_lf_is_dropped_and_others_are_kept) {
    check_every_split(framing::line, "1\r\r\n2\r3\n", {{"1\r", "2\r3"}, {}, {}});
}

BOOST_AUTO_TEST_CASE(lines_of_white_space_are_skipped) {
    check_every_split(framing::line, "\n\n\r\n \t \n\r\r\n1\n  \n\n 2 \n \t", {{"1", " 2 "}, {}, {}});
    check_every_split(framing::line, "\n \r\n", {});
    check_every_split(framing::line, " ", {});
    // Only what JSON calls white space: these are texts, bad ones.
    check_every_split(framing::line, "\x0b\n\x0c\n\0\n"sv, {{"\x0b", "\x0c", "\0"s}, {}, {}});
}

BOOST_AUTO_TEST_CASE(a_line_of_max_frame_may_end_with_crlf) {
    constexpr std::size_t max = 20;
    const std::string longest(max, 'x');
    check_every_split(
        framing::line, longest + "\r\n" + longest + "\n" + longest + "\r", {{longest, longest, longest}, {}, {}}, max);
    check_every_split(framing::line, longest + "\r\r\n", over_limit("max_frame", max), max);
    check_every_split(framing::line, longest + "\rx\n", over_limit("max_frame", max), max);
    check_every_split(framing::line, longest + "x", over_limit("max_frame", max), max);
    check_every_split(framing::line, longest + "x\r", over_limit("max_frame", max), max);
}

BOOST_AUTO_TEST_CASE(a_line_of_white_space_longer_than_max_frame_fails_too) {
    check_every_split(framing::line, std::string(20, ' ') + "\n1\n", {{"1"}, {}, {}}, 20);
    check_every_split(framing::line, std::string(21, ' ') + "\n1\n", over_limit("max_frame", 20), 20);
}

BOOST_AUTO_TEST_CASE(an_http_request_where_the_stream_begins_ends_it) {
    constexpr auto body = "Content-Length: 2\r\n\r\n{}\n"sv;
    for (const auto first : {"POST / HTTP/1.1\r\n"sv, "GET /x?y=z HTTP/1.0\n"sv, "PRI * HTTP/2.0\r\n\r\nSM\r\n"sv,
             "\r\n \nM-SEARCH * HTTP/1.1\r\n"sv, "post http://h/{} HTTP/9\n"sv}) {
        check_every_split(framing::line, std::string{first} + std::string{body}, parse_failure());
    }
    check_every_split(framing::line, "PUT /a HTTP/1.1", parse_failure());  // the end of the stream ends it, too
    check_every_split(framing::content_length, "CONNECT h:80 HTTP/1.1\r\n" + std::string{body}, parse_failure());
    frame_decoder decoder{framing::line, ample};
    BOOST_TEST(decoder.next("POST / HTTP/1.1\r\n").failure.value_or(error{}).message.find("HTTP") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(what_only_looks_like_http_is_a_line) {
    for (const auto line : {"{\"a\": \"GET / HTTP/1.1\"}"sv, "GET /"sv, "GET / HTTP/"sv, " GET / HTTP/1.1"sv,
             "HTTP/1.1 200 OK"sv, "\"GET / HTTP/1.1"sv}) {
        check_every_split(framing::line, std::string{line} + "\n1\n", {{std::string{line}, "1"}, {}, {}});
    }
    check_every_split(framing::line, "1\nGET / HTTP/1.1\n2\n", {{"1", "GET / HTTP/1.1", "2"}, {}, {}});
}

BOOST_AUTO_TEST_CASE(a_line_that_is_dropped_leaves_no_trace) {
    frame_decoder decoder{framing::line, ample};
    BOOST_TEST((decoder.next("a line of some length").status == decode_status::need_more));
    decoder.drop_line();
    BOOST_TEST(decoder.next("1\n").body == "1");
}

BOOST_AUTO_TEST_CASE(header_blocks_as_libraries_write_them_are_read) {
    for (const auto headers : {
             "Content-Length: 2\r\n\r\n"sv,
             "content-length: 2\r\n\r\n"sv,
             "CONTENT-LENGTH: 2\r\n\r\n"sv,
             "Content-Length:2\r\n\r\n"sv,
             "Content-Length:  \t 2 \t\r\n\r\n"sv,
             "Content-Length: 0002\r\n\r\n"sv,
             "Content-Length: 2\r\nContent-Type: application/vscode-jsonrpc; charset=utf-8\r\n\r\n"sv,
             "Content-Type: application/vscode-jsonrpc; charset=utf-8\r\nContent-Length: 2\r\n\r\n"sv,
             "content-type:\r\nX-Anything!#$%&'*+.^_`|~: a:b: \xC3\xA9 \"c\"\r\nContent-Length: 2\r\n\r\n"sv,
             "Content-Length: 2\r\nContent-Length: 2\r\n\r\n"sv,
             "Content-Length: 2\r\ncontent-length: 02\r\n\r\n"sv,
             "Content-Lengths: 3\r\nContent-Length: 2\r\nContent-Lengt: 4\r\n\r\n"sv,
         }) {
        const std::string stream = std::string{headers} + "{}" + std::string{headers} + "[]";
        check_every_split(framing::content_length, stream, {{"{}", "[]"}, {}, {}});
    }
}

BOOST_AUTO_TEST_CASE(malformed_header_blocks_are_parse_errors) {
    for (const auto headers : {
             "Content-Length: 2\n\n{}"sv,
             "Content-Length: 2\r\n\n{}"sv,
             "Content-Length: 2\n\r\n{}"sv,
             "Content-Length: 2\r\nX: y\n\r\n{}"sv,
             "Content-Length: 2\r\r\n\r\n{}"sv,
             "Content-Length: 2\rX: y\r\n\r\n{}"sv,
             "X: a\rb\r\nContent-Length: 2\r\n\r\n{}"sv,
             "X: a\r\r\nContent-Length: 2\r\n\r\n{}"sv,
             "Content-Length\r\n\r\n{}"sv,
             "Content-Length 2\r\n\r\n{}"sv,
             "Content-Length:\r\n\r\n{}"sv,
             "Content-Length: \r\n\r\n{}"sv,
             "Content-Length: two\r\n\r\n{}"sv,
             "Content-Length: -2\r\n\r\n{}"sv,
             "Content-Length: +2\r\n\r\n{}"sv,
             "Content-Length: 2.0\r\n\r\n{}"sv,
             "Content-Length: 0x2\r\n\r\n{}"sv,
             "Content-Length: 2 2\r\n\r\n{}"sv,
             "Content-Length: 2, 2\r\n\r\n{}"sv,
             "Content-Length: 2;\r\n\r\n{}"sv,
             "Content-Length: \"2\"\r\n\r\n{}"sv,
             "Content-Length: 2\0\r\n\r\n{}"sv,
             "Content-Length : 2\r\n\r\n{}"sv,
             " Content-Length: 2\r\n\r\n{}"sv,
             "Content-Length: 2\r\n X: folded\r\n\r\n{}"sv,
             "Content-Length: 2\r\n\tfolded\r\n\r\n{}"sv,
             "Content-Length: 2\r\n: nothing\r\n\r\n{}"sv,
             "Content-Length: 2\r\nX Y: z\r\n\r\n{}"sv,
             "Content-Length: 2\r\nX\0Y: z\r\n\r\n{}"sv,
             "Content-Length: 2\r\nno colon\r\n\r\n{}"sv,
             "Content-Length: 2\r\n{}\r\n\r\n"sv,
             "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}"sv,
             "Content-Length: 2\r\ncontent-length: x\r\n\r\n{}"sv,
             "Content-Type: application/json\r\n\r\n{}"sv,
             "\r\nContent-Length: 2\r\n\r\n{}"sv,
             "\r\n\r\n"sv,
             "\n"sv,
         }) {
        check_every_split(framing::content_length, headers, parse_failure());
        // A good frame before it is read all the same.
        check_every_split(
            framing::content_length, framed(framing::content_length, "1") + std::string{headers}, parse_failure({"1"}));
    }
}

BOOST_AUTO_TEST_CASE(a_content_length_of_any_size_is_over_the_limit_and_never_overflows) {
    for (const auto& number :
        {"1048577"s, "4294967296"s, "4294967298"s, "18446744073709551615"s, "18446744073709551616"s,
            "18446744073709551618"s, "99999999999999999999999999999999"s, std::string(4000, '9')}) {
        check_every_split(
            framing::content_length, "Content-Length: " + number + "\r\n\r\n{}", over_limit("max_frame", ample));
    }
    check_every_split(
        framing::content_length, "Content-Length: " + std::string(4000, '0') + "2\r\n\r\n{}", {{"{}"}, {}, {}});
}

BOOST_AUTO_TEST_CASE(a_header_block_of_max_header_bytes_passes_and_one_byte_more_does_not) {
    const auto block = [](std::size_t size) {
        const std::string rest = "Content-Length: 2\r\nX: \r\n\r\n";
        return "Content-Length: 2\r\nX: " + std::string(size - rest.size(), 'y') + "\r\n\r\n";
    };
    for (const std::size_t size : {max_header_bytes - 1, max_header_bytes}) {
        BOOST_TEST(block(size).size() == size);
        BOOST_TEST(one_shot(framing::content_length, block(size) + "{}" + block(size) + "[]") ==
                   (outcome{{"{}", "[]"}, {}, {}}));
    }
    const outcome too_long = over_limit("header", max_header_bytes);
    const std::string many_lines = "Content-Length: 2\r\n" + [] {
        std::string lines;
        while (lines.size() <= max_header_bytes) {
            lines += "X: y\r\n";
        }
        return lines;
    }();
    for (const std::string& stream : {block(max_header_bytes + 1) + "{}", block(2 * max_header_bytes),
             std::string(2 * max_header_bytes, 'C'), std::string(2 * max_header_bytes, 'C') + "\n", many_lines}) {
        BOOST_TEST(one_shot(framing::content_length, stream) == too_long);
        for (const std::size_t cut : {std::size_t{1}, max_header_bytes - 1, max_header_bytes, max_header_bytes + 1}) {
            reader halves{framing::content_length, ample};
            halves.feed(std::string_view{stream}.substr(0, cut));
            halves.feed(std::string_view{stream}.substr(cut));
            BOOST_TEST(halves.result() == too_long, "cut at " << cut);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_header_block_fails_as_soon_as_it_cannot_end_in_time) {
    reader headers{framing::content_length, ample};
    headers.feed("Content-Length: 2\r\n" + std::string(max_header_bytes - 20, 'x'));
    BOOST_TEST(headers.result() == outcome{});
    headers.feed("x");
    BOOST_TEST(headers.result() == over_limit("header", max_header_bytes));
}

BOOST_AUTO_TEST_CASE(messages_of_failures_name_what_to_do) {
    frame_decoder line{framing::line, 8};
    const auto too_large = line.next("123456789\n");
    BOOST_REQUIRE(too_large.failure.has_value());
    BOOST_TEST(too_large.failure->message.find("max_frame") != std::string::npos);
    BOOST_TEST(too_large.failure->message.find("8 bytes") != std::string::npos);
    frame_decoder headers{framing::content_length, 8};
    const auto bare_lf = headers.next("Content-Length: 2\n\n{}");
    BOOST_REQUIRE(bare_lf.failure.has_value());
    BOOST_TEST(bare_lf.failure->message.find("bare LF") != std::string::npos);
}

// Were each byte looked at again with every byte that arrives, this would take 10^13 steps: minutes, where one look
// takes well under a second.
BOOST_AUTO_TEST_CASE(a_long_line_that_arrives_byte_by_byte_is_looked_at_once) {
    constexpr std::size_t size = 4 * 1024 * 1024;
    const std::string stream = std::string(size, 'x') + "\n";
    frame_decoder decoder{framing::line, size};
    const auto start = std::chrono::steady_clock::now();
    for (std::size_t arrived = 1; arrived < stream.size(); ++arrived) {
        if (decoder.next(std::string_view{stream}.substr(0, arrived)).status != decode_status::need_more) {
            BOOST_FAIL("a frame or a failure at byte " << arrived);
        }
    }
    const decode_result last = decoder.next(stream);
    BOOST_TEST((last.status == decode_status::frame));
    BOOST_TEST(last.body.size() == size);
    BOOST_TEST((std::chrono::steady_clock::now() - start < std::chrono::seconds{60}));
}

BOOST_AUTO_TEST_CASE(prefixes_and_suffixes_are_what_append_frame_writes) {
    for (const framing kind : all_framings) {
        for (const std::size_t size : {std::size_t{1}, std::size_t{255}, std::size_t{256}, std::size_t{70'000}}) {
            std::array<char, max_frame_prefix> prefix{};
            const std::size_t written = write_frame_prefix(kind, size, prefix.data());
            BOOST_REQUIRE(written <= prefix.size());
            const std::string body(size, '1');
            BOOST_TEST(
                framed(kind, body) == std::string(prefix.data(), written) + body + std::string{frame_suffix(kind)});
        }
    }
    BOOST_TEST(framed(framing::length_prefix, "{}") == "\0\0\0\x02{}"sv);
    BOOST_TEST(framed(framing::content_length, "{}") == "Content-Length: 2\r\n\r\n{}");
    BOOST_TEST(framed(framing::line, "{}") == "{}\n");
    std::array<char, max_frame_prefix> prefix{};
    BOOST_TEST(
        write_frame_prefix(framing::content_length, static_cast<std::size_t>(-1), prefix.data()) <= max_frame_prefix);
}

BOOST_AUTO_TEST_CASE(line_breaks_between_tokens_become_spaces_in_a_line_only) {
    const auto body = "\r{\n\"a\":\r\n1,\n\n\"b\\n\":2}\r"sv;
    std::string out = "before\r\n";
    append_frame(framing::line, body, out);
    BOOST_TEST(out == "before\r\n { \"a\":  1,  \"b\\n\":2} \n");
    BOOST_TEST(framed(framing::length_prefix, body).substr(4) == body);
    BOOST_TEST(framed(framing::content_length, body).ends_with(body));
}

BOOST_AUTO_TEST_SUITE_END()
