// SPDX-License-Identifier: BSL-1.0
#include "broker.hpp"

#include <algorithm>
#include <memory>
#include <utility>

// The durable log: how far it has come, what it loses, and what a restart continues. What is written is said where it
// changes: events here and in event_log, waits in waits_durable.cpp, results in operation_table.
namespace hookd::core {

using protocol::error;

namespace {

const durable_change* find(const durable_records& records, durable_kind kind) {
    const auto found =
        std::find_if(records.begin(), records.end(), [kind](const durable_change& each) { return each.kind == kind; });
    return found == records.end() ? nullptr : &*found;
}

// Calls `visit(key, record)` for each record of that kind.
template <class Visit>
void for_each(const durable_records& records, durable_kind kind, Visit visit) {
    for (const auto& each : records) {
        if (each.kind == kind && each.value) {
            visit(each.key, std::string_view{*each.value});
        }
    }
}

template <class Decode>
auto decode_all(const durable_records& records, durable_kind kind, Decode decode) {
    std::vector<decltype(decode(std::string_view{}))> found;
    for_each(records, kind, [&](const std::string&, std::string_view record) { found.push_back(decode(record)); });
    return found;
}

}  // namespace

void broker::once_durable(client& client, durable_handler handler) {
    if (is_durable()) {
        return handler(nullptr);
    }
    auto answer = std::make_shared<in_flight_answer>(client.account().shared_in_flight());
    durability_.once_committed([answer = std::move(answer), handler = std::move(handler)](const error* lost) {
        answer->release();
        handler(lost);
    });
}

void broker::committed(std::uint64_t position, instant now) {
    durability_.committed(position);
    if (recorder_ != nullptr) {
        recorder_->events_committed(durability_.committed_seq());
    }
    waits_.release_committed();
    sessions_.release_committed();
    waits_.advance_pending(now);
}

void broker::lost(const std::string& reason, instant now) {
    const error failure = protocol::limit_error("journal", 0,
        "the journal cannot be written, so this cannot be made durable: " + reason + ": retry when it can be");
    operations_.take_back();
    waits_.take_back(failure, now);
    sessions_.take_back();
    head_seq_ = durability_.committed_seq();
    log_.take_back(head_seq_);
    durability_.lost(failure);
    if (recorder_ != nullptr) {
        recorder_->events_refused();
    }
    sessions_.release_committed();
    waits_.advance_pending(now);
}

// --- what a restart continues ---

void broker::make_durable(durable_log& log, const durable_records& records, instant now) {
    const auto* const run = find(records, durable_kind::run);
    if (run != nullptr) {
        const auto continued = decode_run(*run->value);
        instance_ = continued.instance;
        operations_.use_seed(continued.seed);
    }
    durability_.begin(log, run != nullptr ? std::string{} : encode(durable_run{instance_, operations_.seed()}));
    const auto events = restore_events(records, now);
    durability_.begin_after(head_seq_);
    restore_operations(records, now);
    restore_waits(records, events, now);
    restore_replies(records);
    retain(events);
    sessions_.begin_after(absent_.last_id());
    waits_.end_restoring();
    waits_.advance_pending(now);
}

std::vector<event::pointer> broker::restore_events(const durable_records& records, instant now) {
    std::vector<event::pointer> events;
    if (const auto* const head = find(records, durable_kind::head)) {
        head_seq_ = decode_number(*head->value);
    }
    for (const auto& each : decode_all(records, durable_kind::event, decode_event)) {
        events.push_back(event::make(each.fields, protocol::measure_event_head(each.fields), each.payload, ledger_,
            nullptr, due_time(each.fields.emitted_at, each.fields.timeout, now)));
        head_seq_ = std::max(head_seq_, each.fields.seq);
    }
    return events;
}

void broker::restore_operations(const durable_records& records, instant now) {
    auto found = decode_all(records, durable_kind::operation, decode_operation);
    std::stable_sort(found.begin(), found.end(),
        [](const durable_operation& a, const durable_operation& b) { return a.done_at < b.done_at; });
    for (auto& each : found) {
        // A clock that has been set back makes none of them younger than those after it.
        const auto age = std::max(now.wall - each.done_at, wall_time::duration::zero());
        operations_.restore(each.id, each.method, each.digest, std::move(each.done), age, now);
    }
}

void broker::restore_waits(const durable_records& records, const std::vector<event::pointer>& events, instant now) {
    auto found = decode_all(records, durable_kind::wait, decode_wait);
    std::sort(found.begin(), found.end(), [](const durable_wait& a, const durable_wait& b) { return a.seq < b.seq; });
    for (const auto& each : found) {
        const auto event = std::lower_bound(events.begin(), events.end(), each.seq,
            [](const event::pointer& a, std::uint64_t seq) { return a->seq() < seq; });
        if (event != events.end() && (*event)->id() == each.id && !waits_.knows(each.id)) {
            waits_.restore(each, *event, absent_, records_, now);
        } else {
            durability_.erase(durable_kind::wait, key_of(each.id));
        }
    }
}

void broker::restore_replies(const durable_records& records) {
    for_each(records, durable_kind::reply, [this](const std::string& key, std::string_view record) {
        if (!waits_.restore_reply(decode_reply(record))) {
            durability_.erase(durable_kind::reply, key);
        }
    });
}

void broker::record_restored() {
    if (recorder_ != nullptr) {
        waits_.for_each_restored([this](const slot& open, const event::pointer& event) {
            recorder_->event_restored(*event, open.emitter_uid(), open.responder_count(), secrets_);
        });
    }
}

// Those that follow each other up to the newest. What is before them is there for waits.
void broker::retain(const std::vector<event::pointer>& events) {
    std::size_t first = events.size();
    for (std::uint64_t seq = head_seq_; first > 0 && events[first - 1]->seq() == seq; --seq) {
        --first;
    }
    for (std::size_t i = 0; i < first; ++i) {
        durability_.event_dropped(events[i]->seq());
    }
    log_.begin_after(head_seq_ - (events.size() - first));
    for (std::size_t i = first; i < events.size(); ++i) {
        log_.append(events[i]);
    }
    while (ledger_.live_bytes > limits_.capacity_bytes && log_.size() > 1) {
        log_.drop_oldest();
    }
}

}  // namespace hookd::core
