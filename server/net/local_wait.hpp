// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "completion.hpp"

#include <memory>
#include <utility>
#include <variant>

namespace hookd::server {

/// The way from a handler's cancellation slot to its wait. The signal may come before the strand has come to the
/// request, while it waits, or when it is over. Used on the strand only.
struct cancellation {
    bool wanted = false;
    core::waiter* waiter = nullptr;  // until it has been called back
};

/// To be called within the function that starts the operation: the signal may come as soon as that has returned. Null
/// where the handler has no slot.
[[nodiscard]] std::shared_ptr<cancellation> connect_cancellation(
    const std::shared_ptr<broker_strand>& strand, const completion_of<protocol::wait_result>& completion);

/// A wait of the caller itself.
class local_wait final : public core::waiter {
public:
    local_wait(std::shared_ptr<broker_strand> strand, completion_of<protocol::wait_result> completion,
        std::shared_ptr<cancellation> link)
        : strand_(std::move(strand)), completion_(std::move(completion)), link_(std::move(link)) {}

    void done(std::variant<protocol::wait_result, protocol::error> result) override;

    /// Starts the wait by `begin(waiter)`, which moves from the waiter if it is pending.
    template <class Begin>
    static void start(std::shared_ptr<broker_strand> strand, completion_of<protocol::wait_result> completion,
        const std::shared_ptr<cancellation>& link, Begin begin) {
        auto made = std::make_unique<local_wait>(std::move(strand), std::move(completion), link);
        if (link && link->wanted) {
            return made->done(protocol::error{protocol::errc::cancelled, "cancelled before it began"});
        }
        if (link) {
            link->waiter = made.get();
        }
        std::unique_ptr<core::waiter> waiter = std::move(made);
        auto started = begin(waiter);
        if (auto* const failure = std::get_if<protocol::error>(&started)) {
            waiter->done(std::move(*failure));
        } else if (auto* const verdict = std::get_if<protocol::wait_result>(&started)) {
            finish_once_durable(std::move(waiter), std::move(*verdict));
        }
    }

private:
    static void finish_once_durable(std::unique_ptr<core::waiter> waiter, protocol::wait_result verdict);

    std::shared_ptr<broker_strand> strand_;
    completion_of<protocol::wait_result> completion_;
    std::shared_ptr<cancellation> link_;
};

}  // namespace hookd::server
