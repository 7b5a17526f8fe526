// SPDX-License-Identifier: BSL-1.0
#include "broker.hpp"

// What the broker does for a cluster: see cluster_port.hpp.
namespace hookd::core {
namespace {

using protocol::wait_policy;

// How other hosts end their own waits. One that is required may be on any of them, so that a first reply does not end
// them.
wait_policy remote_policy(const slot& slot) {
    return slot.policy() == wait_policy::first && slot.has_required() ? wait_policy::all : slot.policy();
}

}  // namespace

// --- sessions ---

void broker::announce_to_cluster(const session& session) const {
    if (session.spans_cluster() && cluster_ != nullptr) {
        cluster_->announce(session);
    }
}

void broker::withdraw_from_cluster(session& session) const {
    if (session.spans_cluster() && cluster_ != nullptr) {
        cluster_->withdraw(session.id());
    }
    sessions::leave_cluster(session);
}

void broker::close_for_gap(instant now) {
    sessions_.for_each([this, now](client& each) {
        session* const session = each.session();
        if (session != nullptr && session->spans_cluster()) {
            sessions_.close(*session, protocol::close_reason::gap, now);
        }
    });
}

// --- questions of this host ---

void broker::ask_cluster(slot& slot, event::pointer event) {
    waits_.expect_cluster(slot);
    if (is_durable()) {
        return send_to_cluster(slot, *event);
    }
    once_durable([this, id = slot.id(), event = std::move(event)](const protocol::error*) {
        if (core::slot* const open = waits_.find_open(id)) {
            send_to_cluster(*open, *event);
            waits_.continue_wait(id);
        }
    });
}

void broker::send_to_cluster(slot& slot, const event& event) {
    const auto refused = cluster_->ask({.id = slot.id(),
        .name = slot.event_name(),
        .payload = event.payload(),
        .cause = event.cause(),
        .emitted_at = event.emitted_at(),
        .timeout = event.timeout(),
        .policy = remote_policy(slot)});
    if (refused) {
        waits_.fail_cluster(slot, *refused);
    } else {
        waits::set_asks_cluster(slot);
    }
}

void broker::delegate(const protocol::uuid& id, const std::vector<remote_responder>& responders, instant now) {
    waits_.delegate(id, responders, records_, now);
    waits_.advance_pending(now);
}

void broker::fail_delegation(const protocol::uuid& id, const std::string& why, instant now) {
    waits_.fail_delegation(id, why, now);
    waits_.advance_pending(now);
}

bool broker::record_remote_answer(
    const protocol::uuid& id, std::string_view host, const remote_answer& answer, instant now) {
    const bool is_taken = waits_.record_remote_answer(id, host, answer, now);
    waits_.advance_pending(now);
    return is_taken;
}

void broker::host_left(const protocol::uuid& id, std::string_view host, instant now) {
    waits_.host_left(id, host, now);
    waits_.advance_pending(now);
}

}  // namespace hookd::core
