// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "core/reply_times.hpp"
#include "hooks/hook_session.hpp"
#include "hooks/launch.hpp"
#include "hooks/private_copies.hpp"
#include "hooks/trust.hpp"

#include <base/exec/command_runner.hpp>
#include <base/posix/unique_fd.hpp>
#include <hookd/protocol/command_environment.hpp>
#include <hookd/protocol/hook_reply.hpp>
#include <hookd/server/log.hpp>

#include <boost/asio/thread_pool.hpp>

#include <array>
#include <deque>
#include <memory>
#include <string>
#include <vector>

namespace hookd::server {

/// How many hooks' events led to one another: 0 for an event that no hook fired.
inline constexpr std::size_t hook_levels = protocol::max_cause + 1;

/// A registered hook as it is in the daemon's memory.
struct hosted_hook {
    registered_hook registered{};
    file_stamps stamps{};
    std::optional<launch> ready{};            ///< how it is started as long as its files have these stamps
    std::shared_ptr<hook_session> session{};  ///< null: it is disabled, or deregistered
    std::string inactive_why{};               ///< why the broker refused its session; empty: it did not

    /// Jobs that share places: as many of them run at a time as the hook has.
    struct lane {
        std::deque<std::shared_ptr<hook_job>> waiting{};
        std::vector<std::shared_ptr<hook_job>> running{};
    };
    std::array<lane, hook_levels> asked{};  ///< by level: events that an emitter waits for
    std::array<lane, hook_levels> told{};   ///< by level: all others

    std::uint64_t runs = 0;
    core::reply_times times{};
    std::uint64_t missed = 0;  ///< events for which there was no room and that nobody waited for
    std::uint64_t missed_told = 0;
    std::string last_outcome{};
    std::chrono::steady_clock::time_point last_complaint{};
};

/// Runs the commands of registered hooks. Each hook has places of its own, so that a slow one takes nothing from
/// another, and within a hook events that an emitter waits for have places that no other event can take.
///
/// A command may fire an event and wait for its hooks. If those had to wait until a command ends, all could wait for
/// one another. So the events that commands fire have places of their own, those that their commands fire again, and so
/// on: the last level waits for no other.
///
/// Thread-safety: all on the hooks' thread; files are read in `files`, which must have come to its end before this
/// object does. Lifetime: executor, files and log must outlive it.
class hook_jobs {
public:
    struct settings {
        std::size_t places = 1;                       ///< of a hook that does not say, in each lane
        std::chrono::milliseconds default_timeout{};  ///< for events that nobody waits for and hooks without a time-out
        std::optional<std::uint64_t> most_open_files{};  ///< as command::most_open_files
    };

    hook_jobs(boost::asio::any_io_executor executor, boost::asio::thread_pool& files,
        protocol::command_environment environment, const settings& limits, logger& log);

    /// Queues an event for a hook.
    void add(const std::shared_ptr<hosted_hook>& hook, hook_job job);
    /// Says in the log that a hook has missed more events.
    void note_missed(hosted_hook& hook, std::size_t count);
    /// No emitter waits for that event any longer: stops its command as at its time-out, or never starts it.
    void cancel(const std::shared_ptr<hosted_hook>& hook, const uuid& id);
    /// Fails what a hook has waiting.
    void fail_waiting(hosted_hook& hook, const std::string& why);
    /// Stops what runs, and starts nothing more.
    void stop();
    /// Whether no process is left.
    [[nodiscard]] bool is_idle() const noexcept { return runner_.running() == 0; }

private:
    void start_next(const std::shared_ptr<hosted_hook>& hook, hosted_hook::lane& lane);
    void start(const std::shared_ptr<hosted_hook>& hook, std::shared_ptr<hook_job> job);
    void start_ready(const std::shared_ptr<hosted_hook>& hook, std::shared_ptr<hook_job> job);
    void look_and_start(const std::shared_ptr<hosted_hook>& hook, std::shared_ptr<hook_job> job);
    void run(const std::shared_ptr<hosted_hook>& hook, const std::shared_ptr<hook_job>& job,
        const std::shared_ptr<const base::unique_fd>& program);
    void fail_to_start(
        const std::shared_ptr<hosted_hook>& hook, const std::shared_ptr<hook_job>& job, const std::string& why);
    void finish(const std::shared_ptr<hosted_hook>& hook, const std::shared_ptr<hook_job>& job,
        const protocol::hook_reply& reply, const base::command_result& result);
    [[nodiscard]] std::vector<std::string> environment_for(const hosted_hook& hook, const hook_job& job) const;
    void drop(const std::shared_ptr<hosted_hook>& hook, const std::shared_ptr<hook_job>& job);
    void note_failure(hosted_hook& hook, const hook_job& job, const std::string& why);
    void fail(hosted_hook& hook, const hook_job& job, const std::string& why, bool insists = false);
    void log_warning(hosted_hook& hook, const hook_job& job, const std::string& problem);
    bool log_warning(hosted_hook& hook, const std::string& about, const std::string& problem);
    void tell_missed(hosted_hook& hook);
    /// The job has left its place, which is the next one's.
    void release(const std::shared_ptr<hosted_hook>& hook, const std::shared_ptr<hook_job>& job);

    boost::asio::any_io_executor executor_;
    boost::asio::thread_pool& files_;
    protocol::command_environment environment_;
    settings limits_;
    logger& log_;
    base::command_runner runner_;
    private_copies copies_{};  ///< on the file thread
    bool stopped_ = false;
};

}  // namespace hookd::server
