// SPDX-License-Identifier: BSL-1.0
#include <hookd/protocol/framing.hpp>

#include <hookd/protocol/limits.hpp>

#include <boost/endian/conversion.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <string>
#include <utility>

// No byte is looked at twice: each complete header line is consumed at once, even where its block is not complete yet,
// and `scanned_` remembers how much of an incomplete line has been searched for its end. A peer that writes a byte at a
// time thus costs a call a byte and nothing that grows with the length of the frame.
//
// What a stream is split into never depends on how its bytes arrive: a limit is checked before anything else is said
// about a line, since a slow line is over its limit before its end is known.

namespace hookd::protocol {

namespace {

constexpr std::size_t length_prefix_bytes = 4;
constexpr std::string_view content_length_name = "content-length";

char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

/// A character of a header's name (RFC 9110, section 5.6.2: token).
bool is_token(char c) noexcept {
    return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'z') ||
           (c != '\0' && std::strchr("!#$%&'*+-.^_`|~", c) != nullptr);
}

bool is_blank(std::string_view line) noexcept {
    return std::all_of(line.begin(), line.end(), [](char c) { return c == ' ' || c == '\t' || c == '\r'; });
}

bool equal_ignoring_case(std::string_view left, std::string_view lower_right) noexcept {
    return std::equal(
        left.begin(), left.end(), lower_right.begin(), lower_right.end(), [](char l, char r) { return lower(l) == r; });
}

std::string_view trim(std::string_view text) noexcept {
    const std::size_t first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) {
        return {};
    }
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

error malformed(std::string_view why) {
    std::string text = "Malformed header block: ";
    text += why;
    text += R"(; send "Content-Length: N\r\n\r\n", then N bytes of JSON.)";
    return {errc::parse_error, std::move(text)};
}

/// A request line of HTTP (RFC 9112, section 3), of any method and version.
bool is_http_request(std::string_view line) noexcept {
    constexpr std::string_view version = " HTTP/";
    const std::size_t method_end = line.find(' ');
    const std::size_t version_begin = line.rfind(version);
    return method_end != 0 && method_end < version_begin && version_begin != std::string_view::npos &&
           std::all_of(line.begin(), line.begin() + static_cast<std::ptrdiff_t>(method_end), is_token) &&
           version_begin + version.size() < line.size() && is_digit(line[version_begin + version.size()]);
}

error http_request() {
    return {errc::parse_error,
        "This is an HTTP request, but hookd does not speak HTTP: send JSON-RPC 2.0, one JSON text a line, straight "
        "over the socket. "
        "Nothing of this request was carried out."};
}

error frame_too_large(std::size_t max_frame_bytes) {
    return limit_error("max_frame", max_frame_bytes,
        "The frame is longer than max_frame (" + std::to_string(max_frame_bytes) +
            " bytes): send less at a time, or start hookd with a larger --max-frame.");
}

error empty_frame() { return {errc::parse_error, "The frame has a length of 0: a message has at least one byte."}; }

/// The number that `digits` (and nothing else) spells; `max` + 1 for any that is larger than `max`.
std::size_t saturated_number(std::string_view digits, std::size_t max) noexcept {
    std::size_t number = 0;
    for (const char digit : digits) {
        number = number * 10 + static_cast<std::size_t>(digit - '0');
        if (number > max) {
            return max + 1;
        }
    }
    return number;
}

}  // namespace

framing detect_framing(unsigned char first_byte) noexcept {
    if (first_byte <= 0x08) {
        return framing::length_prefix;
    }
    return first_byte == 'C' || first_byte == 'c' ? framing::content_length : framing::line;
}

decode_result frame_decoder::next(std::string_view unread) {
    if (failed_) {
        return {decode_status::failed, unread.size(), {}, 0, failure_};
    }
    switch (kind_) {
        case framing::length_prefix:
            return next_length_prefix(unread);
        case framing::content_length:
            return next_content_length(unread);
        case framing::line:
            break;
    }
    return next_line(unread, false);
}

decode_result frame_decoder::next_at_end(std::string_view unread) {
    if (kind_ == framing::line && !failed_) {
        return next_line(unread, true);
    }
    decode_result result = next(unread);
    if (result.status == decode_status::need_more) {
        result.consumed = unread.size();
        result.frame_bytes = 0;
    }
    return result;
}

decode_result frame_decoder::fail(error why, std::size_t consumed) {
    failed_ = true;
    failure_ = std::move(why);
    return {decode_status::failed, consumed, {}, 0, failure_};
}

decode_result frame_decoder::next_length_prefix(std::string_view unread) {
    if (unread.size() < length_prefix_bytes) {
        return {};
    }
    const std::size_t body_bytes = boost::endian::load_big_u32(reinterpret_cast<const unsigned char*>(unread.data()));
    if (body_bytes == 0) {
        return fail(empty_frame(), unread.size());
    }
    if (body_bytes > max_frame_bytes_) {
        return fail(frame_too_large(max_frame_bytes_), unread.size());
    }
    const std::size_t frame_bytes = length_prefix_bytes + body_bytes;
    if (unread.size() < frame_bytes) {
        return {decode_status::need_more, 0, {}, frame_bytes, {}};
    }
    return {decode_status::frame, frame_bytes, unread.substr(length_prefix_bytes, body_bytes), 0, {}};
}

decode_result frame_decoder::next_content_length(std::string_view unread) {
    std::size_t consumed = 0;
    while (!in_body_) {
        const std::string_view rest = unread.substr(consumed);
        const std::size_t room = max_header_bytes - header_bytes_;
        const std::size_t line_end = rest.substr(0, room).find('\n', scanned_);
        if (line_end == std::string_view::npos) {
            if (rest.size() >= room) {
                return fail(limit_error("header", max_header_bytes,
                                "The header block is longer than " + std::to_string(max_header_bytes) +
                                    " bytes: send Content-Length and little else."),
                    unread.size());
            }
            scanned_ = rest.size();
            return {decode_status::need_more, consumed, {}, 0, {}};
        }
        scanned_ = 0;
        header_bytes_ += line_end + 1;
        consumed += line_end + 1;
        if (line_end == 0 || rest[line_end - 1] != '\r') {
            return fail(malformed("a line ends with a bare LF"), unread.size());
        }
        if (std::optional<error> fault = read_header_line(rest.substr(0, line_end - 1))) {
            return fail(std::move(*fault), unread.size());
        }
    }
    if (unread.size() - consumed < body_bytes_) {
        return {decode_status::need_more, consumed, {}, body_bytes_, {}};
    }
    const std::string_view body = unread.substr(consumed, body_bytes_);
    consumed += body_bytes_;
    in_body_ = false;
    header_bytes_ = 0;
    body_bytes_ = 0;
    return {decode_status::frame, consumed, body, 0, {}};
}

std::optional<error> frame_decoder::read_header_line(std::string_view line) {
    if (line.empty()) {
        if (body_bytes_ == 0) {
            return malformed("it has no Content-Length");
        }
        in_body_ = true;
        return std::nullopt;
    }
    if (line.find('\r') != std::string_view::npos) {
        return malformed("a line contains a CR");
    }
    if (is_http_request(line)) {  // CONNECT
        return http_request();
    }
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) {
        return malformed("a line has no colon");
    }
    const std::string_view name = line.substr(0, colon);
    // No white space before the colon, and none at the start: folded lines are obsolete (RFC 9112, section 5.2).
    if (name.empty() || !std::all_of(name.begin(), name.end(), is_token)) {
        return malformed("a line does not begin with a header name");
    }
    if (!equal_ignoring_case(name, content_length_name)) {
        return std::nullopt;
    }

    const std::string_view value = trim(line.substr(colon + 1));
    if (value.empty() || !std::all_of(value.begin(), value.end(), is_digit)) {
        return malformed("Content-Length is not a decimal number");
    }
    const std::size_t body_bytes = saturated_number(value, max_frame_bytes_);
    if (body_bytes == 0) {
        return empty_frame();
    }
    if (body_bytes > max_frame_bytes_) {
        return frame_too_large(max_frame_bytes_);
    }
    if (body_bytes_ != 0 && body_bytes_ != body_bytes) {
        return malformed("it has two different Content-Length lines");
    }
    body_bytes_ = body_bytes;
    return std::nullopt;
}

decode_result frame_decoder::next_line(std::string_view unread, bool at_end) {
    std::size_t consumed = 0;
    for (;;) {
        const std::string_view rest = unread.substr(consumed);
        // The end of a line of max_frame_bytes_ bytes may be CR LF.
        const std::string_view window = rest.substr(0, max_frame_bytes_ + 2);
        const std::size_t line_end = window.find('\n', scanned_);
        if (line_end == std::string_view::npos && !at_end) {
            const bool may_end_yet =
                window.size() <= max_frame_bytes_ || (window.size() == max_frame_bytes_ + 1 && window.back() == '\r');
            if (!may_end_yet) {
                return fail(frame_too_large(max_frame_bytes_), unread.size());
            }
            scanned_ = rest.size();
            return {decode_status::need_more, consumed, {}, 0, {}};
        }
        if (rest.empty()) {
            return {decode_status::need_more, consumed, {}, 0, {}};
        }
        std::string_view line = window.substr(0, line_end);
        if (!line.empty() && line.back() == '\r') {
            line.remove_suffix(1);
        }
        if (line.size() > max_frame_bytes_) {
            return fail(frame_too_large(max_frame_bytes_), unread.size());
        }
        scanned_ = 0;
        consumed += line_end == std::string_view::npos ? rest.size() : line_end + 1;
        if (!is_blank(line)) {
            if (!std::exchange(has_begun_, true) && is_http_request(line)) {
                return fail(http_request(), unread.size());
            }
            return {decode_status::frame, consumed, line, 0, {}};
        }
    }
}

std::size_t write_frame_prefix(framing kind, std::size_t body_bytes, char* out) noexcept {
    if (kind == framing::length_prefix) {
        boost::endian::store_big_u32(reinterpret_cast<unsigned char*>(out), static_cast<std::uint32_t>(body_bytes));
        return length_prefix_bytes;
    }
    if (kind == framing::line) {
        return 0;
    }
    constexpr std::string_view before = "Content-Length: ";
    constexpr std::string_view after = "\r\n\r\n";
    static_assert(before.size() + 20 + after.size() <= max_frame_prefix, "20 digits spell any 64-bit number");
    char* at = std::copy(before.begin(), before.end(), out);
    at = std::to_chars(at, at + 20, body_bytes).ptr;
    at = std::copy(after.begin(), after.end(), at);
    return static_cast<std::size_t>(at - out);
}

std::string_view frame_suffix(framing kind) noexcept { return kind == framing::line ? "\n" : ""; }

void close_body(framing kind, std::string& text, std::size_t begin) noexcept {
    if (kind != framing::line) {
        return;
    }
    for (const char line_break : {'\r', '\n'}) {
        for (std::size_t at = text.find(line_break, begin); at != std::string::npos;
             at = text.find(line_break, at + 1)) {
            text[at] = ' ';
        }
    }
}

open_frame::open_frame(framing kind, std::string& out) : kind_(kind), out_(out) {
    if (kind == framing::length_prefix) {
        out.append(length_prefix_bytes, '\0');
    }
    body_begin_ = out.size();
}

void open_frame::close() {
    const std::size_t body_bytes = out_.size() - body_begin_;
    switch (kind_) {
        case framing::length_prefix:
            write_frame_prefix(kind_, body_bytes, out_.data() + body_begin_ - length_prefix_bytes);
            break;
        case framing::content_length: {
            std::array<char, max_frame_prefix> prefix{};
            out_.insert(body_begin_, prefix.data(), write_frame_prefix(kind_, body_bytes, prefix.data()));
            break;
        }
        case framing::line:
            close_body(kind_, out_, body_begin_);
            break;
    }
    out_ += frame_suffix(kind_);
}

void append_frame(framing kind, std::string_view body, std::string& out) {
    open_frame frame{kind, out};
    out += body;
    frame.close();
}

}  // namespace hookd::protocol
