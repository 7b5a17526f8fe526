#pragma once

#include "completion_queue.hpp"
#include "core/broker_state.hpp"

#include <hookd/server/catalog.hpp>
#include <hookd/server/options.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace hookd::server {

/// Whom the broker tells that there is something to pull; the `owner` of a core::client. Called on the broker's strand.
class event_sink {
public:
    virtual void on_ready() = 0;

protected:
    ~event_sink() = default;
};

/// A wait that knows how to answer. Deletes itself by being handed back: done() is called exactly once, on the broker's strand.
class wait_operation : public core::waiter {
public:
    virtual void done(std::variant<protocol::wait_result, protocol::error> result) = 0;
};

/// What the transports count, from whatever thread.
struct transport_counters {
    std::atomic<std::size_t> connections{0};
    std::atomic<std::uint64_t> protocol_errors{0};
    std::atomic<std::uint64_t> bytes_in{0};
    std::atomic<std::uint64_t> bytes_out{0};
};

/// The broker's state and the strand that guards it.
///
/// With one thread, the context is an implicit strand: whatever runs on that thread calls straight in. With more, a strand of its own is
/// the only place where the state is touched. Either way all work is done in turns: a turn runs requests, then hands out what they
/// caused, to whoever it concerns, before the next turn begins.
class broker_strand : public std::enable_shared_from_this<broker_strand> {
public:
    broker_strand(boost::asio::io_context& context, const broker_options& options);

    [[nodiscard]] boost::asio::io_context& context() noexcept { return context_; }
    [[nodiscard]] bool single_threaded() const noexcept { return single_threaded_; }

    /// Runs `work` in a turn: now where this is the strand, else later.
    template <class Work>
    void run(Work&& work) {
        if (is_here()) {
            take_turn(work);
        } else {
            boost::asio::post(strand_, [self = shared_from_this(), later = std::forward<Work>(work)]() mutable { self->take_turn(later); });
        }
    }

    // --- on the strand only ---

    [[nodiscard]] core::broker_state& state() noexcept { return state_; }
    [[nodiscard]] const core::broker_state& state() const noexcept { return state_; }
    /// This host's name in a cluster.
    [[nodiscard]] const std::string& host() const noexcept { return host_; }
    /// The time of this turn: both clocks are read once, where the first of its requests asks.
    [[nodiscard]] core::instant now() noexcept {
        if (!now_) {
            now_ = {std::chrono::steady_clock::now(), std::chrono::system_clock::now()};
        }
        return *now_;
    }
    /// Hands out what there is before the turn is over. Where handlers in process cause ever more, the rest is handed out in a later turn.
    /// What a handler throws leaves the context's run(), from a later turn: this goes on there with what was left.
    void pump();
    void shut_down();
    /// The clients' and the transports' figures together.
    [[nodiscard]] protocol::stats_result stats();

    /// For completions of operations in process; with one thread only.
    [[nodiscard]] completion_queue& completions() noexcept { return *completion_queue_; }

    /// The events that there are; null: every name is free.
    [[nodiscard]] const catalog* events() const noexcept { return catalog_.get(); }
    void use(std::shared_ptr<const catalog> events) noexcept { catalog_ = std::move(events); }

    transport_counters counters{};

private:
    [[nodiscard]] bool is_here() const noexcept {
        return single_threaded_ ? context_.get_executor().running_in_this_thread() : strand_.running_in_this_thread();
    }

    template <class Work>
    void take_turn(Work& work) {
        const turn here{depth_};
        if (depth_ == 1) {
            now_.reset();
        }
        work();
        if (depth_ == 1) {
            pump();  // what its output starts in process is of the same turn
        }
    }

    /// One level of turns; ends when an embedder's handler throws, too.
    struct turn {
        explicit turn(unsigned& depth) noexcept : depth_(depth) { ++depth_; }
        turn(const turn&) = delete;
        turn& operator=(const turn&) = delete;
        ~turn() { --depth_; }

    private:
        unsigned& depth_;
    };

    [[nodiscard]] bool has_output() const noexcept { return next_completion_ < completions_.size() || state_.has_output(); }
    void hand_out_completions();
    /// What is left of them is handed out in a later turn, when what it borrows is gone.
    void keep_completions() noexcept;
    void pump_later();
    void take_empty_turn();
    void arm_timer();

    boost::asio::io_context& context_;
    boost::asio::strand<boost::asio::io_context::executor_type> strand_;
    bool single_threaded_;
    std::string host_;
    core::broker_state state_;
    std::shared_ptr<const catalog> catalog_{};
    std::shared_ptr<completion_queue> completion_queue_;
    boost::asio::steady_timer timer_;
    std::optional<core::steady_time> armed_{};
    std::optional<core::instant> now_{};
    unsigned depth_ = 0;
    bool pumping_ = false;
    bool goes_on_later_ = false;                   // pump_later() was called
    std::vector<core::completion> completions_{};  // of pump(): memory that each round uses anew
    std::size_t next_completion_ = 0;              // of completions_: those before it are handed out
};

}  // namespace hookd::server
