// SPDX-License-Identifier: BSL-1.0
#include "cluster/link/url_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <string_view>
#include <system_error>

namespace hookd::link {
namespace {

constexpr std::size_t max_bytes = 16'384;

struct descriptor {
    int value;
    ~descriptor() { ::close(value); }
};

[[noreturn]] void refuse(const std::string& file, const std::string& why) { throw url_file_error(file + ": " + why); }

void check(const std::string& file, int opened) {
    struct stat about {};
    if (::fstat(opened, &about) != 0) {
        refuse(file, std::generic_category().message(errno));
    }
    if (!S_ISREG(about.st_mode)) {
        refuse(file, "it is not a regular file; name the file that holds the URL");
    }
    if (about.st_uid != ::geteuid() && about.st_uid != 0) {
        refuse(file, "it belongs to user " + std::to_string(about.st_uid) + ", who could change it; type: chown " +
                         std::to_string(::geteuid()) + " " + file);
    }
    if ((about.st_mode & 077) != 0) {
        refuse(file, "other users may read or write it, and it may hold a password; type: chmod 600 " + file);
    }
}

std::string read_all(const std::string& file, int opened) {
    std::string text;
    std::array<char, 4096> piece;
    for (;;) {
        const auto count = ::read(opened, piece.data(), piece.size());
        if (count < 0 && errno != EINTR) {
            refuse(file, std::generic_category().message(errno));
        }
        if (count == 0) {
            return text;
        }
        text.append(piece.data(), count > 0 ? static_cast<std::size_t>(count) : 0);
        if (text.size() > max_bytes) {
            refuse(file, "it is longer than 16 KiB; it should hold one line, the URL");
        }
    }
}

}  // namespace

std::string read_url_file(const std::string& file) {
    const descriptor opened{::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
    if (opened.value < 0) {
        refuse(file, std::generic_category().message(errno) + "; write the URL into it, with mode 0600");
    }
    check(file, opened.value);
    const std::string text = read_all(file, opened.value);
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
