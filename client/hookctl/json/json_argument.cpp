// SPDX-License-Identifier: BSL-1.0
#include "json_argument.hpp"

#include "hookctl/arguments.hpp"

#include <base/json/text.hpp>
#include <base/posix/read_file.hpp>
#include <base/posix/unique_fd.hpp>
#include <hookd/protocol/limits.hpp>

#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <unistd.h>

namespace hookd::hookctl {

namespace {

/// All that can be read from `fd`; `source` is what messages call it. The daemon refuses anything longer.
std::string read_all(int fd, const std::string& source) try {
    return base::read_to_end(fd, protocol::max_max_frame_bytes);
} catch (const base::read_error& failure) {
    throw usage_error("can't read " + source + ": " + failure.what() + "; nothing was sent");
}

std::string read_file(const std::string& path) {
    const base::unique_fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file) {
        throw usage_error("can't open " + path + ": " + std::generic_category().message(errno) + "; nothing was sent");
    }
    return read_all(file.get(), path);
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
    std::string source;
    std::string hint;
    if (argument == "-") {
        source = " (standard input)";
    } else if (!argument.empty() && argument.front() == '@') {
        source = " (" + argument.substr(1) + ")";
    } else {
        hint = quoting_hint(argument);
    }

    if (const auto fault = base::find_json_fault(text)) {
        throw usage_error(std::string(name) + source + " is not JSON: " + std::string(fault->reason) + ", at byte " +
                          std::to_string(fault->offset) + "; nothing was sent" + hint);
    }
    if (object_wanted) {
        const auto first = text.find_first_not_of(" \t\r\n");
        if (base::kind_of(std::string_view(text).substr(first)) != base::json_kind::object) {
            throw usage_error(std::string(name) + source + " is not a JSON object: write {...}; nothing was sent");
        }
    }
    return text;
}

}  // namespace hookd::hookctl
