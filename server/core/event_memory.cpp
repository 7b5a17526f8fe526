// SPDX-License-Identifier: BSL-1.0
#include "sessions.hpp"

#include <algorithm>

// The memory of events: what is retained, what waits for sessions, and what their connections are writing, within
// capacity_bytes. The newest event always fits.
//
// Past the bound retained events go, then what waits for sessions that have been closed, then those who hold more than
// their part of it: what waits for them is dropped, and their sessions end. What a connection is writing can only be
// had back by its peer's reading it, or by closing the connection: so no more than the bound may be peeked, and a
// client that holds on to it while others wait must read, or goes.
namespace hookd::core {
namespace {

// Peeked beyond the bound, to a quarter of it: peers that read are served while others hold all that there is.
constexpr std::size_t small_event_bytes = std::size_t{64} << 10;

}  // namespace

void sessions::make_room(std::size_t bytes, topic& target, instant now) {
    const auto fits = [&] { return ledger_.live_bytes + bytes <= limits_.capacity_bytes; };
    while (!fits() && !log_.empty()) {
        log_.drop_oldest();
    }
    if (fits()) {
        return;
    }
    if (closing_ > 0) {
        // Those have been closed already; what they lose is the end of their prefix.
        for (auto& [id, each] : clients_) {
            if (each->session_ && each->session_->closing_ && !each->session_->is_ended_) {
                lose_queue(*each);
            }
        }
    }
    if (!fits()) {
        push_holders_out(bytes, now);
        topics_.refresh(target);
    }
}

// Those who hold more than an equal part of `room`: first those who must read already, then those with most.
std::vector<client*> sessions::large_holders(std::size_t room) const {
    std::vector<client*> holders;
    for (const auto& [id, each] : clients_) {
        if (each->held_bytes() > 0) {
            holders.push_back(each.get());
        }
    }
    const std::size_t part = room / std::max<std::size_t>(holders.size(), 1);
    std::erase_if(holders, [part](const client* each) { return each->held_bytes() <= part; });
    std::sort(holders.begin(), holders.end(), [](const client* a, const client* b) {
        if (a->must_read_ != b->must_read_) {
            return a->must_read_;
        }
        return a->held_bytes() != b->held_bytes() ? a->held_bytes() > b->held_bytes() : a->id_ < b->id_;
    });
    return holders;
}

// No more of them than the room that is needed, where those that must read are taken to give theirs back. But what is
// there already takes no more than the bound, whenever they read.
void sessions::push_holders_out(std::size_t bytes, instant now) {
    const std::size_t room = limits_.capacity_bytes - std::min(bytes, limits_.capacity_bytes);
    std::size_t awaited = 0;
    for (client* const each : large_holders(room)) {
        if (ledger_.live_bytes <= std::min(room + awaited, limits_.capacity_bytes)) {
            break;
        }
        if (each->outbox_.size() > each->peeked_ || !each->notices_.empty()) {
            close(*each->session_, protocol::close_reason::lagged, now);
            lose_queue(*each);
        }
        if (ledger_.live_bytes > room + awaited) {
            awaited += require_reading(*each);
        }
    }
}

// Returns how many bytes it gives back by reading.
std::size_t sessions::require_reading(client& client) {
    if (client.peeked_ == 0 && client.notices_.taken_bytes() == 0) {
        return 0;
    }
    client.must_read_ = true;
    wake(client, urgency::told);
    return client.held_bytes();
}

// Verdicts push nobody out of the memory that events have: where they do not fit into it, those who hold others must
// read. One that is all alone fits.
bool sessions::make_room_for_verdict(std::size_t bytes) {
    while (ledger_.live_bytes > limits_.capacity_bytes && !log_.empty()) {
        log_.drop_oldest();
    }
    if (ledger_.live_bytes <= limits_.capacity_bytes || ledger_.verdict_bytes <= bytes) {
        return true;
    }
    for (const auto& [id, each] : clients_) {
        if (each->notices_.taken_bytes() > 0) {
            (void)require_reading(*each);
        }
    }
    return false;
}

bool sessions::may_peek(const event& next) const noexcept {
    if (next.is_peeked() || ledger_.peeked_bytes == 0) {
        return true;
    }
    const std::size_t all = ledger_.peeked_bytes + next.footprint_bytes();
    return all <= limits_.capacity_bytes ||
           (next.footprint_bytes() <= small_event_bytes && all <= limits_.capacity_bytes + limits_.capacity_bytes / 4);
}

void sessions::hold_back(client& client) {
    if (client.held_back_) {
        return;
    }
    client.held_back_ = true;
    held_back_.push_back(&client);
    const std::size_t bytes = client.outbox_[client.peeked_].footprint_bytes();
    const std::size_t room = limits_.capacity_bytes - std::min(bytes, limits_.capacity_bytes);
    std::size_t awaited = 0;
    for (core::client* const each : large_holders(room)) {
        if (ledger_.peeked_bytes <= room + awaited) {
            break;
        }
        awaited += require_reading(*each);
    }
}

// The one that has waited longest, if it may continue now. It is asked again as soon as that one has peeked something,
// or is done with it.
void sessions::resume_held_back() {
    while (!held_back_.empty()) {
        client& first = *held_back_.front();
        const bool has_next = first.outbox_.size() > first.peeked_;
        if (has_next && !may_peek(first.outbox_[first.peeked_])) {
            return;
        }
        held_back_.pop_front();
        first.held_back_ = false;
        wake(first, urgency::told);
        if (has_next) {
            return;
        }
    }
}

}  // namespace hookd::core
