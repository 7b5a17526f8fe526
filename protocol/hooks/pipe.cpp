// SPDX-License-Identifier: BSL-1.0
#include "pipe.hpp"

#include <array>
#include <cerrno>
#include <system_error>

#include <fcntl.h>

namespace hookd::hooks {

owned_fd above_standard(owned_fd fd) {
    if (fd.get() > STDERR_FILENO) {
        return fd;
    }
    owned_fd moved(::fcntl(fd.get(), F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
    if (!moved) {
        throw std::system_error(errno, std::generic_category());
    }
    return moved;
}

pipe_ends make_pipe() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
        throw std::system_error(errno, std::generic_category());
    }
    pipe_ends result{owned_fd(ends[0]), owned_fd(ends[1])};
    result.read = above_standard(std::move(result.read));
    result.write = above_standard(std::move(result.write));
    return result;
}

}  // namespace hookd::hooks
