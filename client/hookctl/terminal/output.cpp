// SPDX-License-Identifier: BSL-1.0
#include "output.hpp"

#include <base/text/utf8.hpp>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <system_error>

#include <poll.h>
#include <unistd.h>

namespace hookd::hookctl {

namespace {

/// Zero, or why not everything was written.
int write_all(int fd, std::string_view text) noexcept {
    while (!text.empty()) {
        const auto count = ::write(fd, text.data(), text.size());
        if (count >= 0) {
            text.remove_prefix(static_cast<std::size_t>(count));
        } else if (errno == EAGAIN) {
            // Whoever gave us the descriptor shares its O_NONBLOCK: it is not ours to change.
            pollfd writable{fd, POLLOUT, 0};
            (void)::poll(&writable, 1, -1);
        } else if (errno != EINTR) {
            return errno;
        }
    }
    return 0;
}

/// A code point below U+10000 as an escape of JSON.
void append_escape(std::string& json, std::uint32_t code) {
    constexpr std::string_view digits = "0123456789abcdef";
    json.append(
        {'\\', 'u', digits[code >> 12 & 0xf], digits[code >> 8 & 0xf], digits[code >> 4 & 0xf], digits[code & 0xf]});
}

}  // namespace

bool writes_for_programs(bool json_wanted) { return json_wanted || ::isatty(STDOUT_FILENO) == 0; }

std::error_code write_output(std::string_view text) noexcept {
    return {write_all(STDOUT_FILENO, text), std::generic_category()};
}

void print(std::string_view text) {
    if (const auto failure = write_output(text); failure && failure != std::errc::broken_pipe) {
        throw std::system_error(failure, "can't write to standard output");
    }
}

void print_error(std::string_view text) noexcept {
    (void)write_all(STDERR_FILENO, text);  // where else could a failure be told?
}

void report_error(std::string_view message) {
    std::string line = "hookctl: ";
    line.append(harmless(message)).append("\n");
    print_error(line);
}

void print_reason(std::string_view reason) {
    std::string line = ::isatty(STDERR_FILENO) != 0 ? harmless(reason, true) : std::string(reason);
    line += '\n';
    print_error(line);
}

std::string one_line(std::string_view json) {
    std::string line(json);
    std::replace_if(
        line.begin(), line.end(), [](char c) { return c == '\r' || c == '\n'; }, ' ');
    return line;
}

std::string escaped_controls(std::string_view json) {
    std::string result;
    while (!json.empty()) {
        const auto front = base::front_character(json);
        if (front.harmful && *front.harmful >= ' ') {
            append_escape(result, *front.harmful);
        } else {
            result.append(json.substr(0, front.bytes));  // C0 stands in no string: it is white space between tokens
        }
        json.remove_prefix(front.bytes);
    }
    return result;
}

std::string json_output(std::string_view json) {
    return ::isatty(STDOUT_FILENO) != 0 ? escaped_controls(json) : std::string(json);
}

std::size_t columns_of(std::string_view text) noexcept { return base::character_count(text); }

bool shows_colours(int fd) noexcept {
    if (::isatty(fd) == 0) {
        return false;
    }
    const char* no_color = std::getenv("NO_COLOR");
    const char* term = std::getenv("TERM");
    return (no_color == nullptr || *no_color == '\0') && term != nullptr && std::string_view(term) != "dumb";
}

palette::palette() : coloured_(shows_colours(STDOUT_FILENO)) {}

}  // namespace hookd::hookctl
