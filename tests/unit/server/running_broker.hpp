// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <hookd/server/broker.hpp>

#include "support/deadline.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/test/unit_test.hpp>

#include <chrono>
#include <condition_variable>
#include <exception>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <ostream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace hookd::protocol {

inline std::ostream& operator<<(std::ostream& out, outcome value) { return out << to_string(value); }
inline std::ostream& operator<<(std::ostream& out, refusal value) { return out << to_string(value); }
inline std::ostream& operator<<(std::ostream& out, close_reason value) { return out << to_string(value); }

}  // namespace hookd::protocol

namespace hookd::server::test {

using namespace std::chrono_literals;
using boost::asio::use_future;
using boost::system::error_code;
using protocol::errc;
using protocol::outcome;
using protocol::refusal;

/// The result of a future that has to become ready; throws what it holds.
template <class Result>
Result get(std::future<Result> future) {
    if (future.wait_for(hookd::test::patience) != std::future_status::ready) {
        throw std::runtime_error("an operation did not complete");
    }
    return future.get();
}

/// The error that an operation ends with; none where it ends well. `start(handler)` starts it. No exception crosses a
/// thread here: its reference count is in a library that ThreadSanitizer can't see into.
template <class Start>
std::future<error_code> async_error_of(Start start) {
    const auto ended = std::make_shared<std::promise<error_code>>();
    auto result = ended->get_future();
    start([ended](error_code failure, auto...) { ended->set_value(failure); });
    return result;
}

template <class Start>
error_code error_of(Start start) {
    return get(async_error_of(std::move(start)));
}

/// What handlers on other threads have put there, in order.
template <class Value>
class inbox {
public:
    void put(Value value) {
        const std::lock_guard lock{mutex_};
        values_.push_back(std::move(value));
        changed_.notify_all();  // still locked: whoever waits may destroy this at once
    }

    /// All values once there are `count` of them; throws where they don't come.
    std::vector<Value> wait_for(std::size_t count) {
        std::unique_lock lock{mutex_};
        if (!changed_.wait_for(lock, hookd::test::patience, [&] { return values_.size() >= count; })) {
            throw std::runtime_error(
                "there are " + std::to_string(values_.size()) + " values, not " + std::to_string(count));
        }
        return values_;
    }
    Value wait_for_one() { return wait_for(1).front(); }
    [[nodiscard]] std::size_t size() {
        const std::lock_guard lock{mutex_};
        return values_.size();
    }

private:
    std::mutex mutex_{};
    std::condition_variable changed_{};
    std::vector<Value> values_{};
};

/// An event as a handler saw it.
struct seen_event {
    std::uint64_t seq = 0;
    uuid id{};
    std::string event{};
    std::string payload{};
    bool expects_response = false;
    std::chrono::milliseconds timeout{};
};

inline std::string text_of(const uuid& id) {
    std::string text;
    protocol::append_uuid(text, id);
    return text;
}

inline seen_event copy_of(const event_view& event) {
    return {event.seq, event.hook_event_id, std::string{event.event}, std::string{event.payload},
        event.expects_response, event.timeout};
}

/// A broker on an io_context that is run by `threads` threads, until it is destroyed.
class running_broker {
public:
    explicit running_broker(unsigned threads, broker_options options = {})
        : context(static_cast<int>(threads)), events(context, with_threads(options, threads)) {
        for (unsigned i = 0; i < threads; ++i) {
            runners_.emplace_back([this] { context.run(); });
        }
    }
    ~running_broker() {
        events.shut_down();
        idle_.reset();
        for (auto& each : runners_) {
            each.join();  // it returns by itself: nothing is left to do
        }
    }
    running_broker(const running_broker&) = delete;
    running_broker& operator=(const running_broker&) = delete;

    boost::asio::io_context context;
    broker events;

    /// Subscribes; each event goes to `to`.
    [[nodiscard]] subscription listen(inbox<seen_event>& to, subscribe_request how = {}) {
        how.on_event = [&to](const event_view& event) { to.put(copy_of(event)); };
        return get(events.async_subscribe(std::move(how), use_future));
    }

    /// Calls `work` on a thread that runs the io_context, and waits for it.
    void on_context(std::function<void()> work) {
        std::promise<void> done;
        auto finished = done.get_future();
        boost::asio::post(context, [&] {
            work();
            done.set_value();
        });
        get(std::move(finished));
    }

    /// Waits until nobody subscribes and nobody waits any longer.
    void wait_until_empty() {
        hookd::test::eventually("no session and no wait is left", [this] {
            const auto stats = get(events.async_stats(use_future));
            return stats.subscribers == 0 && stats.waiting == 0;
        });
    }

private:
    static broker_options with_threads(broker_options options, unsigned threads) {
        options.threads = threads;
        return options;
    }

    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> idle_{context.get_executor()};
    std::vector<std::thread> runners_{};
};

}  // namespace hookd::server::test
