// SPDX-License-Identifier: BSL-1.0
#include "local_wait.hpp"

#include <boost/asio/associated_cancellation_slot.hpp>

namespace hookd::server {

std::shared_ptr<cancellation> connect_cancellation(
    const std::shared_ptr<broker_strand>& strand, const completion_of<protocol::wait_result>& completion) {
    auto slot = boost::asio::get_associated_cancellation_slot(completion);
    if (!slot.is_connected()) {
        return nullptr;
    }
    auto made = std::make_shared<cancellation>();
    // Weak, and never taken out of the slot again: only the handler's executor may touch the slot, and it may outlive
    // all of this.
    slot.assign([broker = std::weak_ptr{strand}, target = std::weak_ptr{made}](boost::asio::cancellation_type) {
        const auto alive = broker.lock();
        if (!alive) {
            return;
        }
        alive->run([strand = alive.get(), target] {
            const auto wanted = target.lock();
            if (!wanted) {
                return;
            }
            wanted->wanted = true;
            // It may have ended within this turn.
            if (wanted->waiter != nullptr && wanted->waiter->is_waiting()) {
                strand->state().cancel(*wanted->waiter, strand->now());
            }
        });
    });
    return made;
}

void local_wait::done(std::variant<protocol::wait_result, protocol::error> result) {
    if (link_) {
        link_->waiter = nullptr;
    }
    if (auto* const verdict = std::get_if<protocol::wait_result>(&result)) {
        verdict->keep();
    }
    complete(*strand_, std::move(completion_), std::move(result));
}

void local_wait::finish_once_durable(std::unique_ptr<core::waiter> waiter, protocol::wait_result verdict) {
    auto& state = static_cast<local_wait&>(*waiter).strand_->state();
    if (state.is_durable()) {
        return waiter->done(std::move(verdict));
    }
    state.once_durable([waiter = std::shared_ptr<core::waiter>{std::move(waiter)}, verdict = std::move(verdict)](
                           const protocol::error* lost) {
        waiter->done(lost != nullptr ? std::variant<protocol::wait_result, protocol::error>{*lost} : verdict);
    });
}

}  // namespace hookd::server
