// SPDX-License-Identifier: BSL-1.0
#include "cluster/link/url_file.hpp"

#include <base/posix/read_file.hpp>

#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace hookd::link {
namespace {

constexpr std::size_t max_bytes = 16'384;

/// What to do about a file that is not fit to be read.
std::string advice_for(base::read_error::reason refusal, const std::string& file) {
    using reason = base::read_error::reason;
    switch (refusal) {
        case reason::not_regular:
            return "; name the file that holds the URL";
        case reason::foreign:
            return "; type: chown " + std::to_string(::geteuid()) + " " + file;
        case reason::readable:
            return ", and it may hold a password; type: chmod 600 " + file;
        case reason::too_long:
            return "; it should hold one line, the URL";
        default:
            return "; write the URL into it, with mode 0600";
    }
}

[[noreturn]] void refuse(const std::string& file, const std::string& reason) {
    throw url_file_error(file + ": " + reason);
}

}  // namespace

std::string read_url_file(const std::string& file) {
    std::string text;
    try {
        text = base::read_file(file, {.max_bytes = max_bytes, .trust = base::file_trust::secret});
    } catch (const base::read_error& failure) {
        refuse(file, failure.what() + advice_for(failure.why(), file));
    }
    std::string url;
    for (std::string_view left = text; !left.empty();) {
        const auto end = left.find('\n');
        auto line = left.substr(0, end);
        left.remove_prefix(end == std::string_view::npos ? left.size() : end + 1);
        constexpr std::string_view blanks = " \t\r";
        line.remove_prefix(std::min(line.find_first_not_of(blanks), line.size()));
        line = line.substr(0, line.find_last_not_of(blanks) + 1);
        if (line.empty() || line.front() == '#') {
            continue;
        }
        if (!url.empty()) {
            refuse(file, "it has more than one line; keep one line, the URL");
        }
        url = line;
    }
    if (url.empty()) {
        refuse(file, "it is empty; write one line into it, the URL of the cluster's engine");
    }
    if (url.find('\0') != std::string::npos) {
        refuse(file, "it has a NUL byte; write the URL into it as text");
    }
    return url;
}

}  // namespace hookd::link
