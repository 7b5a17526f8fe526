// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <base/posix/unique_fd.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

/// Commands that answer events. Knows nothing of who asks: no socket, no protocol.
namespace hookd::base {

/// Bytes kept of each of a command's two outputs; what comes after is read and dropped, so that the command never
/// blocks.
inline constexpr std::size_t max_output_bytes = std::size_t{1024} * 1024;

/// From SIGTERM to SIGKILL.
inline constexpr std::chrono::milliseconds kill_delay{1000};

/// A command to run.
struct command {
    /// The program and its arguments, at least one. The program is looked up in $PATH of this process unless its name
    /// has a slash.
    std::vector<std::string> argv{};
    /// The whole environment, `NAME=value` each.
    std::vector<std::string> environment{};
    /// What it finds on its standard input.
    std::string input{};
    /// How long it may run; nothing: as long as it likes. Zero or less: it is stopped right after its start.
    std::optional<std::chrono::steady_clock::duration> timeout{};
    /// Where it runs; empty: where this process does.
    std::string directory{};
    /// The program itself, executed by this descriptor instead of its name; null: by its name. Not for a script: its
    /// interpreter would be given the number of a descriptor that is closed by then. None of the standard three.
    std::shared_ptr<const unique_fd> program{};
    /// The soft limit of open files (RLIMIT_NOFILE) that it starts with, at most the hard one; nothing: this process's.
    std::optional<std::uint64_t> most_open_files{};
};

/// One captured output.
struct captured_output {
    std::string text{};
    bool cut = false;  ///< there was more than max_output_bytes
};

/// How a command ended.
struct command_result {
    enum class ending : unsigned char {
        exited,       ///< `code` is its exit status
        signalled,    ///< a signal killed it, not one of ours; `code` is its number
        timed_out,    ///< its time was over
        stopped,      ///< command_runner::stop, all of them
        cancelled,    ///< command_runner::stop, this one
        not_started,  ///< `code` is the errno that says why
        lost,         ///< its exit status was taken elsewhere: the process ignores SIGCHLD, or waits for any child
    };
    ending how = ending::lost;
    int code = 0;
    std::string subject{};  ///< not_started: the program; with ` in DIRECTORY` if that could not be used
    std::chrono::steady_clock::duration elapsed{};  ///< from its start to its end, or to when it was given up
    captured_output output{};
    captured_output errors{};
};

/// Runs commands, any number at a time, each in a process group of its own.
///
/// A command's input is fed while both outputs are drained, so no size of either can block it for good. The result is
/// there when the command itself ends, with all that its pipes hold by then: a background process that keeps them open
/// delays nothing and is left alone. When its time is over, or at stop(), the result is there at once; the whole
/// process group gets SIGTERM, and SIGKILL after kill_delay where anything of it is left by then, the command itself or
/// not. Until nothing is left of the group, or SIGKILL has been sent, the command counts as running, so that whoever
/// limits their number limits all of these processes.
///
/// The program must ignore SIGPIPE and must not ignore SIGCHLD; commands start with both (and SIGXFSZ) at their
/// defaults and with no signal blocked. Descriptors without FD_CLOEXEC are inherited.
///
/// Thread-safety: none. All calls, and the executor's handlers, must be serialised (one thread, or a strand). Handlers
/// are called through the executor, never from within a call. Lifetime: the executor's context must outlive the runner.
/// Destroying the runner kills what still runs (SIGKILL to each group), reaps it, and drops the handlers without
/// calling them; it waits a second at most, all in all, for processes that SIGKILL does not end since they hang in the
/// kernel.
class command_runner {
public:
    /// Gets the result, once.
    using result_handler = std::function<void(command_result)>;
    /// Called once, after the result handler, when the command no longer runs: it is time to start another.
    using ended_handler = std::function<void()>;

    explicit command_runner(boost::asio::any_io_executor executor);
    ~command_runner();
    command_runner(const command_runner&) = delete;
    command_runner& operator=(const command_runner&) = delete;

    /// Names one command that was started; never used twice.
    using run_id = std::uint64_t;

    /// Starts a command. A failure to start is a result, not an exception. Precondition: `what.argv` is not empty.
    run_id start(command request, result_handler on_result, ended_handler on_ended);

    /// Stops one command, as if its time were over. Nothing happens where it has ended, or is being stopped.
    void stop(run_id id);

    /// Stops every command that runs, as if its time were over.
    void stop();

    /// The same with SIGKILL at once, also to those that are being stopped.
    void kill();

    /// Commands that run, those included whose result is there and whose process group is not gone yet.
    [[nodiscard]] std::size_t running() const noexcept { return runs_.size(); }

private:
    class run;

    boost::asio::any_io_executor executor_;
    std::list<std::shared_ptr<run>> runs_{};
    run_id last_id_ = 0;
};

}  // namespace hookd::base
