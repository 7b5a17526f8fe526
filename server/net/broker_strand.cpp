#include "broker_strand.hpp"

#include <hookd/protocol/host_name.hpp>

#include <boost/asio/bind_executor.hpp>

#include <algorithm>
#include <exception>
#include <new>

namespace hookd::server {
namespace {

// Of pump(), then others have their turn: handlers in process that cause each other's calls never come to an end by themselves.
constexpr int most_rounds = 64;

core::broker_limits limits_of(const broker_options& options) {
    return {.capacity = options.capacity,
            .capacity_bytes = options.capacity_bytes,
            .max_waiting = options.max_waiting,
            .max_waiting_per_connection = options.max_waiting_per_connection,
            .max_reserved = options.most_reserved(),
            .memory_bytes = options.memory_bytes,
            .default_timeout = options.default_timeout};
}

}  // namespace

broker_strand::broker_strand(boost::asio::io_context& context, const broker_options& options)
    : context_(context),
      strand_(boost::asio::make_strand(context)),
      single_threaded_(options.threads == 1),
      host_(options.host.empty() ? protocol::own_host_name() : options.host),
      state_(limits_of(options), std::chrono::steady_clock::now()),
      completion_queue_(std::make_shared<completion_queue>(context)),
      timer_(context) {}

void broker_strand::pump() {
    if (pumping_) {
        return;
    }
    pumping_ = true;
    try {
        for (int rounds = 0; has_output(); ++rounds) {
            if (rounds == most_rounds) {
                pump_later();
                break;
            }
            hand_out_completions();
            // Those that become ready meanwhile, by what handlers in process start, are of the next round.
            for (auto left = state_.ready_count(); left > 0; --left) {
                if (void* const next = state_.take_next_ready()) {
                    static_cast<event_sink*>(next)->on_ready();
                }
            }
        }
    } catch (...) {
        keep_completions();
        // To leave run(), and not to pass through whoever pumps: that is somebody else's request, which has to be seen to its end.
        boost::asio::post(strand_, [self = shared_from_this(), failure = std::current_exception()] {
            self->take_empty_turn();
            std::rethrow_exception(failure);
        });
    }
    pumping_ = false;
    arm_timer();
}

void broker_strand::hand_out_completions() {
    if (next_completion_ == completions_.size() && state_.has_completions()) {
        completions_ = state_.take_completions(std::move(completions_));
        next_completion_ = 0;
    }
    while (next_completion_ < completions_.size()) {
        auto& next = completions_[next_completion_++];
        static_cast<wait_operation*>(next.who)->done(std::move(next.result));
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

void broker_strand::pump_later() {
    if (!std::exchange(goes_on_later_, true)) {
        boost::asio::post(strand_, [self = shared_from_this()] {
            self->goes_on_later_ = false;
            self->take_empty_turn();
        });
    }
}

void broker_strand::take_empty_turn() {
    const auto nothing = [] {};
    take_turn(nothing);
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
    result.host = host_;
    result.connections = counters.connections.load(std::memory_order_relaxed);
    result.protocol_errors = counters.protocol_errors.load(std::memory_order_relaxed);
    result.bytes_in = counters.bytes_in.load(std::memory_order_relaxed);
    result.bytes_out = counters.bytes_out.load(std::memory_order_relaxed);
    return result;
}

}  // namespace hookd::server
