// SPDX-License-Identifier: BSL-1.0
#include "broker.hpp"

#include <algorithm>

// The memory of events: what is retained, what waits for sessions, and what their connections are writing, within
// capacity_bytes. The newest event always fits.
//
// Past the bound retained events go, then what waits for sessions that have ended, then those who hold more than their
// part of it: what waits for them is dropped, and their sessions end. What a connection is writing can only be had back
// by its peer's reading it, or by closing the connection: so no more than the bound is handed out, and whoever holds on
// to it while others wait must read, or goes.
namespace hookd::core {
namespace {

// Handed out beyond the bound, to a quarter of it: peers that read are served while others hold all that there is.
constexpr std::size_t small_event_bytes = std::size_t{64} << 10;

}  // namespace

void broker::make_room(std::size_t bytes, topic& target, instant now) {
    const auto fits = [&] { return ledger_.live_bytes + bytes <= limits_.capacity_bytes; };
    while (!fits() && !log_.empty()) {
        forget_oldest_event();
    }
    if (!fits() && closing_ > 0) {
        // Those have been told off already; what they lose is the end of their prefix.
        for (auto& [id, each] : clients_) {
            if (each->push && each->push->closing && !each->push->told) {
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
std::vector<client*> broker::large_holders(std::size_t room) const {
    std::vector<client*> holders;
    for (const auto& [id, each] : clients_) {
        if (!each->outbox.empty()) {
            holders.push_back(each.get());
        }
    }
    const std::size_t part = room / std::max<std::size_t>(holders.size(), 1);
    std::erase_if(holders, [part](const client* each) { return each->outbox.bytes() <= part; });
    std::sort(holders.begin(), holders.end(), [](const client* a, const client* b) {
        if (a->must_read != b->must_read) {
            return a->must_read;
        }
        return a->outbox.bytes() != b->outbox.bytes() ? a->outbox.bytes() > b->outbox.bytes() : a->id < b->id;
    });
    return holders;
}

// No more of them than the room that is needed, where those that must read are taken to give theirs back. But what is
// there already takes no more than the bound, whoever reads when.
void broker::push_holders_out(std::size_t bytes, instant now) {
    const std::size_t room = limits_.capacity_bytes - std::min(bytes, limits_.capacity_bytes);
    std::size_t awaited = 0;
    for (client* const each : large_holders(room)) {
        if (ledger_.live_bytes <= std::min(room + awaited, limits_.capacity_bytes)) {
            break;
        }
        if (each->outbox.size() > each->peeked) {
            close(*each->push, protocol::close_reason::lagged, now);
            lose_queue(*each);
        }
        if (ledger_.live_bytes > room + awaited) {
            awaited += require_reading(*each);
        }
    }
}

// Returns how many bytes it gives back by reading.
std::size_t broker::require_reading(client& holder) {
    if (holder.peeked == 0) {
        return 0;
    }
    holder.must_read = true;
    mark_ready(holder);
    return holder.outbox.bytes();
}

bool broker::may_peek(const event& next) const noexcept {
    if (next.is_peeked() || ledger_.peeked_bytes == 0) {
        return true;
    }
    const std::size_t all = ledger_.peeked_bytes + next.footprint_bytes();
    return all <= limits_.capacity_bytes ||
           (next.footprint_bytes() <= small_event_bytes && all <= limits_.capacity_bytes + limits_.capacity_bytes / 4);
}

void broker::peek_batch(client& to, std::size_t most_events, std::size_t most_bytes, std::vector<event*>& out) {
    const std::size_t first = to.peeked;
    const std::size_t end = to.muted ? first : first + std::min(most_events, to.outbox.size() - first);
    std::size_t bytes = 0;
    for (; to.peeked < end; ++to.peeked) {
        event& next = to.outbox[to.peeked];
        if (is_handed_out_later(to, next.position())) {
            break;
        }
        bytes += next.footprint_bytes();
        if (bytes > most_bytes && to.peeked > first) {
            break;
        }
        if (!may_peek(next)) {
            hold_back(to);
            break;
        }
        next.add_peek();
        record_delivery(next, *to.push);
        out.push_back(&next);
    }
    if (to.peeked > first) {
        // Events of a session wait only while it is there: unsubscribe drops what is queued.
        to.push->last_seq = std::max(to.push->last_seq, out.back()->seq());
        resume_held_back();
    }
}

void broker::end_peek(client& from, std::size_t count) noexcept {
    for (std::size_t i = 0; i < count; ++i) {
        from.outbox[i].remove_peek();
    }
    from.outbox.pop_front(count);
    from.peeked -= count;
}

void broker::hold_back(client& to) {
    if (to.held_back) {
        return;
    }
    to.held_back = true;
    held_back_.push_back(&to);
    const std::size_t bytes = to.outbox[to.peeked].footprint_bytes();
    const std::size_t room = limits_.capacity_bytes - std::min(bytes, limits_.capacity_bytes);
    std::size_t awaited = 0;
    for (client* const each : large_holders(room)) {
        if (ledger_.peeked_bytes <= room + awaited) {
            break;
        }
        awaited += require_reading(*each);
    }
}

// The one that has waited longest, if it may go on now. It is asked again as soon as that one has been handed
// something, or is done with it.
void broker::resume_held_back() {
    while (!held_back_.empty()) {
        client& first = *held_back_.front();
        const bool has_next = first.outbox.size() > first.peeked;
        if (has_next && !may_peek(first.outbox[first.peeked])) {
            return;
        }
        held_back_.pop_front();
        first.held_back = false;
        mark_ready(first);
        if (has_next) {
            return;
        }
    }
}

}  // namespace hookd::core
