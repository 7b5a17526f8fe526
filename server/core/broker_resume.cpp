// SPDX-License-Identifier: BSL-1.0
#include "broker.hpp"

#include <algorithm>
#include <utility>

// Resuming a push session: whether that is possible, and the events that only the journal holds.
namespace hookd::core {

using protocol::errc;
using protocol::error;

namespace {

// Of payloads that a session is handed out of the journal at once.
constexpr std::size_t most_missed_bytes = std::size_t{4} << 20;

protocol::event_fields fields_of(const journalled_event& event) {
    return {.seq = event.seq,
        .hook_event_id = event.hook_event_id,
        .event = event.event,
        .emitted_at = event.emitted_at,
        .expects_response = event.timeout.has_value(),
        .timeout = event.timeout && event.timeout->count() > 0 ? event.timeout : std::nullopt,
        .cause = event.cause,
        .host = event.host};
}

}  // namespace

error broker::resume_refusal(const std::string& why) const {
    return {errc::resume_impossible, "cannot resume: " + why + "; subscribe without after_seq to start afresh",
        protocol::resume_data(instance_, log_.oldest_seq(), head_seq_)};
}

std::optional<error> broker::refuse_resume(const protocol::subscribe_params& params) const {
    if (!params.instance.empty() && protocol::parse_uuid(params.instance.view()) != instance_) {
        return resume_refusal("that was another run of the daemon");
    }
    if (params.after_seq && *params.after_seq > head_seq_) {
        return resume_refusal("after_seq is past the newest event");
    }
    return std::nullopt;
}

bool broker::retains_all_after(
    std::uint64_t seq, name_matcher& matches, const protocol::subscribe_params& params) const {
    const bool spans_cluster = params.scope == protocol::event_scope::cluster;
    condition_steps steps;
    return log_.is_complete_after(seq, [&](const dropped_event& each) {
        return (each.expects_response || !params.asked_only) && (spans_cluster || !each.is_foreign) &&
               matches(each.name) && each.may_meet(params.where, steps);
    });
}

bool broker::needs_journal(
    client& client, const protocol::subscribe_params& params, const missed_events& missed) const {
    if (!params.after_seq || missed.is_cut || missed.is_lost || refuse_subscription(client, params) ||
        refuse_resume(params)) {
        return false;
    }
    base::pointer_set pointers;
    const session wanted{0, client, params, params.responds, *params.after_seq, pointers};
    name_matcher matches{wanted};
    return !retains_all_after(std::max(*params.after_seq, missed.through_seq), matches, params) && !matches.refuse();
}

void broker::collect_missed(client& client, const protocol::subscribe_params& params,
    std::vector<journalled_event> found, missed_events& missed) const {
    base::pointer_set pointers;
    const session wanted{0, client, params, params.responds, 0, pointers};
    name_matcher matches{wanted};
    auto steps = steps_of_resume;
    for (auto& each : found) {
        const auto seq = each.seq;
        const auto size = each.payload ? each.payload->size() : 0;
        if (matches.once(each.event) && sessions::sees(wanted, !each.host.empty()) &&
            (each.timeout || !wanted.asked_only())) {
            if (!each.payload || each.is_masked) {
                missed.is_lost = true;
                return;
            }
            payload_view payload{pointers, *each.payload, steps};
            if (sessions::wants(wanted, each.timeout.has_value(), payload)) {
                if (!missed.events.empty() &&
                    (missed.events.size() >= limits_.capacity || missed.bytes + size > most_missed_bytes)) {
                    missed.is_cut = true;
                    return;
                }
                missed.bytes += size;
                missed.events.push_back(std::move(each));
            }
        }
        missed.through_seq = seq;
    }
    missed.is_lost = found.empty() || matches.refuse();
}

std::variant<broker::backlog, error> broker::find_backlog(
    client& client, const protocol::subscribe_params& params, const missed_events& missed, instant now) {
    if (auto failure = refuse_resume(params)) {
        return std::move(*failure);
    }
    base::pointer_set pointers;
    const session wanted{0, client, params, params.responds && !client.is_half_closed(), 0, pointers};
    name_matcher matches{wanted};
    if (params.after_seq && !missed.is_cut &&
        !retains_all_after(std::max(*params.after_seq, missed.through_seq), matches, params)) {
        return resume_refusal("events after after_seq are no longer retained");
    }
    bool is_cut = missed.is_cut;
    auto from_journal = make_missed(missed, is_cut, now);
    const auto size = from_journal.size();
    backlog found{.events = std::move(from_journal)};
    if (!is_cut) {
        add_kept(found, wanted, matches, params.after_seq, missed.through_seq);
        is_cut = size > 0 && found.events.size() > limits_.capacity;
    }
    if (auto failure = matches.refuse()) {
        return std::move(*failure);
    }
    if (is_cut) {
        found.events.resize(std::min(found.events.size(), std::max<std::size_t>(limits_.capacity, 1)));
        found.parked.clear();
        found.is_cut = true;
    }
    return found;
}

// They take the room of retained events, which the journal holds as well, and of nobody who waits for his; but one is
// handed out whatever else is there, so that each attempt to resume comes further.
std::vector<event::pointer> broker::make_missed(const missed_events& missed, bool& is_cut, instant now) {
    std::vector<event::pointer> made;
    made.reserve(missed.events.size());
    for (const auto& each : missed.events) {
        const auto fields = fields_of(each);
        const auto head = protocol::measure_event_head(fields);
        const auto bytes = event::footprint(head, *each.payload);
        while (ledger_.live_bytes + bytes > limits_.capacity_bytes && !log_.empty()) {
            is_cut = is_cut || log_.oldest_seq() > missed.through_seq;
            log_.drop_oldest();
        }
        if (ledger_.live_bytes + bytes > limits_.capacity_bytes && !made.empty()) {
            is_cut = true;
            break;
        }
        made.push_back(event::make(
            fields, head, *each.payload, ledger_, nullptr, due_time(fields.emitted_at, fields.timeout, now)));
    }
    return made;
}

}  // namespace hookd::core
