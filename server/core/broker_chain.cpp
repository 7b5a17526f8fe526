// SPDX-License-Identifier: BSL-1.0
#include "broker.hpp"

#include <algorithm>
#include <tuple>

// Waits of policy "chain": the responders are all noted when the event is published, and asked one after the other.
//
//   not asked --its turn--> asked --reply, abstains, fails, leaves--> the next one's turn
//       |\--its session lagged or left--> skipped, and missing
//       \---the payload of its turn does not meet its `where`--> passed, as if it were not there
//
// Whoever is asked gets the event as it was published, but for the payload, which is the one that those before it left,
// and the time, which is what is left of it.
namespace hookd::core {
namespace {

// The one whose turn it is; null while another is at work, or where all have had theirs.
responder* next_turn(slot& which) {
    responder* next = nullptr;
    const auto turn_of = [](const responder& each) { return std::tie(each.order, each.name(), each.session_id); };
    for (auto& each : which.responders) {
        if (each.is != responder::state::waiting) {
            continue;
        }
        if (each.is_asked()) {
            return nullptr;
        }
        if (next == nullptr || turn_of(each) < turn_of(*next)) {
            next = &each;
        }
    }
    return next;
}

std::string_view payload_of_turn(const slot& which) {
    const auto& turns = *which.turns;
    return turns.payload.empty() ? turns.published->payload() : std::string_view{turns.payload};
}

}  // namespace

void broker::ask_next(slot& which, instant now) {
    payload_view conditions{payload_of_turn(which)};
    while (responder* const next = next_turn(which)) {
        if (next->from == nullptr) {
            return;  // an earlier process asked it, and it has yet to come back
        }
        session& asked = *next->from;
        if (!conditions.meets(asked.where)) {
            record_reply(which, *next, responder::state::passed);
            continue;
        }
        if (!asked.closing && asked.of->outbox.size() >= limits_.capacity) {
            close(asked, protocol::close_reason::lagged, now);
        }
        const auto what = asked.closing ? event::pointer{} : event_for_turn(which, now);
        if (asked.closing) {  // perhaps by the room that the event took
            if (next->is == responder::state::waiting) {
                ++next->record->lagged;
                record_reply(which, *next, responder::state::lagged);
            }
            continue;
        }
        ask(*next, asked.of->sent + asked.of->outbox.size());
        return queue(*asked.of, *what);
    }
}

event::pointer broker::event_for_turn(const slot& which, instant now) {
    const auto& turns = *which.turns;
    const auto& first = *turns.published;
    const auto left =
        std::max(std::chrono::ceil<std::chrono::milliseconds>(which.when - now.steady), std::chrono::milliseconds{1});
    if (turns.payload.empty() && left == first.timeout()) {
        return turns.published;
    }
    const protocol::event_fields fields{.seq = first.seq(),
        .hook_event_id = first.id(),
        .event = first.name(),
        .emitted_at = first.emitted_at(),
        .expects_response = true,
        .timeout = left,
        .cause = first.cause()};
    const std::string_view payload = payload_of_turn(which);
    const auto head = protocol::measure_event_head(fields);
    make_room(event::footprint(head, payload), topics_.find(first.name()), now);
    auto made = event::make(fields, head, payload, ledger_, nullptr, which.when);
    made->set_position(which.is_durable ? durability_.position() : first.position());
    return made;
}

bool broker::is_turn_of(const client& by, std::string_view hook_event_id) const {
    const auto id = protocol::parse_uuid(hook_event_id);
    const auto at = id ? slots_.find(*id) : slots_.end();
    if (at == slots_.end() || !at->second.open || !at->second.open->turns || !by.push) {
        return false;
    }
    const auto& responders = at->second.open->responders;
    return std::any_of(responders.begin(), responders.end(), [&by](const responder& each) {
        return each.session_id == by.push->id && each.is == responder::state::waiting && each.is_asked();
    });
}

}  // namespace hookd::core
