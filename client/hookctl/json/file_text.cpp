// SPDX-License-Identifier: BSL-1.0
#include "file_text.hpp"

#include <hookd/hooks/owned_fd.hpp>

#include <algorithm>
#include <cerrno>
#include <limits>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace hookd::hookctl {

namespace {

constexpr std::size_t least_read = 4096;  // of files whose size the kernel does not say, as in /proc

/// The size that fstat(2) says, which may be less than there is to read; 0 if it says none.
std::size_t size_of(int fd) noexcept {
    struct stat found {};
    return ::fstat(fd, &found) == 0 && found.st_size > 0 ? static_cast<std::size_t>(found.st_size) : 0;
}

}  // namespace

std::optional<std::string> read_up_to(const std::filesystem::path& path, std::size_t limit) {
    const hooks::owned_fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (file.get() < 0) {
        return std::nullopt;
    }
    const auto most = limit + 1;
    std::string text(std::min(most, std::max(size_of(file.get()) + 1, least_read)), '\0');
    for (std::size_t size = 0;;) {
        const auto count = ::read(file.get(), text.data() + size, text.size() - size);
        if (count < 0 && errno != EINTR) {
            return std::nullopt;
        }
        size += count > 0 ? static_cast<std::size_t>(count) : 0;
        if (count == 0 || size == most) {
            text.resize(size);
            return text;
        }
        if (size == text.size()) {
            text.resize(std::min(most, 2 * size));
        }
    }
}

std::optional<std::string> read_whole(const std::filesystem::path& path) {
    return read_up_to(path, std::string().max_size() - 1);
}

bool write_whole(const std::filesystem::path& path, std::string_view text) noexcept {
    const hooks::owned_fd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
    while (file.get() >= 0 && !text.empty()) {
        const auto count = ::write(file.get(), text.data(), text.size());
        if (count < 0 && errno != EINTR) {
            return false;
        }
        text.remove_prefix(count > 0 ? static_cast<std::size_t>(count) : 0);
    }
    return file.get() >= 0;
}

}  // namespace hookd::hookctl
