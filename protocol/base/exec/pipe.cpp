// SPDX-License-Identifier: BSL-1.0
#include "pipe.hpp"

#include <base/exec/start_process.hpp>

#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

#include <fcntl.h>

namespace hookd::base {

unique_fd above_standard(unique_fd fd) { return moved_up(std::move(fd), STDERR_FILENO + 1); }

pipe_ends make_pipe() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
        throw std::system_error(errno, std::generic_category());
    }
    pipe_ends result{unique_fd(ends[0]), unique_fd(ends[1])};
    result.read = above_standard(std::move(result.read));
    result.write = above_standard(std::move(result.write));
    return result;
}

}  // namespace hookd::base
