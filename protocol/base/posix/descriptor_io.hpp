// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cerrno>
#include <cstddef>
#include <string_view>
#include <system_error>

#include <unistd.h>

namespace hookd::base {

/// read(2), repeated while a signal interrupts it. 0 at the end. Throws std::system_error.
inline std::size_t read_some(int fd, char* room, std::size_t size) {
    for (;;) {
        const auto count = ::read(fd, room, size);
        if (count >= 0) {
            return static_cast<std::size_t>(count);
        }
        if (errno != EINTR) {
            throw std::system_error(errno, std::generic_category());
        }
    }
}

/// Writes all of `text` to a descriptor that blocks. Throws std::system_error.
inline void write_all(int fd, std::string_view text) {
    while (!text.empty()) {
        const auto count = ::write(fd, text.data(), text.size());
        if (count >= 0) {
            text.remove_prefix(static_cast<std::size_t>(count));
        } else if (errno != EINTR) {
            throw std::system_error(errno, std::generic_category());
        }
    }
}

}  // namespace hookd::base
