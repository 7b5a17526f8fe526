// SPDX-License-Identifier: BSL-1.0
#include "broker_strand.hpp"

#include <hookd/protocol/host_name.hpp>

#include <boost/asio/bind_executor.hpp>

#include <algorithm>
#include <exception>
#include <new>

namespace hookd::server {
namespace {

// Of run_turn(), then others have their turn: in-process handlers that cause each other's calls never come to an end by
// themselves.
constexpr int most_rounds = 64;

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
        for (int rounds = 0; write_changes_and_has_output(); ++rounds) {
            if (rounds == most_rounds) {
                run_turn_later();
                break;
            }
            deliver_completions();
            // Those that become ready meanwhile, by what in-process handlers start, are of the next round.
            for (auto left = state().ready_count(); left > 0; --left) {
                if (auto* const next = state().take_next_ready()) {
                    next->on_ready();
                }
            }
        }
    } catch (...) {
        keep_completions();
        // To leave the context's run(), not through the caller: that is another peer's request, which must be carried
        // out to its end.
        boost::asio::post(strand_, [self = shared_from_this(), failure = std::current_exception()] {
            self->take_empty_turn();
            std::rethrow_exception(failure);
        });
    }
    delivering_ = false;
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

void broker_strand::deliver_completions() {
    if (next_completion_ == completions_.size() && state().has_completions()) {
        completions_ = state().take_completions(std::move(completions_));
        next_completion_ = 0;
    }
    while (next_completion_ < completions_.size()) {
        auto& next = completions_[next_completion_++];
        const auto waiter = std::move(next.waiter);
        waiter->done(std::move(next.result));
    }
}

void broker_strand::keep_completions() noexcept {
    for (std::size_t i = next_completion_; i < completions_.size(); ++i) {
        auto* const verdict = std::get_if<protocol::wait_result>(&completions_[i].result);
        if (verdict == nullptr) {
            continue;
        }
        try {
            verdict->keep();
        } catch (const std::bad_alloc&) {
            completions_[i].result = protocol::error{protocol::errc::internal_error, {}};
        }
    }
}

void broker_strand::run_turn_later() {
    if (!std::exchange(continues_later_, true)) {
        boost::asio::post(strand_, [self = shared_from_this()] {
            self->continues_later_ = false;
            self->take_empty_turn();
        });
    }
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
