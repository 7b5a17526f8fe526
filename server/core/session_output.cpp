// SPDX-License-Identifier: BSL-1.0
#include "sessions.hpp"

#include <algorithm>
#include <utility>

// The way of events out of the queues: peeked by the client's connection, written, sent.
namespace hookd::core {

event_sink* sessions::take_next_ready() noexcept {
    constexpr unsigned most_urgent_in_a_row = 8;
    const bool is_urgent = !urgent_.empty() && (ready_.empty() || urgent_taken_ < most_urgent_in_a_row);
    auto& queue = is_urgent ? urgent_ : ready_;
    if (queue.empty()) {
        return nullptr;
    }
    urgent_taken_ = is_urgent ? urgent_taken_ + 1 : 0;
    client& next = *queue.front();
    queue.pop_front();
    (is_urgent ? next.is_urgent_ : next.ready_) = false;
    end_pressure(next);
    return next.sink_;
}

void sessions::end_pressure(client& client) noexcept {
    if (std::exchange(client.is_pressed_, false)) {
        --pressed_;
    }
}

void sessions::peek_batch(client& client, std::size_t most_events, std::size_t most_bytes, std::vector<event*>& out) {
    const std::size_t first = client.peeked_;
    const std::size_t end = client.muted_ ? first : first + std::min(most_events, client.outbox_.size() - first);
    if (first == end) {
        return;
    }
    std::size_t bytes = 0;
    for (; client.peeked_ < end; ++client.peeked_) {
        event& next = client.outbox_[client.peeked_];
        if (!durable_.is_committed(next)) {
            await_commit(client);
            break;
        }
        bytes += next.footprint_bytes();
        if (bytes > most_bytes && client.peeked_ > first) {
            break;
        }
        if (!may_peek(next)) {
            hold_back(client);
            break;
        }
        out.push_back(&next);
        next.add_peek();
        record_delivery(next, *client.session_);
    }
    if (client.peeked_ > first) {
        // Events of a session wait only while it is there: unsubscribe drops what is queued.
        client.session_->last_seq_ = std::max(client.session_->last_seq_, out.back()->seq());
        resume_held_back();
    }
}

bool sessions::peek_same_batch(client& client, std::span<event* const> events) {
    if (client.muted_ || !client.outbox_.has(client.peeked_, events)) {
        return false;
    }
    for (event* const each : events) {
        each->add_peek();
        record_delivery(*each, *client.session_);
    }
    client.peeked_ += events.size();
    client.session_->last_seq_ = std::max(client.session_->last_seq_, events.back()->seq());
    return true;
}

void sessions::peeked_events(const client& client, std::vector<event*>& out) {
    for (std::size_t i = 0; i < client.peeked_; ++i) {
        out.push_back(&client.outbox_[i]);
    }
}

void sessions::sent(client& client, std::size_t count) {
    end_peek(client, count);
    client.sent_ += count;
    deliveries_ += count;
    client.notices_.sent();
    client.must_read_ = false;
    resume_held_back();
}

void sessions::forget_peeked(client& client) {
    const std::size_t lost = client.peeked_;
    sent(client, lost);
    deliveries_ -= lost;
}

event::pointer sessions::take_next(client& client) {
    if (client.outbox_.empty()) {
        return {};
    }
    if (!durable_.is_committed(client.outbox_[0])) {
        await_commit(client);
        return {};
    }
    auto next = client.outbox_.take_front();
    ++client.sent_;
    client.session_->last_seq_ = std::max(client.session_->last_seq_, next->seq());
    record_delivery(*next, *client.session_);
    ++deliveries_;
    return next;
}

std::optional<notice> sessions::take_first_notice(client& client) {
    if (client.muted_ || (client.notices_.front().after > client.sent_ && !client.outbox_.empty())) {
        return std::nullopt;
    }
    if (!durable_.is_committed(client.notices_.front().position)) {
        await_commit(client);
        return std::nullopt;
    }
    return client.notices_.take_front();
}

void sessions::await_commit(client& client) {
    if (!std::exchange(client.awaits_commit_, true)) {
        awaiting_commit_.push_back(&client);
    }
}

void sessions::release_committed() {
    for (client* const each : std::exchange(awaiting_commit_, {})) {
        each->awaits_commit_ = false;
        wake(*each, urgency::awaited);
    }
}

void sessions::take_back() noexcept {
    const auto head_seq = durable_.committed_seq();
    for (const auto& [id, each] : clients_) {
        auto& queue = each->outbox_;
        while (queue.size() > each->peeked_ && !durable_.is_committed(queue[queue.size() - 1])) {
            queue.pop_back(1);
        }
        each->notices_.remove_if(
            [this](const notice& next) { return next.verdict != nullptr && !durable_.is_committed(next.position); });
        if (each->session_) {
            each->session_->last_seq_ = std::min(each->session_->last_seq_, head_seq);
        }
    }
}

void sessions::end_peek(client& client, std::size_t count) noexcept {
    for (std::size_t i = 0; i < count; ++i) {
        client.outbox_[i].remove_peek();
    }
    client.outbox_.pop_front(count);
    client.peeked_ -= count;
}

}  // namespace hookd::core
