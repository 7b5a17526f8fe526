// SPDX-License-Identifier: BSL-1.0
// bench_in_process: the broker as a library, in a program with one thread and no socket.

#include "workloads.hpp"

#include <hookd/server/broker.hpp>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <cstdio>
#include <deque>
#include <exception>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace hookd::bench {
namespace {

using boost::system::error_code;

void require(error_code failure) {
    if (failure) {
        throw boost::system::system_error(failure);
    }
}

/// A context, a broker, and subscribers that count.
class host {
public:
    explicit host(const load_options& options)
        : options_(options), payload_(make_payload(options.shape, options.size)) {}

    /// Emits one batch after the other, and subscribers get it.
    void run_fan_out() {
        for (unsigned i = 0; i < options_.subscribers; ++i) {
            subscribe([this](const server::event_view& event) {
                received_ += event.payload.size() == payload_.size() ? 1 : 0;
            });
        }
        emit_until(options_.warm_up);
        const auto begin = steady::now();
        emit_until(options_.warm_up + options_.count);
        const std::chrono::duration<double, std::nano> took = steady::now() - begin;
        const auto deliveries = options_.count * options_.subscribers;
        result_line result;
        result.add("deliveries", deliveries);
        result.add("lost", deliveries + options_.warm_up * options_.subscribers - received_);
        result.add("ns_per_delivery", took.count() / static_cast<double>(deliveries));
        result.print();
        end();
    }

    /// Each event is answered by the one subscriber, each answer brings the next event.
    void run_trips() {
        subscribe([this](const server::event_view& event) {
            server::reply what;
            what.response = payload_;
            subscriptions_.front().async_respond(event.hook_event_id, std::move(what),
                [](error_code failure, const protocol::respond_result&) { require(failure); });
        });
        make_trips(options_.warm_up);
        const auto begin = steady::now();
        make_trips(options_.count);
        const std::chrono::duration<double, std::nano> took = steady::now() - begin;
        result_line result;
        result.add("trips", options_.count);
        result.add("ns_per_trip", took.count() / static_cast<double>(options_.count));
        result.print();
        end();
    }

private:
    template <class OnEvent>
    void subscribe(OnEvent on_event) {
        server::subscribe_request request;
        request.events = {"bench_event"};
        request.on_event = std::move(on_event);
        broker_.async_subscribe(std::move(request), [this](error_code failure, server::subscription opened) {
            require(failure);
            subscriptions_.push_back(std::move(opened));
        });
        run_until([this, before = subscriptions_.size()] { return subscriptions_.size() > before; });
    }

    void emit_until(std::uint64_t end) {
        end_ = end;
        boost::asio::post(context_, [this] { emit_batch(); });
        run_until([this] { return answered_ == end_ && received_ >= end_ * options_.subscribers; });
    }

    // The last answer of a batch brings the next one.
    void emit_batch() {
        const auto end = std::min(end_, emitted_ + options_.batch);
        while (emitted_ < end) {
            ++emitted_;
            server::emit_request request;
            request.event = "bench_event";
            request.payload = payload_;
            broker_.async_emit(std::move(request), [this](error_code failure, const protocol::emit_result&) {
                require(failure);
                if (++answered_ == emitted_ && emitted_ < end_) {
                    emit_batch();
                }
            });
        }
    }

    void make_trips(std::uint64_t count) {
        trips_left_ = count;
        make_trip();
        run_until([this] { return trips_left_ == 0; });
    }

    void make_trip() {
        server::wait_request request;
        request.event = "bench_event";
        request.payload = payload_;
        broker_.async_emit_and_wait(
            std::move(request), [this](error_code failure, const protocol::wait_result& verdict) {
                require(failure);
                if (verdict.responses.size() != 1 || verdict.responses.front().response.size() != payload_.size()) {
                    throw std::runtime_error("a reply has been lost or changed");
                }
                if (--trips_left_ != 0) {
                    make_trip();
                }
            });
    }

    template <class Condition>
    void run_until(Condition is_met) {
        while (!is_met()) {
            if (context_.run_one_for(std::chrono::seconds{10}) == 0) {
                throw std::runtime_error("lost: the broker has nothing more to do, and not all is done");
            }
            context_.poll();
        }
    }

    void end() {
        subscriptions_.clear();
        broker_.shut_down();
        work_.reset();
        context_.run();
    }

    const load_options& options_;
    std::string payload_;
    boost::asio::io_context context_{1};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_ =
        boost::asio::make_work_guard(context_);
    server::broker broker_{context_};
    std::deque<server::subscription> subscriptions_{};
    std::uint64_t end_ = 0;
    std::uint64_t emitted_ = 0;
    std::uint64_t answered_ = 0;
    std::uint64_t received_ = 0;
    std::uint64_t trips_left_ = 0;
};

}  // namespace
}  // namespace hookd::bench

int main(int argc, char** argv) {
    const std::string_view workload = argc < 2 ? "" : argv[1];
    try {
        if (workload != "fan_out" && workload != "trip") {
            std::fputs("usage: bench_in_process fan_out|trip [--OPTION VALUE]...\n", stderr);
            return 2;
        }
        const auto options = hookd::bench::read_options(argc, argv);
        hookd::bench::host it{options};
        workload == "trip" ? it.run_trips() : it.run_fan_out();
        return 0;
    } catch (const std::exception& failure) {
        std::fprintf(stderr, "bench_in_process: %s\n", failure.what());
        return 1;
    }
}
