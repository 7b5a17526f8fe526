// SPDX-License-Identifier: BSL-1.0
#include "app/interruptible_writer.hpp"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <limits>
#include <string>

namespace hookd::server {
namespace {

constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();

std::int64_t now_ns() noexcept {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

}  // namespace

interruptible_writer::interruptible_writer(int fd)
    : fd_(fd), wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)), deadline_ns_(never) {
    struct stat found {};
    if (::fstat(fd, &found) != 0) {
        return;
    }
    if (S_ISSOCK(found.st_mode)) {
        kind_ = kind::socket;
    } else if (S_ISFIFO(found.st_mode) || S_ISCHR(found.st_mode)) {
        const auto again = "/proc/self/fd/" + std::to_string(fd);
        own_ = base::unique_fd{::open(again.c_str(), O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)};
        if (own_) {
            fd_ = own_.get();
            kind_ = kind::own;
        }
    }
}

bool interruptible_writer::write(std::string_view text) noexcept {
    while (!text.empty()) {
        if (kind_ == kind::shared && !wait_for_room()) {
            return false;
        }
        const long written = write_some(text);
        if (written >= 0) {
            text.remove_prefix(static_cast<std::size_t>(written));
        } else if (errno == EAGAIN) {
            if (!wait_for_room()) {
                return false;
            }
        } else if (errno != EINTR) {
            return false;
        }
    }
    return true;
}

long interruptible_writer::write_some(std::string_view text) const noexcept {
    switch (kind_) {
        case kind::own:
            return ::write(fd_, text.data(), text.size());
        case kind::socket:
            return ::send(fd_, text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
        case kind::shared:
            break;
    }
    return ::write(fd_, text.data(), std::min<std::size_t>(text.size(), PIPE_BUF));
}

bool interruptible_writer::wait_for_room() noexcept {
    while (true) {
        const auto deadline = deadline_ns_.load();
        const bool limited = deadline != never;
        int timeout_ms = -1;
        if (limited) {
            const auto left_ns = deadline - now_ns();
            timeout_ms = left_ns <= 0 ? 0 : static_cast<int>(left_ns / 1'000'000) + 1;
        }
        std::array<pollfd, 2> watched{{{fd_, POLLOUT, 0}, {wake_.get(), POLLIN, 0}}};
        // The eventfd stays readable once there is a deadline; then only the output is of interest.
        const int ready = ::poll(watched.data(), limited ? 1 : 2, timeout_ms);
        if (ready < 0 && errno != EINTR) {
            return false;
        }
        if (ready > 0 && watched[0].revents != 0) {
            return (watched[0].revents & POLLOUT) != 0;  // else nobody will ever read it
        }
        if (ready == 0 && limited) {
            return false;
        }
    }
}

void interruptible_writer::set_deadline(std::chrono::milliseconds span) noexcept {
    deadline_ns_.store(now_ns() + std::chrono::duration_cast<std::chrono::nanoseconds>(span).count());
    const std::uint64_t one = 1;
    static_cast<void>(!::write(wake_.get(), &one, sizeof one));
}

}  // namespace hookd::server
