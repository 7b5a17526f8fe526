#include "broker_strand.hpp"

#include <boost/asio/bind_executor.hpp>

namespace hookd::server {
namespace {

core::broker_limits limits_of(const broker_options& options) {
    return {.capacity = options.capacity,
            .capacity_bytes = options.capacity_bytes,
            .max_waiting = options.max_waiting,
            .max_waiting_per_connection = options.max_waiting_per_connection,
            .memory_bytes = options.memory_bytes,
            .default_timeout = options.default_timeout};
}

}  // namespace

broker_strand::broker_strand(boost::asio::io_context& context, const broker_options& options)
    : context_(context),
      strand_(boost::asio::make_strand(context)),
      single_threaded_(options.threads == 1),
      state_(limits_of(options), std::chrono::steady_clock::now()),
      completion_queue_(std::make_shared<completion_queue>(context)),
      timer_(context) {}

void broker_strand::pump() {
    if (pumping_) {
        return;
    }
    pumping_ = true;
    try {
        while (state_.has_output()) {
            if (state_.has_completions()) {
                completions_ = state_.take_completions(std::move(completions_));
                for (auto& each : completions_) {
                    static_cast<wait_operation*>(each.who)->done(std::move(each.result));
                }
            }
            while (void* const next = state_.take_next_ready()) {
                static_cast<event_sink*>(next)->on_ready();
            }
        }
    } catch (...) {
        // What an embedder's handler throws leaves run(); should that be called again, the rest is handed out then.
        pumping_ = false;
        boost::asio::post(strand_, [self = shared_from_this()] { self->pump(); });
        throw;
    }
    pumping_ = false;
    arm_timer();
}

void broker_strand::arm_timer() {
    // A timer that is due too early is left alone: most waits end long before their deadline, and arming costs a system call.
    const auto next = state_.next_deadline();
    if (!next || (armed_ && *armed_ <= *next)) {
        return;
    }
    armed_ = next;
    timer_.expires_at(*next);
    timer_.async_wait(boost::asio::bind_executor(strand_, [self = shared_from_this()](const boost::system::error_code& failure) {
        if (failure) {
            return;  // armed anew, or shut down
        }
        self->armed_.reset();
        auto expire = [&self] { self->state_.expire(self->now()); };
        self->take_turn(expire);
    }));
}

void broker_strand::shut_down() {
    state_.shut_down(now());
    timer_.cancel();
}

protocol::stats_result broker_strand::stats() {
    auto result = state_.stats(now());
    result.connections = counters.connections.load(std::memory_order_relaxed);
    result.protocol_errors = counters.protocol_errors.load(std::memory_order_relaxed);
    result.bytes_in = counters.bytes_in.load(std::memory_order_relaxed);
    result.bytes_out = counters.bytes_out.load(std::memory_order_relaxed);
    return result;
}

}  // namespace hookd::server
