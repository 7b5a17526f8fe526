// SPDX-License-Identifier: BSL-1.0
#include "cluster/helper_process.hpp"

#include <base/exec/command_runner.hpp>
#include <base/exec/start_process.hpp>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace hookd::cluster {

using base::unique_fd;

namespace {

constexpr int link_descriptor = 3;
constexpr std::string_view link_variable = "HOOKD_LINK_FD=";

// How long it may take to leave the cluster once its socket is closed.
constexpr std::chrono::milliseconds time_to_leave{1000};

void check_call(int result) {
    if (result < 0) {
        throw std::system_error(errno, std::generic_category());
    }
}

unique_fd above_link_descriptor(int fd) { return base::moved_up(unique_fd{fd}, link_descriptor + 1); }

void set_nonblocking(const unique_fd& fd) {
    check_call(::fcntl(fd.get(), F_SETFL, ::fcntl(fd.get(), F_GETFL) | O_NONBLOCK));
}

std::vector<std::string> helper_environment() {
    std::vector<std::string> environment;
    for (char** each = environ; *each != nullptr; ++each) {
        if (!std::string_view{*each}.starts_with(link_variable)) {
            environment.emplace_back(*each);
        }
    }
    environment.push_back(std::string{link_variable} + std::to_string(link_descriptor));
    return environment;
}

}  // namespace

helper_process::helper_process(const std::filesystem::path& program) {
    std::array<int, 2> ends{};
    check_call(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()));
    socket_ = unique_fd{ends[0]};
    const auto socket = above_link_descriptor(ends[1]);
    check_call(::pipe2(ends.data(), O_CLOEXEC));
    errors_ = unique_fd{ends[0]};
    const auto errors = above_link_descriptor(ends[1]);
    check_call(ends[0] = ::open("/dev/null", O_RDONLY | O_CLOEXEC));
    const auto input = above_link_descriptor(ends[0]);
    set_nonblocking(socket_);
    set_nonblocking(errors_);
    base::command helper{.argv = {program.string(), "--link"}, .environment = helper_environment()};
    const std::array descriptors{input.get(), errors.get(), errors.get(), socket.get()};
    pid_ = base::start_process(helper, descriptors);
}

helper_process::~helper_process() {
    socket_ = {};
    errors_ = {};
    reap();
}

void helper_process::kill() noexcept {
    if (pid_ > 0) {
        ::kill(pid_, SIGKILL);
        ::waitpid(std::exchange(pid_, -1), nullptr, 0);
    }
}

void helper_process::reap() noexcept {
    if (pid_ <= 0) {
        return;
    }
    const unique_fd process{static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0))};
    pollfd end{process.get(), POLLIN, 0};
    ::poll(&end, 1, static_cast<int>(time_to_leave.count()));
    if (::waitpid(pid_, nullptr, WNOHANG) == 0) {
        kill();
    }
    pid_ = -1;
}

}  // namespace hookd::cluster
