// SPDX-License-Identifier: BSL-1.0
#include "cluster/nats/parser.hpp"

#include <base/text/number.hpp>

#include <algorithm>
#include <array>
#include <optional>

namespace hookd::nats {
namespace {

constexpr std::string_view end_of_line = "\r\n";

bool is_space(char c) noexcept { return c == ' ' || c == '\t'; }

std::string_view trimmed(std::string_view text) noexcept {
    while (!text.empty() && is_space(text.front())) {
        text.remove_prefix(1);
    }
    while (!text.empty() && is_space(text.back())) {
        text.remove_suffix(1);
    }
    return text;
}

// The first word of `rest`, which is left with what is behind it.
std::string_view take_word(std::string_view& rest) noexcept {
    const auto end = static_cast<std::size_t>(std::find_if(rest.begin(), rest.end(), is_space) - rest.begin());
    const std::string_view word = rest.substr(0, end);
    rest = trimmed(rest.substr(end));
    return word;
}

// Names of operations may be written in either case.
bool is_named(std::string_view word, std::string_view name) noexcept {
    return std::equal(word.begin(), word.end(), name.begin(), name.end(),
        [](char a, char b) { return (a >= 'a' && a <= 'z' ? a - 'a' + 'A' : a) == b; });
}

std::string_view without_quotes(std::string_view text) noexcept {
    const bool quoted = text.size() >= 2 && text.front() == '\'' && text.back() == '\'';
    return quoted ? text.substr(1, text.size() - 2) : text;
}

parse_result plain(operation::kind type, std::size_t consumed, std::string_view text = {}) {
    parse_result result{parse_status::operation, consumed, {}, {}};
    result.parsed.type = type;
    result.parsed.text = text;
    return result;
}

}  // namespace

parse_result parser::next(std::string_view unread) {
    if (!failure_.empty()) {
        return fail(failure_);
    }
    if (unread.size() < awaited_) {
        return {};
    }
    const std::size_t end = unread.find('\n', scanned_);
    const std::size_t line_bytes = end == std::string_view::npos ? unread.size() : end + 1;
    if (line_bytes > max_line_bytes) {
        return fail("a line of more than " + std::to_string(max_line_bytes) + " bytes");
    }
    if (end == std::string_view::npos) {
        scanned_ = unread.size();
        return {};
    }
    std::string_view line = unread.substr(0, end);
    if (line.ends_with('\r')) {
        line.remove_suffix(1);
    }
    parse_result result = read_line(line, line_bytes, unread);
    const bool is_complete = result.status != parse_status::need_more;
    scanned_ = is_complete ? 0 : end;
    awaited_ = is_complete ? 0 : awaited_;
    return result;
}

parse_result parser::read_line(std::string_view line, std::size_t line_bytes, std::string_view unread) {
    std::string_view rest = line;
    const std::string_view name = take_word(rest);
    if (is_named(name, "MSG") || is_named(name, "HMSG")) {
        return read_message(rest, name.size() == 4, line_bytes, unread);
    }
    if (is_named(name, "INFO")) {
        return plain(operation::kind::info, line_bytes, rest);
    }
    if (is_named(name, "-ERR")) {
        return plain(operation::kind::error, line_bytes, without_quotes(rest));
    }
    if (is_named(name, "PING")) {
        return plain(operation::kind::ping, line_bytes);
    }
    if (is_named(name, "PONG")) {
        return plain(operation::kind::pong, line_bytes);
    }
    if (is_named(name, "+OK")) {
        return plain(operation::kind::ok, line_bytes);
    }
    return fail("\"" + std::string{name.substr(0, 32)} + "\" is not an operation of NATS");
}

// MSG subject subscription [reply] bytes, HMSG subject subscription [reply] header-bytes bytes.
parse_result parser::read_message(
    std::string_view arguments, bool has_headers, std::size_t line_bytes, std::string_view unread) {
    std::array<std::string_view, 5> words{};
    std::size_t count = 0;
    for (; !arguments.empty() && count < words.size(); ++count) {
        words[count] = take_word(arguments);
    }
    const std::size_t least = has_headers ? 4 : 3;
    if (!arguments.empty() || count < least || count > least + 1) {
        return fail("a message with " + std::to_string(count) + " arguments");
    }
    const auto subscription = base::parse_number<std::uint64_t>(words[1]);
    const auto bytes = base::parse_number<std::size_t>(words[count - 1]);
    const auto header_bytes = has_headers ? base::parse_number<std::size_t>(words[count - 2]) : std::size_t{0};
    if (!subscription || !bytes || !header_bytes || *header_bytes > *bytes) {
        return fail("a message without its size");
    }
    if (*bytes > max_message_bytes) {
        return fail(
            "a message of " + std::to_string(*bytes) + " bytes, more than " + std::to_string(max_message_bytes));
    }
    awaited_ = line_bytes + *bytes + end_of_line.size();
    if (unread.size() < awaited_) {
        return {};
    }
    if (unread.substr(line_bytes + *bytes, end_of_line.size()) != end_of_line) {
        return fail("a message that is not as long as it says");
    }
    parse_result result = plain(operation::kind::message, awaited_);
    result.parsed.subject = words[0];
    result.parsed.reply = count > least ? words[2] : std::string_view{};
    result.parsed.subscription = *subscription;
    result.parsed.headers = unread.substr(line_bytes, *header_bytes);
    result.parsed.payload = unread.substr(line_bytes + *header_bytes, *bytes - *header_bytes);
    return result;
}

parse_result parser::fail(std::string reason) {
    failure_ = std::move(reason);
    return {parse_status::failed, 0, {}, failure_};
}

int status_of(std::string_view headers) noexcept {
    constexpr std::string_view version = "NATS/1.0";
    if (!headers.starts_with(version)) {
        return 0;
    }
    std::string_view line = headers.substr(version.size(), headers.find(end_of_line) - version.size());
    line = trimmed(line);
    return base::parse_number<int>(take_word(line)).value_or(0);
}

}  // namespace hookd::nats
