// SPDX-License-Identifier: BSL-1.0
#include "broker_strand.hpp"

#include <hookd/protocol/host_name.hpp>

#include <boost/asio/bind_executor.hpp>

#include <algorithm>
#include <exception>
#include <new>

namespace hookd::server {
namespace {

// For how many of them a call of advance_pending() counts.
constexpr unsigned deliveries_for_ended_waits = 16;

core::broker_limits limits_of(const broker_options& options) {
    return {.capacity = options.capacity,
        .capacity_bytes = options.capacity_bytes,
        .max_waiting = options.max_waiting,
        .max_waiting_per_connection = options.max_waiting_per_connection,
        .max_reserved = options.most_reserved(),
        .memory_bytes = options.memory_bytes,
        .default_timeout = options.default_timeout,
        .host = options.host};
}

}  // namespace

/// What the context runs. Destroyed without having run, it takes all that is to run later along: that may own what owns
/// the strand.
class broker_strand::later_turn {
public:
    explicit later_turn(std::shared_ptr<broker_strand> strand) noexcept : strand_(std::move(strand)) {}
    later_turn(later_turn&&) noexcept = default;
    later_turn& operator=(later_turn&&) = delete;
    ~later_turn() {
        if (strand_) {
            std::exchange(strand_->later_, {}).clear();
        }
    }
    void operator()() { std::exchange(strand_, nullptr)->take_next_later(); }

private:
    std::shared_ptr<broker_strand> strand_;
};

broker_strand::broker_strand(boost::asio::io_context& context, const broker_options& options)
    : rpc::broker_service(limits_of(options), options.host.empty() ? protocol::own_host_name() : options.host),
      context_(context),
      strand_(boost::asio::make_strand(context)),
      single_threaded_(options.threads == 1),
      completion_queue_(std::make_shared<completion_queue>(context)),
      timer_(context) {}

void broker_strand::run_turn() {
    if (delivering_) {
        return;
    }
    delivering_ = true;
    try {
        while (write_changes_and_has_output()) {
            if (deliveries_left_ == 0) {
                run_turn_later();
                break;
            }
            end_waits();
            deliver_completions();
            deliver_output();
        }
    } catch (...) {
        // To leave the context's run(), not through the caller: that is another peer's request, which must be carried
        // out to its end.
        boost::asio::post(strand_, [self = shared_from_this(), failure = std::current_exception()] {
            self->take_empty_turn();
            std::rethrow_exception(failure);
        });
    }
    delivering_ = false;
    state().keep_completions();
    if (state().has_audit()) {
        report_audit();
    }
    arm_timer();
}

void broker_strand::report_audit() {
    for (const auto& each : state().take_audit()) {
        if (audit_) {
            audit_(each);
        }
    }
}

void broker_strand::relieve_pressure() {
    while (!delivering_ && state().has_backpressure()) {
        deliveries_left_ = most_deliveries;
        run_turn();
    }
}

void broker_strand::end_waits() {
    if (state().has_pending()) {
        state().advance_pending(now());
        deliveries_left_ -= std::min(deliveries_left_, deliveries_for_ended_waits);
    }
}

void broker_strand::deliver_completions() {
    for (; deliveries_left_ > 0 && state().has_completions(); --deliveries_left_) {
        auto next = state().take_completion();
        const auto waiter = std::move(next.waiter);
        waiter->done(std::move(next.result));
    }
}

// Those that become ready meanwhile, by what in-process handlers start, are of the next round.
void broker_strand::deliver_output() {
    for (auto round = state().ready_count(); deliveries_left_ > 0 && round > 0; --round, --deliveries_left_) {
        if (auto* const next = state().take_next_ready()) {
            next->on_ready();
        }
    }
}

void broker_strand::run_turn_later() {
    if (!std::exchange(continues_later_, true)) {
        run_later([this] { continues_later_ = false; });  // what is left is delivered at the end of that turn
    }
}

void broker_strand::run_later(std::function<void()> work) {
    if (!is_here()) {
        boost::asio::post(strand_,
            [self = shared_from_this(), work = std::move(work)]() mutable { self->run_later(std::move(work)); });
        return;
    }
    later_.push_back(std::move(work));
    post_next_later();
}

void broker_strand::post_next_later() {
    if (later_.empty() || std::exchange(later_is_posted_, true)) {
        return;
    }
    boost::asio::post(strand_, later_turn{shared_from_this()});
}

void broker_strand::take_next_later() {
    later_is_posted_ = false;
    const auto next = std::move(later_.front());
    later_.pop_front();
    post_next_later();
    take_turn(next);
}

void broker_strand::take_empty_turn() {
    const auto nothing = [] {};
    take_turn(nothing);
}

void broker_strand::arm_timer() {
    // A timer that is due too early is left alone: most waits end long before their deadline, and arming costs a system
    // call.
    const auto next = state().next_deadline();
    if (!next || (armed_ && *armed_ <= *next)) {
        return;
    }
    armed_ = next;
    timer_.expires_at(*next);
    timer_.async_wait(
        boost::asio::bind_executor(strand_, [self = shared_from_this()](const boost::system::error_code& failure) {
            if (failure) {
                return;  // armed anew, or shut down
            }
            self->armed_.reset();
            auto expire = [&self] { self->state().expire(self->now()); };
            self->take_turn(expire);
        }));
}

void broker_strand::shut_down() {
    checks().give_up();
    state().shut_down(now());
    timer_.cancel();
}

}  // namespace hookd::server
