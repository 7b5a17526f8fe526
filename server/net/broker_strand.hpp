// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "completion_queue.hpp"
#include "rpc/broker_service.hpp"

#include <hookd/server/options.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>

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

    // --- on the strand only ---

    /// Delivers what there is before the turn is over. Where in-process handlers cause ever more, the rest is delivered
    /// in a later turn. What a handler throws leaves the context's run(), from a later turn, which continues with what
    /// was left.
    void run_turn();
    void shut_down();

    /// For completions of in-process operations; with one thread only.
    [[nodiscard]] completion_queue& completions() noexcept { return *completion_queue_; }

    /// Takes lines that are to be logged whatever else is; none yet: they are dropped.
    void set_audit(std::function<void(const std::string&)> log) { audit_ = std::move(log); }

private:
    [[nodiscard]] bool is_here() const noexcept {
        return single_threaded_ ? context_.get_executor().running_in_this_thread() : strand_.running_in_this_thread();
    }

    template <class Work>
    void take_turn(Work& work) {
        const turn guard{depth_};
        if (depth_ == 1) {
            forget_time();
        }
        work();
        if (depth_ == 1) {
            run_turn();  // what its output starts in-process is of the same turn
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

    [[nodiscard]] bool has_output() const noexcept {
        return next_completion_ < completions_.size() || state().has_output();
    }
    /// What has changed is with the durable log before what it causes is looked at.
    [[nodiscard]] bool write_changes_and_has_output() {
        state().write_changes();
        return has_output();
    }
    void deliver_completions();
    /// What is left of them is handed out in a later turn, when what it borrows is gone.
    void keep_completions() noexcept;
    void report_audit();
    void run_turn_later();
    void take_empty_turn();
    void arm_timer();

    boost::asio::io_context& context_;
    boost::asio::strand<boost::asio::io_context::executor_type> strand_;
    bool single_threaded_;
    std::function<void(const std::string&)> audit_{};
    std::shared_ptr<completion_queue> completion_queue_;
    boost::asio::steady_timer timer_;
    std::optional<core::steady_time> armed_{};
    unsigned depth_ = 0;
    bool delivering_ = false;                      // run_turn() is under way
    bool continues_later_ = false;                 // run_turn_later() was called
    std::vector<core::completion> completions_{};  // of run_turn(): memory that each round uses anew
    std::size_t next_completion_ = 0;              // of completions_: those before it are handed out
};

}  // namespace hookd::server
