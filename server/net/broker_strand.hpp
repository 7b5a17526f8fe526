// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "completion_queue.hpp"
#include "rpc/broker_service.hpp"

#include <hookd/server/options.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace hookd::server {

/// The strand that guards the broker's state, and its turns.
///
/// With one thread, the context is an implicit strand: whatever runs on that thread calls straight in. With more, a
/// strand of its own is the only place where the state is touched.
class broker_strand final : public rpc::broker_service, public std::enable_shared_from_this<broker_strand> {
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
            boost::asio::post(strand_,
                [self = shared_from_this(), later = std::forward<Work>(work)]() mutable { self->take_turn(later); });
        }
    }

    void submit(std::function<void()> work) override { run(std::move(work)); }

    /// Runs `work` in a turn of its own once the context has done what has come up meanwhile. What continues long work
    /// goes this way, one turn at a time in the order in which it came, so that short requests of others get in
    /// between.
    void run_later(std::function<void()> work);

    // --- on the strand only ---

    /// Delivers what there is before the turn is over, but no more than others can wait for: the rest is delivered in
    /// later turns. What a handler throws leaves the context's run(), from a later turn, which continues with what was
    /// left.
    void run_turn();
    /// Where an in-process caller publishes faster than turns deliver, the call delivers: it can't be made to wait.
    void relieve_pressure();
    void shut_down();

    /// For completions of in-process operations; with one thread only.
    [[nodiscard]] completion_queue& completions() noexcept { return *completion_queue_; }

    /// Takes lines that are to be logged whatever else is; none yet: they are dropped.
    void set_audit(std::function<void(const std::string&)> log) { audit_ = std::move(log); }

private:
    [[nodiscard]] bool has_later_turns() const noexcept override { return !later_.empty(); }
    [[nodiscard]] bool is_here() const noexcept {
        return single_threaded_ ? context_.get_executor().running_in_this_thread() : strand_.running_in_this_thread();
    }

    template <class Work>
    void take_turn(Work& work) {
        const turn guard{depth_};
        if (depth_ == 1) {
            forget_time();
            deliveries_left_ = most_deliveries;
        }
        work();
        if (depth_ == 1) {
            run_turn();  // what its output starts in-process is of the same turn
        }
    }

    class later_turn;

    /// One level of turns; ends when an embedder's handler throws, too.
    struct turn {
        explicit turn(unsigned& depth) noexcept : depth_(depth) { ++depth_; }
        turn(const turn&) = delete;
        turn& operator=(const turn&) = delete;
        ~turn() { --depth_; }

    private:
        unsigned& depth_;
    };

    /// What has changed is with the durable log before what it causes is looked at.
    [[nodiscard]] bool write_changes_and_has_output() {
        state().write_changes();
        return state().has_output();
    }
    void end_waits();
    void deliver_completions();
    void deliver_output();
    void report_audit();
    void run_turn_later();
    void take_empty_turn();
    void post_next_later();
    void take_next_later();
    void arm_timer();

    // Of a turn, then others have theirs: each answers an emitter, or writes what a vectored write takes.
    static constexpr unsigned most_deliveries = 64;

    boost::asio::io_context& context_;
    boost::asio::strand<boost::asio::io_context::executor_type> strand_;
    bool single_threaded_;
    std::function<void(const std::string&)> audit_{};
    std::shared_ptr<completion_queue> completion_queue_;
    boost::asio::steady_timer timer_;
    std::optional<core::steady_time> armed_{};
    unsigned depth_ = 0;
    unsigned deliveries_left_ = 0;               // in this turn
    bool delivering_ = false;                    // run_turn() is under way
    bool continues_later_ = false;               // run_turn_later() was called
    std::deque<std::function<void()>> later_{};  // of run_later()
    bool later_is_posted_ = false;
};

}  // namespace hookd::server
