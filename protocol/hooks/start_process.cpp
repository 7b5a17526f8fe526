// SPDX-License-Identifier: BSL-1.0
#include "start_process.hpp"

#include <algorithm>
#include <csignal>
#include <string>
#include <system_error>
#include <vector>

#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <unistd.h>

namespace hookd::hooks {

namespace {

void check(int error) {
    if (error != 0) {
        throw std::system_error(error, std::generic_category());
    }
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
    std::vector<char*> pointers;
    pointers.reserve(texts.size() + 1);
    for (auto& text : texts) {
        pointers.push_back(text.data());
    }
    pointers.push_back(nullptr);
    return pointers;
}

/// posix_spawn's two sets of settings.
class spawn_settings {
public:
    spawn_settings(const std::array<int, 3>& standard, int directory) {
        check(::posix_spawn_file_actions_init(&actions_));
        check(::posix_spawnattr_init(&attributes_));
        for (int number = 0; number < static_cast<int>(standard.size()); ++number) {
            check(::posix_spawn_file_actions_adddup2(&actions_, standard[static_cast<std::size_t>(number)], number));
        }
        if (directory >= 0) {
            check(::posix_spawn_file_actions_addfchdir_np(&actions_, directory));
        }
        sigset_t signals;
        ::sigemptyset(&signals);
        check(::posix_spawnattr_setsigmask(&attributes_, &signals));
        ::sigaddset(&signals, SIGPIPE);
        ::sigaddset(&signals, SIGCHLD);
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

    [[nodiscard]] pid_t spawn(command& what) const {
        const auto argv = pointers_to(what.argv);
        const auto environment = pointers_to(what.environment);
        pid_t pid = -1;
        if (what.program) {
            // The descriptor is closed when the program has been executed, not before.
            const auto path = "/proc/self/fd/" + std::to_string(what.program->get());
            check(::posix_spawn(&pid, path.c_str(), &actions_, &attributes_, argv.data(), environment.data()));
        } else {
            check(::posix_spawnp(&pid, argv.front(), &actions_, &attributes_, argv.data(), environment.data()));
        }
        return pid;
    }

private:
    posix_spawn_file_actions_t actions_{};
    posix_spawnattr_t attributes_{};
};

// Where that fails, the process has ended already, or has become somebody else's.
void set_open_files(pid_t pid, std::uint64_t wanted) {
    rlimit limit{};
    if (::prlimit(pid, RLIMIT_NOFILE, nullptr, &limit) == 0 && limit.rlim_cur != wanted) {
        limit.rlim_cur = std::min<rlim_t>(wanted, limit.rlim_max);
        (void)::prlimit(pid, RLIMIT_NOFILE, &limit, nullptr);
    }
}

}  // namespace

pid_t start_process(command& what, const std::array<int, 3>& standard, int directory) {
    const pid_t pid = spawn_settings(standard, directory).spawn(what);
    if (what.most_open_files) {
        set_open_files(pid, *what.most_open_files);
    }
    return pid;
}

}  // namespace hookd::hooks
