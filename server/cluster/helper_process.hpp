// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <base/posix/unique_fd.hpp>

#include <filesystem>

#include <sys/types.h>

namespace hookd::cluster {

/// A helper program that runs: its process, and this side's ends of the socketpair (its descriptor 3) and of its
/// standard error. Its standard input is /dev/null, its standard output goes where its standard error does.
///
/// Thread-safety: none. The destructor ends it: a second after its socket was closed at the latest, by SIGKILL.
class helper_process {
public:
    /// `program --link`, in a process group of its own. Throws std::system_error.
    explicit helper_process(const std::filesystem::path& program);
    helper_process(const helper_process&) = delete;
    helper_process& operator=(const helper_process&) = delete;
    ~helper_process();

    [[nodiscard]] pid_t pid() const noexcept { return pid_; }
    /// Give these away; both are non-blocking. -1 the second time.
    [[nodiscard]] int take_socket() noexcept { return socket_.release(); }
    [[nodiscard]] int take_errors() noexcept { return errors_.release(); }
    /// Ends it at once.
    void kill() noexcept;

private:
    void reap() noexcept;

    pid_t pid_ = -1;
    base::unique_fd socket_{};
    base::unique_fd errors_{};
};

}  // namespace hookd::cluster
