// SPDX-License-Identifier: BSL-1.0
#include "cluster/helper_process.hpp"

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace hookd::cluster {

namespace {

constexpr int link_descriptor = 3;
constexpr std::string_view link_variable = "HOOKD_LINK_FD=";

// How long it may take to leave the cluster once its socket is closed.
constexpr std::chrono::milliseconds time_to_leave{1000};
constexpr std::chrono::milliseconds between_looks{10};

void check(int error) {
    if (error != 0) {
        throw std::system_error(error, std::generic_category());
    }
}

void check_call(int result) {
    if (result < 0) {
        throw std::system_error(errno, std::generic_category());
    }
}

void close_quietly(int& descriptor) noexcept {
    if (descriptor >= 0) {
        ::close(std::exchange(descriptor, -1));
    }
}

/// Both ends, closed where they have not been given away.
struct pair {
    std::array<int, 2> ends{-1, -1};
    pair() = default;
    pair(const pair&) = delete;
    pair& operator=(const pair&) = delete;
    ~pair() {
        close_quietly(ends[0]);
        close_quietly(ends[1]);
    }
};

class spawn_settings {
public:
    spawn_settings(int socket, int errors) {
        check(::posix_spawn_file_actions_init(&actions_));
        check(::posix_spawnattr_init(&attributes_));
        check(::posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0));
        check(::posix_spawn_file_actions_adddup2(&actions_, errors, STDOUT_FILENO));
        check(::posix_spawn_file_actions_adddup2(&actions_, errors, STDERR_FILENO));
        check(::posix_spawn_file_actions_adddup2(&actions_, socket, link_descriptor));
        sigset_t signals;
        ::sigemptyset(&signals);
        check(::posix_spawnattr_setsigmask(&attributes_, &signals));
        ::sigaddset(&signals, SIGPIPE);
        ::sigaddset(&signals, SIGXFSZ);
        check(::posix_spawnattr_setsigdefault(&attributes_, &signals));
        check(::posix_spawnattr_setpgroup(&attributes_, 0));
        check(::posix_spawnattr_setflags(
            &attributes_, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK));
    }
    spawn_settings(const spawn_settings&) = delete;
    spawn_settings& operator=(const spawn_settings&) = delete;
    ~spawn_settings() {
        ::posix_spawn_file_actions_destroy(&actions_);
        ::posix_spawnattr_destroy(&attributes_);
    }

    [[nodiscard]] pid_t spawn(const std::filesystem::path& program) const {
        std::string name = program.string();
        std::string option = "--link";
        std::string variable = std::string{link_variable} + std::to_string(link_descriptor);
        std::array<char*, 3> argv{name.data(), option.data(), nullptr};
        std::vector<char*> environment;
        for (char** each = environ; *each != nullptr; ++each) {
            if (!std::string_view{*each}.starts_with(link_variable)) {
                environment.push_back(*each);
            }
        }
        environment.push_back(variable.data());
        environment.push_back(nullptr);
        pid_t pid = -1;
        check(::posix_spawn(&pid, program.c_str(), &actions_, &attributes_, argv.data(), environment.data()));
        return pid;
    }

private:
    posix_spawn_file_actions_t actions_{};
    posix_spawnattr_t attributes_{};
};

}  // namespace

helper_process::helper_process(const std::filesystem::path& program) {
    pair sockets;
    pair errors;
    check_call(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets.ends.data()));
    check_call(::pipe2(errors.ends.data(), O_CLOEXEC));
    // A descriptor that is dup2()ed to itself would stay closed on exec in some C libraries.
    if (sockets.ends[1] == link_descriptor) {
        std::swap(sockets.ends[0], sockets.ends[1]);
    }
    pid_ = spawn_settings{sockets.ends[1], errors.ends[1]}.spawn(program);
    socket_ = std::exchange(sockets.ends[0], -1);
    errors_ = std::exchange(errors.ends[0], -1);
    for (const int each : {socket_, errors_}) {
        ::fcntl(each, F_SETFL, ::fcntl(each, F_GETFL) | O_NONBLOCK);
    }
}

helper_process::~helper_process() {
    close_quietly(socket_);
    close_quietly(errors_);
    reap();
}

int helper_process::take_socket() noexcept { return std::exchange(socket_, -1); }

int helper_process::take_errors() noexcept { return std::exchange(errors_, -1); }

void helper_process::kill() noexcept {
    if (pid_ > 0) {
        ::kill(pid_, SIGKILL);
        ::waitpid(std::exchange(pid_, -1), nullptr, 0);
    }
}

void helper_process::reap() noexcept {
    for (auto left = time_to_leave; pid_ > 0 && left.count() > 0; left -= between_looks) {
        if (::waitpid(pid_, nullptr, WNOHANG) != 0) {
            pid_ = -1;
            return;
        }
        std::this_thread::sleep_for(between_looks);
    }
    kill();
}

}  // namespace hookd::cluster
