// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "answer_box.hpp"
#include "backoff.hpp"
#include "connection.hpp"
#include "hook_table.hpp"

#include <hookd/hook_runner.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hookd::detail {

/// One hook_runner::run(), from its start to its end.
///
/// Events are read ahead while hooks are busy, up to a bound; past it reading stops, and the daemon keeps the rest or
/// closes the session as lagged. What was read stays valid when the connection breaks: the session is resumed after the
/// last event received, and nothing is delivered twice.
///
/// Thread-safety: none; answers and stop() come in through the answer_box.
class hook_session final : private connection_observer {
public:
    /// All arguments must outlive the session. `position` is where it starts, and is kept up to date.
    hook_session(const hook_runner_options& options, const daemon_address& address, const hook_table& table,
        std::shared_ptr<answer_box> answers, std::optional<resume_point>& position);
    ~hook_session();

    void run();

private:
    struct queued_event {
        event received;
        std::uint64_t arrival;        // grows with each event
        std::uint64_t resume_before;  // the position from which it would be replayed
        std::shared_ptr<const std::string> instance;
    };
    // Events that an emitter waits for, or all others: neither kind waits for the other.
    struct lane {
        std::deque<queued_event> queue;
        std::size_t queued_bytes = 0;
        std::size_t unanswered = 0;
    };
    // An event that awaits its answer, as far as that takes: without its payload.
    struct question {
        std::string hook_event_id;
        std::string described;  // for notices
        bool expects_response = false;
    };

    void connect();
    void notify_obstacle(const error& failure);
    void retry_later();
    void subscribe();
    template <class Result>
    std::optional<Result> understood(Result (*decode)(std::string_view), std::string_view text);
    void on_subscribed(const subscription& opened);
    void on_subscribe_failed(const error& failure);

    void on_event(event arrived) override;
    void on_cancelled(const ended_wait& ended) override;
    void on_verdict(const verdict_notice& decided) override;
    void on_closed(const session_end& end) override;
    void on_broken(const error& failure) override;

    [[nodiscard]] lane& lane_of(bool expects_response) noexcept { return expects_response ? questions_ : unawaited_; }
    [[nodiscard]] bool may_miss_events() const noexcept { return options_.may_miss_events && table_.listeners.empty(); }
    [[nodiscard]] lane* next_lane() noexcept;
    void update_position();
    void note_missed();
    void note_missed_count();
    void deliver_events();
    void deliver(event received);
    void run_hook(const hook_runner::hook& hook, const event& received);
    void run_later_hook(const hook_runner::later_hook& hook, event received);

    void await_wakeup();
    // `threw`: the hook whose exception says more than the answer that it dropped on its way out.
    void take_answers(std::optional<answer_box::ticket> threw = {});
    std::optional<question> close_question(answer_box::ticket number);
    void submit_reply(const question& asked, const reply& answered);
    void send_reply(const question& asked, const reply& answered);
    void on_reply_failed(
        const question& asked, reply::kind sent, const reply::fallback& fallback, const error& failure);

    void end_if_drained();
    void end_with(const error& failure);
    void notify(notice::kind type, std::string message, std::optional<subscription> session = {}) const;
    [[nodiscard]] bool should_retry(const error& failure) const noexcept;

    const hook_runner_options& options_;
    const daemon_address& address_;
    const hook_table& table_;
    std::shared_ptr<answer_box> answers_;
    std::optional<resume_point>& position_;

    boost::asio::io_context io_{1};
    boost::asio::posix::stream_descriptor wakeup_{io_};
    boost::asio::steady_timer timer_{
        io_};  // the pause before an attempt to connect, the first answer's time, or the end of draining
    std::shared_ptr<connection> connection_;
    backoff backoff_;

    std::optional<resume_point> resume_from_;  // of the next `subscribe`
    std::uint64_t received_seq_ = 0;           // to resume after, in the run of the daemon that instance_ names
    std::uint64_t newest_seq_ = 0;             // of the events received in that run
    std::shared_ptr<const std::string> instance_;
    lane questions_;
    lane unawaited_;
    std::uint64_t arrivals_ = 0;
    std::uint64_t missed_ = 0;  // events since the last notice about them
    std::map<answer_box::ticket, question> unanswered_;
    std::vector<std::pair<question, reply>> undelivered_;  // answered while there was no session

    std::optional<error> failure_;
    bool subscribed_ = false;
    bool ever_subscribed_ = false;
    bool notified_connected_ = false;
    bool notified_obstacle_ = false;  // one to connecting again
    bool daemon_stopped_ = false;     // the session ended because of that
    bool delivering_ = false;
    bool stopping_ = false;
    bool done_ = false;
};

}  // namespace hookd::detail
