// SPDX-License-Identifier: BSL-1.0
#include "broker_state.hpp"

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

void broker_state::make_room(std::size_t bytes, topic& target, instant now) {
    const auto fits = [&] { return ledger_.live_bytes + bytes <= limits_.capacity_bytes; };
    while (!fits() && !log_.empty()) {
        log_.drop_oldest();
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
std::vector<client*> broker_state::large_holders(std::size_t room) const {
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
void broker_state::push_holders_out(std::size_t bytes, instant now) {
    const std::size_t room = limits_.capacity_bytes - std::min(bytes, limits_.capacity_bytes);
    std::size_t awaited = 0;
    for (client* const each : large_holders(room)) {
        if (ledger_.live_bytes <= std::min(room + awaited, limits_.capacity_bytes)) {
            break;
        }
        if (each->outbox.size() > each->handed_out) {
            close(*each->push, protocol::close_reason::lagged, now);
            lose_queue(*each);
        }
        if (ledger_.live_bytes > room + awaited) {
            awaited += press_to_read(*each);
        }
    }
}

// Returns how many bytes it gives back by reading.
std::size_t broker_state::press_to_read(client& holder) {
    if (holder.handed_out == 0) {
        return 0;
    }
    holder.must_read = true;
    mark_ready(holder);
    return holder.outbox.bytes();
}

bool broker_state::may_hand_out(const event& next) const noexcept {
    if (next.is_handed_out() || ledger_.handed_out_bytes == 0) {
        return true;
    }
    const std::size_t all = ledger_.handed_out_bytes + next.footprint_bytes();
    return all <= limits_.capacity_bytes ||
           (next.footprint_bytes() <= small_event_bytes && all <= limits_.capacity_bytes + limits_.capacity_bytes / 4);
}

void broker_state::hand_out(client& to, std::size_t most_events, std::size_t most_bytes, std::vector<event*>& out) {
    const std::size_t first = to.handed_out;
    const std::size_t end = to.muted ? first : first + std::min(most_events, to.outbox.size() - first);
    std::size_t bytes = 0;
    for (; to.handed_out < end; ++to.handed_out) {
        event& next = to.outbox[to.handed_out];
        bytes += next.footprint_bytes();
        if (bytes > most_bytes && to.handed_out > first) {
            break;
        }
        if (!may_hand_out(next)) {
            hold_back(to);
            break;
        }
        next.hand_out();
        record_hand_out(next, *to.push);
        out.push_back(&next);
    }
    if (to.handed_out > first) {
        // Events of a session wait only while it is there: unsubscribe drops what is queued.
        to.push->last_seq = std::max(to.push->last_seq, out.back()->seq());
        wake_held_back();
    }
}

void broker_state::take_back(client& from, std::size_t count) noexcept {
    for (std::size_t i = 0; i < count; ++i) {
        from.outbox[i].take_back();
    }
    from.outbox.pop_front(count);
    from.handed_out -= count;
}

void broker_state::hold_back(client& to) {
    if (to.held_back) {
        return;
    }
    to.held_back = true;
    held_back_.push_back(&to);
    const std::size_t bytes = to.outbox[to.handed_out].footprint_bytes();
    const std::size_t room = limits_.capacity_bytes - std::min(bytes, limits_.capacity_bytes);
    std::size_t awaited = 0;
    for (client* const each : large_holders(room)) {
        if (ledger_.handed_out_bytes <= room + awaited) {
            break;
        }
        awaited += press_to_read(*each);
    }
}

// The one that has waited longest, if it may go on now. It is asked again as soon as that one has been handed
// something, or is done with it.
void broker_state::wake_held_back() {
    while (!held_back_.empty()) {
        client& first = *held_back_.front();
        const bool has_next = first.outbox.size() > first.handed_out;
        if (has_next && !may_hand_out(first.outbox[first.handed_out])) {
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
