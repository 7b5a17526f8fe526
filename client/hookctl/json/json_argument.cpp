// SPDX-License-Identifier: BSL-1.0
#include "json_argument.hpp"

#include "hookctl/arguments.hpp"

#include <hookd/protocol/json_text.hpp>

#include <array>
#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <unistd.h>

namespace hookd::hookctl {

namespace {

/// All that can be read from `fd`; `from` is what messages call it.
std::string read_all(int fd, const std::string& from) {
    std::string text;
    std::array<char, std::size_t{64} * 1024> chunk;
    for (;;) {
        const auto count = ::read(fd, chunk.data(), chunk.size());
        if (count == 0) {
            return text;
        }
        if (count > 0) {
            text.append(chunk.data(), static_cast<std::size_t>(count));
        } else if (errno != EINTR) {
            throw usage_error(
                "can't read " + from + ": " + std::generic_category().message(errno) + "; nothing was sent");
        }
    }
}

std::string read_file(const std::string& path) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        throw usage_error("can't open " + path + ": " + std::generic_category().message(errno) + "; nothing was sent");
    }
    try {
        auto text = read_all(fd, path);
        ::close(fd);
        return text;
    } catch (...) {
        ::close(fd);
        throw;
    }
}

/// What may be wrong with an argument that is not JSON: most often the shell has taken its quotes, or it is a text
/// without any.
std::string quoting_hint(std::string_view argument) {
    const auto begin = argument.find_first_not_of(" \t\r\n");
    if (begin == std::string_view::npos) {
        return "; for an empty text write '\"\"'";
    }
    const bool is_container = argument[begin] == '{' || argument[begin] == '[';
    if (argument.find('"') != std::string_view::npos) {
        return {};
    }
    if (!is_container) {
        return "; a text goes in two kinds of quotes: '\"...\"'";
    }
    return argument.find('\'') == std::string_view::npos
               ? R"(; if the shell took its quotes, put it in single quotes: '{"a": "b"}')"
               : R"(; JSON has double quotes inside: '{"a": "b"}')";
}

}  // namespace

std::string read_standard_input() { return read_all(STDIN_FILENO, "standard input"); }

std::string read_text_argument(const std::string& argument) {
    if (argument == "-") {
        return read_standard_input();
    }
    return !argument.empty() && argument.front() == '@' ? read_file(argument.substr(1)) : argument;
}

std::string read_json_argument(std::string_view name, const std::string& argument, bool object_wanted) {
    auto text = read_text_argument(argument);
    std::string from;
    std::string hint;
    if (argument == "-") {
        from = " (standard input)";
    } else if (!argument.empty() && argument.front() == '@') {
        from = " (" + argument.substr(1) + ")";
    } else {
        hint = quoting_hint(argument);
    }

    if (const auto fault = protocol::find_json_fault(text)) {
        throw usage_error(std::string(name) + from + " is not JSON: " + std::string(fault->reason) + ", at byte " +
                          std::to_string(fault->offset) + "; nothing was sent" + hint);
    }
    if (object_wanted) {
        const auto first = text.find_first_not_of(" \t\r\n");
        if (protocol::kind_of(std::string_view(text).substr(first)) != protocol::json_kind::object) {
            throw usage_error(std::string(name) + from + " is not a JSON object: write {...}; nothing was sent");
        }
    }
    return text;
}

}  // namespace hookd::hookctl
