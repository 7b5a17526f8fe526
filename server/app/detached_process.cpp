// SPDX-License-Identifier: BSL-1.0
#include "app/detached_process.hpp"

#include <base/posix/safe_directory.hpp>
#include <base/posix/unique_fd.hpp>
#include <base/text/terminal_text.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <system_error>

namespace hookd::server {
namespace {

constexpr off_t longest_log = off_t{4} << 20;
constexpr int kept_descriptor = STDERR_FILENO + 1;

[[noreturn]] void fail(const std::string& action) { throw std::system_error(errno, std::generic_category(), action); }

/// Opens the log; one that has grown long becomes the old one, of which there is one.
base::unique_fd open_log(const std::filesystem::path& log) {
    base::prepare_directory(log.parent_path(), "XDG_STATE_HOME");
    struct stat found {};
    if (::lstat(log.c_str(), &found) == 0 && found.st_size > longest_log) {
        std::filesystem::rename(log, log.string() + ".old");
    }
    base::unique_fd file{::open(log.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600)};
    if (!file) {
        fail("cannot open the log " + log.string());
    }
    return file;
}

/// What the child keeps of its parent: nothing but the log, and the pipe that says that it is ready.
void leave_parent(int log, int ready) {
    ::setsid();
    const int nothing = ::open("/dev/null", O_RDONLY);
    ::dup2(nothing, STDIN_FILENO);
    ::dup2(log, STDOUT_FILENO);
    ::dup2(log, STDERR_FILENO);
    ::dup2(ready, kept_descriptor);
    ::close_range(kept_descriptor + 1, ~0U, 0);
}

int exit_status_of(pid_t child) {
    int status = 0;
    while (::waitpid(child, &status, 0) < 0) {
        if (errno != EINTR) {
            fail("cannot wait for the daemon");
        }
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAILURE;
}

/// 0 once `ready` brings a byte, else the child's exit status.
int await_ready(int ready, pid_t child, const std::filesystem::path& log) {
    char byte = 0;
    ssize_t count = 0;
    do {
        count = ::read(ready, &byte, 1);
    } while (count < 0 && errno == EINTR);
    if (count == 1) {
        return EXIT_SUCCESS;
    }
    const int status = exit_status_of(child);
    std::fprintf(stderr, "hookd: it could not start; %s says why\n", base::harmless(log.string()).c_str());
    return status;
}

}  // namespace

int run_detached(
    const std::filesystem::path& log, const std::function<int(const std::function<void()>& ready)>& serve) {
    auto log_file = open_log(log);
    std::array<int, 2> pipe{};
    if (::pipe2(pipe.data(), O_CLOEXEC) != 0) {
        fail("cannot make a pipe");
    }
    base::unique_fd read_end{pipe[0]};
    base::unique_fd write_end{pipe[1]};
    const pid_t child = ::fork();
    if (child < 0) {
        fail("cannot start a process");
    }
    if (child == 0) {
        leave_parent(log_file.release(), write_end.release());
        (void)read_end.release();  // closed, and its number may soon be another one's
        return serve([] {
            (void)!::write(kept_descriptor, "", 1);
            ::close(kept_descriptor);
        });
    }
    log_file.reset();
    write_end.reset();
    return await_ready(read_end.get(), child, log);
}

}  // namespace hookd::server
