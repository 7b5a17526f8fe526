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

bool drives_a_terminal(char c) {
    return static_cast<unsigned char>(c) < ' ' || c == '\x7f';
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

std::string harmless(std::string_view text, bool lines) {
    std::string result(text);
    std::replace_if(
        result.begin(), result.end(),
        [lines](char c) { return drives_a_terminal(c) && !(lines && (c == '\n' || c == '\t')); }, '?');
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
