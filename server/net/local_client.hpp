// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "broker_strand.hpp"

#include <hookd/server/broker.hpp>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <atomic>
#include <deque>
#include <memory>
#include <utility>

namespace hookd::server {

/// A request of an in-process client whose texts take longer to check than a turn may. A thread checks them; requests
/// of the same client that come after it wait for it, as those of one connection do.
///
/// It holds the broker weakly: a thread must not be the last to let it go.
class checked_call {
public:
    checked_call(const std::shared_ptr<local_client>& client, broker_strand& strand)
        : client_(client), strand_(strand.weak_from_this()), idle_(strand.context().get_executor()) {}
    checked_call(const checked_call&) = delete;
    checked_call& operator=(const checked_call&) = delete;
    virtual ~checked_call() = default;

    /// On a thread of its own, once.
    virtual void check() noexcept = 0;
    /// On the strand, once it is checked. `client`: null if it has gone.
    virtual void carry_out(broker_strand& strand, const std::shared_ptr<local_client>& client) = 0;
    [[nodiscard]] bool is_checked() const noexcept { return is_checked_; }

    /// On the strand.
    static void start(std::shared_ptr<checked_call> call, broker_strand& strand);

private:
    static void end(const std::shared_ptr<checked_call>& call);

    std::weak_ptr<local_client> client_;
    std::weak_ptr<broker_strand> strand_;
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> idle_;
    bool is_checked_ = false;
};

/// An in-process client: the caller itself, or one subscription.
class local_client final : public core::event_sink, public std::enable_shared_from_this<local_client> {
public:
    local_client(std::shared_ptr<broker_strand> strand, subscribe_request request)
        : strand_(std::move(strand)), request_(std::move(request)) {}

    [[nodiscard]] const std::shared_ptr<broker_strand>& strand() const noexcept { return strand_; }
    [[nodiscard]] const subscribe_request& request() const noexcept { return request_; }

    /// From any thread: no handler is called from now on, but one that runs already may go on.
    void silence() noexcept { closed_ = true; }

    // On the strand.

    [[nodiscard]] core::client& attached();
    void detach();

    [[nodiscard]] bool closed() const noexcept { return closed_; }

    /// Whether requests are being checked, for which the next ones wait.
    [[nodiscard]] bool has_calls() const noexcept { return !calls_.empty(); }
    void add_call(std::shared_ptr<checked_call> call) { calls_.push_back(std::move(call)); }
    /// Carries out those that are checked, in the order in which they came.
    void run_calls();

    void on_ready() override;

private:
    void deliver(const core::notice& notice);

    std::shared_ptr<broker_strand> strand_;
    subscribe_request request_;
    core::client* client_ = nullptr;
    std::deque<std::shared_ptr<checked_call>> calls_{};
    std::atomic<bool> closed_{false};
};

}  // namespace hookd::server
