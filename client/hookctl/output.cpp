#include "output.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <system_error>

#include <unistd.h>

namespace hookd::hookctl {

namespace {

/// Zero, or why not everything was written.
int write_all(int fd, std::string_view text) {
    while (!text.empty()) {
        const auto count = ::write(fd, text.data(), text.size());
        if (count >= 0) {
            text.remove_prefix(static_cast<std::size_t>(count));
        } else if (errno != EINTR) {
            return errno;
        }
    }
    return 0;
}

/// The control characters of ECMA-48 that a terminal may obey: C0, DEL, and C1, which UTF-8 writes as C2 80 to C2 9F. How many bytes of
/// `text` the one at its front takes; 0 where there is none.
std::size_t control_length(std::string_view text) {
    const auto first = static_cast<unsigned char>(text.front());
    if (first < ' ' || first == 0x7f) {
        return 1;
    }
    return first == 0xc2 && text.size() > 1 && (static_cast<unsigned char>(text[1]) & 0xe0) == 0x80 ? 2 : 0;
}

}  // namespace

bool writes_for_programs(bool json_wanted) {
    return json_wanted || ::isatty(STDOUT_FILENO) == 0;
}

void print(std::string_view text) {
    if (const int error = write_all(STDOUT_FILENO, text); error != 0 && error != EPIPE) {
        throw std::system_error(error, std::generic_category(), "can't write to standard output");
    }
}

void complain(std::string_view message) {
    std::string line = "hookctl: ";
    line.append(harmless(message)).append("\n");
    write_all(STDERR_FILENO, line);  // where else could a failure be told?
}

void print_reason(std::string_view reason) {
    std::string line = ::isatty(STDERR_FILENO) != 0 ? harmless(reason, true) : std::string(reason);
    line += '\n';
    write_all(STDERR_FILENO, line);
}

std::string one_line(std::string_view json) {
    std::string line(json);
    std::replace_if(line.begin(), line.end(), [](char c) { return c == '\r' || c == '\n'; }, ' ');
    return line;
}

std::string escaped_controls(std::string_view json) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string result;
    while (!json.empty()) {
        const auto length = std::max<std::size_t>(control_length(json), 1);
        const auto last = static_cast<unsigned char>(json[length - 1]);
        if (last == 0x7f || length == 2) {
            result.append("\\u00").append({digits[last >> 4], digits[last & 0xf]});
        } else {
            result += json.front();  // C0 stands in no string: it is white space between tokens
        }
        json.remove_prefix(length);
    }
    return result;
}

std::string json_output(std::string_view json) {
    return ::isatty(STDOUT_FILENO) != 0 ? escaped_controls(json) : std::string(json);
}

std::string harmless(std::string_view text, bool lines) {
    std::string result;
    while (!text.empty()) {
        const auto length = control_length(text);
        const bool stays = length == 0 || (lines && (text.front() == '\n' || text.front() == '\t'));
        result += stays ? text.front() : '?';
        text.remove_prefix(std::max<std::size_t>(length, 1));
    }
    return result;
}

std::size_t columns_of(std::string_view text) noexcept {
    // Every byte but the continuation bytes 10xxxxxx begins a code point (RFC 3629, section 3).
    return static_cast<std::size_t>(
        std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

palette::palette() : coloured_(false) {
    if (::isatty(STDOUT_FILENO) == 0) {
        return;
    }
    const char* no_color = std::getenv("NO_COLOR");
    const char* term = std::getenv("TERM");
    coloured_ = (no_color == nullptr || *no_color == '\0') && term != nullptr && std::string_view(term) != "dumb";
}

}  // namespace hookd::hookctl
