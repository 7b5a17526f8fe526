// SPDX-License-Identifier: BSL-1.0
#include "stop_watcher.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <system_error>
#include <utility>

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

namespace hookd::hookctl {

namespace {

/// Those that are not ignored: whoever started us so (nohup, a shell's background job) wants us to stay.
sigset_t heeded_signals() {
    sigset_t signals;
    ::sigemptyset(&signals);
    for (const int each : {SIGINT, SIGTERM, SIGHUP}) {
        struct sigaction now {};
        if (::sigaction(each, nullptr, &now) == 0 && now.sa_handler != SIG_IGN) {
            ::sigaddset(&signals, each);
        }
    }
    return signals;
}

bool has_a_reader_to_lose(int fd) {
    struct stat status {};
    return ::fstat(fd, &status) == 0 && (S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode));
}

void raise_flag(int event_fd) noexcept { ::eventfd_write(event_fd, 1); }

}  // namespace

stop_watcher::stop_watcher(output watched, std::function<void()> on_stop)
    : output_(watched), on_stop_(std::move(on_stop)) {
    const auto signals = heeded_signals();
    ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    signal_fd_.reset(::signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK));
    stopped_fd_.reset(::eventfd(0, EFD_CLOEXEC));
    end_fd_.reset(::eventfd(0, EFD_CLOEXEC));
    if (!signal_fd_ || !stopped_fd_ || !end_fd_) {
        throw std::system_error(errno, std::generic_category(), "can't watch for signals");
    }
    thread_ = std::thread([this] { watch(); });
}

stop_watcher::~stop_watcher() {
    raise_flag(end_fd_.get());
    thread_.join();
    const auto signals = heeded_signals();
    ::pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
}

void stop_watcher::watch() noexcept {
    const bool watch_output = output_ == output::matters && has_a_reader_to_lose(STDOUT_FILENO);
    // For a pipe's writing end poll reports POLLERR, unasked, when the last reader goes (poll(2)); for a socket
    // POLLHUP.
    std::array<pollfd, 3> polled{{
        {end_fd_.get(), POLLIN, 0},
        {signal_fd_.get(), POLLIN, 0},
        {watch_output ? STDOUT_FILENO : -1, 0, 0},
    }};
    for (;;) {
        if (::poll(polled.data(), polled.size(), -1) < 0) {
            continue;  // EINTR
        }
        if (polled[0].revents != 0) {
            return;
        }
        bool stop = false;
        signalfd_siginfo info{};
        if (polled[1].revents != 0 && ::read(signal_fd_.get(), &info, sizeof info) > 0) {
            stop = true;
        }
        if (polled[2].revents != 0) {
            polled[2].fd = -1;
            stop = true;
        }
        if (stop) {
            raise_flag(stopped_fd_.get());
            on_stop_();
        }
    }
}

}  // namespace hookd::hookctl
