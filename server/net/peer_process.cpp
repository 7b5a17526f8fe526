// SPDX-License-Identifier: BSL-1.0
#include "peer_process.hpp"

#include <base/posix/read_file.hpp>
#include <base/posix/unique_fd.hpp>

#include <cerrno>

#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace hookd::server {
namespace {

// By number: the header of Debian 12 for it cannot be linked from C++.
base::unique_fd open_pidfd(pid_t pid) {
    return base::unique_fd{pid > 0 ? static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)) : -1};
}

}  // namespace

peer_process::peer_process(boost::asio::io_context& context, pid_t pid) : pidfd_(context) {
    auto opened = open_pidfd(pid);
    was_gone_ = !opened && pid > 0 && errno == ESRCH;
    if (opened) {
        boost::system::error_code failure;
        pidfd_.assign(opened.get(), failure);
        if (!failure) {  // else epoll takes no more
            (void)opened.release();
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
    const auto process = open_pidfd(pid);
    // Signal 0 checks and sends nothing. The right to send is decided by the kernel's own numbers of users (kill(2)).
    return process && ::syscall(SYS_pidfd_send_signal, process.get(), 0, nullptr, 0) == 0;
}

std::string program_name(pid_t pid) {
    constexpr std::size_t longest = 64;
    auto name = pid > 0 ? base::read_front("/proc/" + std::to_string(pid) + "/comm", longest) : std::nullopt;
    if (!name || name->empty()) {
        return {};
    }
    name->pop_back();  // the line feed
    return std::move(*name);
}

}  // namespace hookd::server
