// SPDX-License-Identifier: BSL-1.0
#include "line_writer.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstddef>
#include <system_error>

#include <poll.h>
#include <unistd.h>

namespace hookd::hookctl {

bool line_writer::write(std::string_view line) {
    while (!line.empty()) {
        std::array<pollfd, 2> polled{{{STDOUT_FILENO, POLLOUT, 0}, {stopped_fd_, POLLIN, 0}}};
        if (::poll(polled.data(), polled.size(), -1) < 0 && errno != EINTR) {
            throw std::system_error(errno, std::generic_category(), "can't wait for standard output");
        }
        if (polled[1].revents != 0) {
            return false;
        }
        // A pipe that poll calls writable takes this much without blocking (pipe(7)).
        const auto count = ::write(STDOUT_FILENO, line.data(), std::min<std::size_t>(line.size(), PIPE_BUF));
        if (count >= 0) {
            line.remove_prefix(static_cast<std::size_t>(count));
        } else if (errno == EPIPE) {
            return false;
        } else if (errno != EINTR && errno != EAGAIN) {
            throw std::system_error(errno, std::generic_category(), "can't write to standard output");
        }
    }
    return true;
}

}  // namespace hookd::hookctl
