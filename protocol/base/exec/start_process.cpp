// SPDX-License-Identifier: BSL-1.0
#include "pipe.hpp"

#include <base/exec/start_process.hpp>

#include <base/exec/argument_vector.hpp>
#include <base/posix/signals_held_back.hpp>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

// posix_spawn(3) can set no resource limit, and one that is set from outside comes when the program runs already. So
// this is vfork(2): until the child executes its program, it borrows this thread's memory, and may do nothing but
// system calls on what was prepared before (struct plan). What failed in it comes back through a pipe that execution
// closes, not through the memory: ThreadSanitizer makes a fork of it.

namespace hookd::base {

namespace {

constexpr std::string_view usual_path = "/bin:/usr/bin";  // of execvp(3), without $PATH

/// Where the program may be, in the order in which to try.
std::vector<std::string> candidates_for(const command& request) {
    if (request.program) {
        // The descriptor is closed when the program has been executed, not before.
        return {"/proc/self/fd/" + std::to_string(request.program->get())};
    }
    const auto& name = request.argv.front();
    if (name.empty() || name.find('/') != std::string::npos) {
        return {name};
    }
    const char* const set = std::getenv("PATH");  // NOLINT(concurrency-mt-unsafe): nothing here changes it
    std::string_view path = set == nullptr ? usual_path : set;
    std::vector<std::string> result;
    for (;;) {
        const auto end = std::min(path.find(':'), path.size());
        result.push_back((end == 0 ? "." : std::string{path.substr(0, end)}) + '/' + name);
        if (end == path.size()) {
            return result;
        }
        path.remove_prefix(end + 1);
    }
}

/// All that the child needs.
struct plan {
    std::vector<std::string> programs{};
    std::vector<char*> argv{};
    std::vector<char*> environment{};
    std::span<const int> descriptors{};
    int directory = -1;
    bool limits_files = false;
    rlimit files{};
    int report = -1;
};

// What is blocked stays so until no handler of this process can run in the child any more.
void reset_signals() noexcept {
    struct sigaction usual {};
    usual.sa_handler = SIG_DFL;
    for (int signal = 1; signal < NSIG; ++signal) {
        struct sigaction set {};
        const bool is_caught =
            ::sigaction(signal, nullptr, &set) == 0 && set.sa_handler != SIG_DFL && set.sa_handler != SIG_IGN;
        if (is_caught || signal == SIGPIPE || signal == SIGCHLD || signal == SIGXFSZ) {
            ::sigaction(signal, &usual, nullptr);
        }
    }
    sigset_t none;
    ::sigemptyset(&none);
    ::pthread_sigmask(SIG_SETMASK, &none, nullptr);
}

/// The errno of what made it impossible; does not return where nothing did.
int execute(const plan& planned) noexcept {
    for (std::size_t number = 0; number < planned.descriptors.size(); ++number) {
        if (::dup2(planned.descriptors[number], static_cast<int>(number)) < 0) {
            return errno;
        }
    }
    if ((planned.directory >= 0 && ::fchdir(planned.directory) != 0) || ::setpgid(0, 0) != 0 ||
        (planned.limits_files && ::setrlimit(RLIMIT_NOFILE, &planned.files) != 0)) {
        return errno;
    }
    reset_signals();
    int failure = ENOENT;
    for (const auto& program : planned.programs) {
        ::execve(program.c_str(), planned.argv.data(), planned.environment.data());
        const bool is_elsewhere = errno == ENOENT || errno == ENOTDIR || errno == EACCES;
        failure = errno == EACCES || !is_elsewhere ? errno : failure;
        if (!is_elsewhere) {
            break;
        }
    }
    return failure;
}

[[noreturn]] void be_child(const plan& planned) noexcept {
    const int failure = execute(planned);
    while (::write(planned.report, &failure, sizeof failure) < 0 && errno == EINTR) {
    }
    ::_exit(127);
}

// Nothing else may be in this function: the child leaves its mark on the stack.
[[gnu::noinline]] pid_t start_child(const plan& planned) noexcept {
    const pid_t pid = ::vfork();  // NOLINT(clang-analyzer-security.insecureAPI.vfork)
    if (pid == 0) {
        be_child(planned);  // NOLINT(clang-analyzer-unix.Vfork)
    }
    return pid;
}

/// What the child could not do, an errno; 0: it has executed its program.
int reported_failure(int report) noexcept {
    int failure = 0;
    ssize_t count = 0;
    do {
        count = ::read(report, &failure, sizeof failure);
    } while (count < 0 && errno == EINTR);
    return count == sizeof failure ? failure : 0;
}

void reap(pid_t pid) noexcept {
    while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
    }
}

}  // namespace

unique_fd moved_up(unique_fd fd, int lowest_free) {
    if (fd.get() >= lowest_free) {
        return fd;
    }
    unique_fd moved{::fcntl(fd.get(), F_DUPFD_CLOEXEC, lowest_free)};
    if (!moved) {
        throw std::system_error(errno, std::generic_category());
    }
    return moved;
}

pid_t start_process(command& started, std::span<const int> descriptors, int directory) {
    auto report = make_pipe();
    report.write = moved_up(std::move(report.write), static_cast<int>(descriptors.size()));
    plan next{.programs = candidates_for(started),
        .argv = argument_vector(started.argv),
        .environment = argument_vector(started.environment),
        .descriptors = descriptors,
        .directory = directory,
        .report = report.write.get()};
    if (started.most_open_files && ::getrlimit(RLIMIT_NOFILE, &next.files) == 0) {
        next.limits_files = true;
        next.files.rlim_cur = std::min<rlim_t>(*started.most_open_files, next.files.rlim_max);
    }
    const signals_held_back until_it_runs;
    const pid_t pid = start_child(next);
    if (pid < 0) {
        throw std::system_error(errno, std::generic_category());
    }
    report.write = unique_fd{};
    if (const int failure = reported_failure(report.read.get()); failure != 0) {
        reap(pid);
        throw std::system_error(failure, std::generic_category());
    }
    return pid;
}

}  // namespace hookd::base
