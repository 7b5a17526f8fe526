// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "deadline.hpp"

#include <base/posix/unique_fd.hpp>

#include <sys/types.h>

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace hookd::test {

/// How a program is started.
struct spawn_options {
    /// Variables to set, or to remove where there is no value. All others are inherited, save those that would lead a
    /// test to a daemon that is not its own (HOOKD_*, XDG_RUNTIME_DIR, LISTEN_*, NOTIFY_SOCKET) STATE_DIRECTORY and
    /// HOOK_CAUSE.
    std::map<std::string, std::optional<std::string>> environment{};
    /// Where it runs; empty: here.
    std::string directory{};
    /// User to become (real, effective and saved, with the group of the same number), where given. Needs root.
    std::optional<uid_t> user{};
    /// Descriptors that the program gets as 3, 4, …, with LISTEN_FDS and LISTEN_PID as systemd sets them.
    std::vector<int> listen_fds{};
    /// A file to read standard input from; otherwise it is a pipe (see child_process::write_input).
    std::string input_file{};
    /// Soft and hard limit of open files, where given.
    std::optional<unsigned> open_files{};
    /// A new session and process group for the program.
    bool new_session = false;
};

/// A finished program.
struct finished_process {
    int exit_status = -1;  ///< its exit status, or 128 + the signal that ended it
    std::string out{};
    std::string err{};
};

/// A running program whose outputs are read all the time, so that it never blocks on them. Killed, if it still runs, at
/// the end, which fails the current test (Boost.Test) where a sanitizer has said something on its standard error: no
/// test can overlook a leak or a race in what it has started.
///
/// Thread-safety: none but that of the reading thread inside. Throws std::system_error where the program can't be
/// started.
class child_process {
public:
    explicit child_process(std::vector<std::string> argv, const spawn_options& options = {});
    ~child_process();
    child_process(const child_process&) = delete;
    child_process& operator=(const child_process&) = delete;

    [[nodiscard]] pid_t pid() const noexcept { return pid_; }

    /// Writes to its standard input; throws where it has closed that.
    void write_input(const std::string& text);
    void close_input();

    void signal(int number);

    /// Whether it has ended. Doesn't wait.
    [[nodiscard]] bool has_ended();
    /// Waits for its end; throws std::runtime_error (with what it said on stderr) when the limit passes. Output that a
    /// grandchild may still hold open is not waited for.
    int wait(deadline limit = deadline{});
    /// Waits for its end and for the end of both outputs.
    finished_process finish(deadline limit = deadline{});

    /// All that it has written so far.
    [[nodiscard]] std::string out();
    [[nodiscard]] std::string err();
    /// Waits until standard output (or error) contains `text`.
    void wait_for_out(const std::string& text, deadline limit = deadline{});
    void wait_for_err(const std::string& text, deadline limit = deadline{});
    /// Waits for the next complete line of standard output, and takes it (without its LF).
    std::string next_line(deadline limit = deadline{});

private:
    void read_outputs();
    void wait_until(const std::string& what, const std::function<bool()>& condition, deadline limit);
    [[noreturn]] void fail(const std::string& what);

    std::vector<std::string> argv_;
    pid_t pid_ = -1;
    base::unique_fd pidfd_;
    base::unique_fd input_;
    base::unique_fd out_pipe_;
    base::unique_fd err_pipe_;
    base::unique_fd stop_read_;
    base::unique_fd stop_write_;
    std::optional<int> exit_status_{};

    std::mutex mutex_;
    std::condition_variable changed_;
    std::string out_;  // these four: under mutex_
    std::string err_;
    bool outputs_ended_ = false;
    std::size_t lines_taken_bytes_ = 0;
    std::thread reader_;
};

/// Runs a program to its end. `input` becomes its standard input.
finished_process run_program(std::vector<std::string> argv, const std::string& input = {},
    const spawn_options& options = {}, deadline limit = deadline{});

/// The user id that tests take for "somebody else" (`nobody` on Debian).
inline constexpr uid_t stranger = 65534;

[[nodiscard]] bool runs_as_root();

/// Whether the process is no more, or a zombie that its parent has not seen yet.
[[nodiscard]] bool is_gone(pid_t pid);

}  // namespace hookd::test
