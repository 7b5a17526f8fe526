// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <base/exec/command_runner.hpp>

#include <hookd/server/broker.hpp>
#include <hookd/server/hook_methods.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/io_context.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace hookd::server {

class hook_session;

/// One event that a registered hook is to answer.
struct hook_job {
    std::shared_ptr<hook_session> via{};
    uuid id{};
    std::uint64_t seq = 0;
    std::string event{};
    std::string payload{};
    std::string cause{};
    std::string host{};     ///< where it was fired; empty: here
    bool is_asked = false;  ///< an emitter waited for it when it came
    /// When the emitter gives up; nothing where none waits.
    std::optional<std::chrono::steady_clock::time_point> deadline{};
    int looks = 0;                                      ///< at the files of its command
    std::string stopped_why{};                          ///< its command was stopped, and has failed for that reason
    std::optional<base::command_runner::run_id> run{};  ///< its command, while that runs
    bool is_cancelled = false;                          ///< no emitter waits for it any longer
};

/// A registered hook's push session at the broker: takes events in on the broker's strand, hands them to the hooks' own
/// thread, brings the replies back.
///
/// Events that an emitter waits for and all others are counted by themselves, for each hook: at most max_jobs of either
/// are with it at a time, and at most most_asked_bytes and most_told_bytes of payload, though one event always fits. A
/// question on top of that is answered at once, as failed; another event is missed, and counted.
///
/// Thread-safety: all but the constructor on the hooks' thread. Lifetime: shared; the broker and its context must
/// outlive it.
class hook_session : public std::enable_shared_from_this<hook_session> {
public:
    static constexpr std::size_t max_jobs = 256;
    static constexpr std::size_t most_asked_bytes = std::size_t{64} << 20;
    static constexpr std::size_t most_told_bytes = std::size_t{16} << 20;

    struct surroundings {
        boost::asio::any_io_executor hooks;  ///< the hooks' thread
        boost::asio::io_context& context;    ///< the broker's
        broker& events;
    };
    using job_handler = std::function<void(hook_job)>;
    /// Called with a number of events that nobody waits for and for which there was no room: nothing else reports them.
    using missed_handler = std::function<void(std::size_t)>;
    /// Called when no emitter waits any longer for an event that became a job, before its time is over.
    using cancelled_handler = std::function<void(const uuid& id)>;

    hook_session(
        const surroundings& context, job_handler on_job, missed_handler on_missed, cancelled_handler on_cancelled)
        : surroundings_(context),
          on_job_(std::move(on_job)),
          on_missed_(std::move(on_missed)),
          on_cancelled_(std::move(on_cancelled)) {}

    /// Subscribes: from then on events become jobs. `done` gets what the broker says; `on_lost` is called where it ends
    /// the session although it does not shut down.
    using outcome_handler = std::function<void(boost::system::error_code)>;
    void open(const hook_definition& hook, outcome_handler done, std::function<void()> on_lost);
    /// Subscribes as `hook` says from now on, with no event missed or got twice in between. Where that fails it
    /// continues as it was.
    void change(const hook_definition& hook, outcome_handler done);
    /// Takes no more, and ends once the last job is answered.
    void retire();
    /// The job is over: replies where a client waits. Where the broker refuses the reply, `on_refused` says what is
    /// sent instead, and may be asked again about that, unless it is a failure.
    using refusal_handler = std::function<reply(protocol::errc code, const std::string& why)>;
    void finish(const hook_job& job, reply answer, refusal_handler on_refused = {});
    /// Replies no more: the broker shuts down and says so itself.
    void mute() noexcept { muted_ = true; }
    /// Ends at once. While nobody runs the broker's context.
    void drop() { subscription_ = {}; }

private:
    void take(const event_view& event);
    void refuse(const event_view& event, std::string why);
    void note_missed();
    void send_reply(const uuid& id, reply answer, refusal_handler on_refused = {});
    /// Calls `action` with what the broker has said, or will say, to open().
    void when_open(outcome_handler action);
    void close_if_over();

    enum class phase : unsigned char { opening, open, withdrawn, over };

    surroundings surroundings_;
    job_handler on_job_;
    missed_handler on_missed_;
    cancelled_handler on_cancelled_;
    /// What of one kind is with the hook.
    struct load {
        std::atomic<std::size_t> jobs{0};
        std::atomic<std::size_t> bytes{0};
        /// Why there is no room; empty: the event is counted.
        [[nodiscard]] std::string add(std::size_t payload_bytes, std::size_t most_bytes);
        void remove(std::size_t payload_bytes);
    };
    [[nodiscard]] load& load_of(bool is_asked) noexcept { return is_asked ? asked_ : told_; }

    load asked_{};
    load told_{};
    std::atomic<std::size_t> missed_{0};  ///< of which the hooks' thread has yet to be told
    // hooks' thread
    subscription subscription_{};
    phase phase_ = phase::opening;
    boost::system::error_code failure_{};  ///< of open()
    bool muted_ = false;
    std::size_t answers_under_way_ = 0;
    std::vector<outcome_handler> until_open_{};
};

}  // namespace hookd::server
