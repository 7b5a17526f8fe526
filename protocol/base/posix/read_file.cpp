// SPDX-License-Identifier: BSL-1.0
#include "read_file.hpp"

#include "descriptor_io.hpp"
#include "unique_fd.hpp"

#include <base/text/quantity.hpp>

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

namespace hookd::base {

namespace {

using reason = read_error::reason;

[[noreturn]] void fail(int error) {
    throw read_error(error == ENOENT || error == ENOTDIR ? reason::absent : reason::unreadable,
        std::generic_category().message(error));
}

/// O_NONBLOCK: not to wait for the other end of a pipe.
unique_fd open_to_read(const std::filesystem::path& path) {
    return unique_fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)};
}

void check_trust(const struct stat& found, file_trust wanted) {
    if (wanted == file_trust::anyone) {
        return;
    }
    if (found.st_uid != 0 && found.st_uid != ::geteuid()) {
        throw read_error(
            reason::foreign, "it belongs to user " + std::to_string(found.st_uid) + ", who could change it");
    }
    if (wanted == file_trust::secret && (found.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        throw read_error(reason::readable, "other users may read or write it");
    }
    if ((found.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
        throw read_error(reason::writable, "other users may write to it");
    }
}

void await_stream(int fd, std::chrono::milliseconds silence) {
    pollfd polled{fd, POLLIN, 0};
    if (::poll(&polled, 1, static_cast<int>(silence.count())) == 0) {
        throw read_error(reason::silent, "it is a pipe from which nothing comes");
    }
}

/// Reads until the end; calls `await` before each read.
template <class Await>
std::string read_all(int fd, std::size_t max_bytes, Await await) try {
    // In pieces: room for the longest file, cleared for each, was a third of what the start with a catalog took.
    std::string text;
    std::array<char, std::size_t{16} << 10> piece;
    for (;;) {
        await();
        const auto count = read_some(fd, piece.data(), piece.size());
        if (count == 0) {
            return text;
        }
        text.append(piece.data(), count);
        if (text.size() > max_bytes) {
            throw read_error(reason::too_long, "it is longer than " + describe_size(max_bytes));
        }
    }
} catch (const std::system_error& failure) {
    fail(failure.code().value());
}

}  // namespace

std::string read_file(const std::filesystem::path& path, const read_rules& rules) {
    const auto file = open_to_read(path);
    struct stat about {};
    if (!file || ::fstat(file.get(), &about) != 0) {
        fail(errno);
    }
    if (S_ISDIR(about.st_mode)) {
        throw read_error(reason::not_regular, "it is a directory");
    }
    if (!S_ISREG(about.st_mode) && !rules.stream_silence) {
        throw read_error(reason::not_regular, "it is not a regular file");
    }
    check_trust(about, rules.trust);
    if (S_ISREG(about.st_mode)) {
        return read_to_end(file.get(), rules.max_bytes);
    }
    auto text = read_all(file.get(), rules.max_bytes, [&] { await_stream(file.get(), *rules.stream_silence); });
    if (text.empty() && S_ISFIFO(about.st_mode)) {
        throw read_error(reason::drained, "it is a pipe with nothing left in it");
    }
    return text;
}

std::string read_to_end(int fd, std::size_t max_bytes) {
    return read_all(fd, max_bytes, [] {});
}

std::optional<std::string> read_front(const std::filesystem::path& path, std::size_t max_bytes) {
    const auto file = open_to_read(path);
    struct stat about {};
    if (!file || ::fstat(file.get(), &about) != 0 || !S_ISREG(about.st_mode)) {
        return std::nullopt;
    }
    // A file of /proc tells no size, and one of /proc/sys gives all that it has to its first read or never.
    constexpr std::size_t first_read = 4096;
    std::string text(std::min(max_bytes, std::max(static_cast<std::size_t>(about.st_size) + 1, first_read)), '\0');
    std::size_t size = 0;
    try {
        while (size < max_bytes) {
            if (size == text.size()) {
                text.resize(std::min(max_bytes, 2 * size));  // it has grown
            }
            const auto count = read_some(file.get(), text.data() + size, text.size() - size);
            if (count == 0) {
                break;
            }
            size += count;
        }
    } catch (const std::system_error&) {
        return std::nullopt;
    }
    text.resize(size);
    return text;
}

}  // namespace hookd::base
