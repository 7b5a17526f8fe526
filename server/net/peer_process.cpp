// SPDX-License-Identifier: BSL-1.0
#include "peer_process.hpp"

#include <array>
#include <cerrno>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace hookd::server {
namespace {

// By number: the header of Debian 12 for it cannot be linked from C++.
int open_pidfd(pid_t pid) { return static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)); }

}  // namespace

peer_process::peer_process(boost::asio::io_context& context, pid_t pid) : pidfd_(context) {
    const int opened = pid > 0 ? open_pidfd(pid) : -1;
    was_gone_ = opened < 0 && pid > 0 && errno == ESRCH;
    if (opened >= 0) {
        boost::system::error_code failure;
        pidfd_.assign(opened, failure);
        if (failure) {  // epoll takes no more
            ::close(opened);
        }
    }
}

// The kernel is asked, not the wait: Asio may call a handler for an event that was queued for an earlier descriptor of
// the same number.
bool peer_process::has_ended() {
    if (!pidfd_.is_open()) {
        return was_gone_;
    }
    pollfd process{pidfd_.native_handle(), POLLIN, 0};
    return ::poll(&process, 1, 0) > 0 && (process.revents & POLLIN) != 0;
}

bool is_of_own_user(pid_t pid) {
    const int process = pid > 0 ? open_pidfd(pid) : -1;
    if (process < 0) {
        return false;
    }
    // Signal 0 checks and sends nothing. The right to send is decided by the kernel's own numbers of users (kill(2)).
    const bool may_signal = ::syscall(SYS_pidfd_send_signal, process, 0, nullptr, 0) == 0;
    ::close(process);
    return may_signal;
}

std::string program_name(pid_t pid) {
    const auto path = "/proc/" + std::to_string(pid) + "/comm";
    const int fd = pid > 0 ? ::open(path.c_str(), O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0) {
        return {};
    }
    std::array<char, 64> text;
    const auto count = ::read(fd, text.data(), text.size());
    ::close(fd);
    return {text.data(), count > 0 ? static_cast<std::size_t>(count - 1) : 0};  // without the line feed
}

}  // namespace hookd::server
