// SPDX-License-Identifier: BSL-1.0
#include "broker.hpp"

#include <algorithm>

// Clients, events and their way out. Waits are in broker_waits.cpp, push sessions in broker_sessions.cpp.
namespace hookd::core {

using protocol::errc;
using protocol::error;

broker::broker(const broker_limits& limits, steady_time started)
    : limits_(limits),
      started_(started),
      instance_(ids_.next()),
      memory_(limits.memory_bytes),
      operations_(memory_, durability_),
      log_(limits.capacity) {}

broker::~broker() {
    // Intrusive lists must be empty before what they link goes; waiters are the caller's and are left alone.
    deadlines_.clear();
    parked_.clear();
    for (auto& [id, entry] : slots_) {
        if (entry.open) {
            entry.open->waiters.clear();
        }
    }
    for (auto& [id, each] : clients_) {
        each->waiters.clear();
        each->slots.clear();
    }
}

client& broker::attach(const peer& who, event_sink* owner) {
    auto made = std::make_unique<client>();
    made->id = ++last_client_id_;
    made->who = who;
    made->user = &accounts_.of(who.uid, who.is_named);
    made->owner = owner;
    client& result = *made;
    clients_.emplace(result.id, std::move(made));
    return result;
}

void broker::detach(client& gone, instant now) {
    end_session(gone, now);
    std::vector<replay_table::replay> unwanted;
    replays_.forget(gone.id, unwanted);
    tell_replays_are_over(unwanted, protocol::refusal::cancelled, now);
    while (!gone.waiters.empty()) {
        give_up(gone.waiters.front(), false, now);  // an operation lives on, so that a retry finds it
    }
    for (auto& each : gone.slots) {
        each.owner = nullptr;
    }
    gone.slots.clear();
    if (gone.ready) {
        std::erase(ready_, &gone);
    }
    if (gone.held_back) {
        std::erase(held_back_, &gone);
    }
    if (gone.awaits_commit) {
        std::erase(awaiting_commit_, &gone);
    }
    end_peek(gone, gone.peeked);
    clients_.erase(gone.id);
    resume_held_back();
}

void broker::half_close(client& quiet, instant now) {
    quiet.half_closed = true;
    if (quiet.push) {
        quiet.push->responds = false;
        replays_.fail(*quiet.push, "left", now.steady);
        announce_session(*quiet.push);
        abandon_expected(*quiet.push, now);
    }
    advance_pending(now);
}

bool broker::is_owed_anything(const client& who) noexcept {
    return (who.push && !who.push->told) || !who.waiters.empty() || !who.outbox.empty() || !who.notices.empty() ||
           who.in_flight != 0 || who.held_answers != 0;
}

std::optional<error> broker::add_in_flight(client& by) const {
    if (by.in_flight >= limits_.max_waiting_per_connection) {
        return protocol::limit_error("max_waiting_per_connection", limits_.max_waiting_per_connection,
            "this connection waits for as many answers as it may: wait for one, or use another connection");
    }
    ++by.in_flight;
    return std::nullopt;
}

broker::async_start broker::begin_async(client& by, const protocol::uuid& operation, std::string_view method,
    std::string_view raw_params, deferred_handler then, instant now) {
    auto known = operations_.find(operation, method, raw_params, now);
    if (auto* const failure = std::get_if<error>(&known)) {
        return std::move(*failure);
    }
    auto* const found = std::get<operation_table::operation*>(known);
    if (found != nullptr && found->asked.empty()) {
        if (const auto* const done = std::get_if<protocol::emit_result>(&found->done)) {
            std::string text;
            append_json(text, *done);
            return text;
        }
        return std::get<std::string>(found->done);
    }
    if (auto failure = add_in_flight(by)) {
        return std::move(*failure);
    }
    if (found != nullptr) {
        found->asked.push_back(std::move(then));
        return pending{};
    }
    operations_.begin_async(operation, method, raw_params, std::move(then));
    return new_operation{};
}

void broker::finish_async(const protocol::uuid& operation, const deferred_result& result, instant now) {
    once_durable([asked = operations_.finish_async(operation, result, now), result](const error* lost) {
        for (const auto& then : asked) {
            then(lost != nullptr ? deferred_result{*lost} : result);
        }
    });
}

template <class Params>
protocol::event_fields broker::next_event(const Params& params, instant now) {
    protocol::event_fields fields{.seq = ++head_seq_, .event = params.event.view(), .cause = params.cause.view()};
    if (params.origin == nullptr) {
        fields.hook_event_id = ids_.next();
        fields.emitted_at = now.wall;
    } else {
        fields.hook_event_id = params.origin->hook_event_id;
        fields.emitted_at = params.origin->emitted_at;
        fields.host = params.origin->host;
    }
    return fields;
}

template protocol::event_fields broker::next_event(const protocol::emit_params& params, instant now);
template protocol::event_fields broker::next_event(const protocol::emit_and_wait_params& params, instant now);

broker::result_or_error<protocol::emit_result> broker::emit(
    client& by, const protocol::emit_params& params, std::string_view raw_params, instant now) {
    if (shutting_down_) {
        return error{errc::shutting_down, "the daemon is shutting down: connect again when it is back"};
    }
    if (params.operation_id) {
        auto known = operations_.find(*params.operation_id, protocol::emit_params::method, raw_params, now);
        if (auto* const failure = std::get_if<error>(&known)) {
            return std::move(*failure);
        }
        if (const auto* const operation = std::get<operation_table::operation*>(known)) {
            if (const auto* const done = std::get_if<protocol::emit_result>(&operation->done)) {
                return *done;
            }
            return error{errc::invalid_params,
                "parameter 'operation_id' was used for an event of scope cluster: say scope cluster in the retry, too"};
        }
    }
    if (auto failure = refuse_origin(params.origin)) {
        return std::move(*failure);
    }
    if (params.reserve) {
        if (auto failure = refuse_reservation(by)) {
            return std::move(*failure);
        }
    }
    auto fields = next_event(params, now);
    slot* reserved = nullptr;
    if (params.reserve) {
        fields.expects_response = true;
        fields.timeout = params.reserve;
        reserved = &open_reservation(fields, by, *params.reserve, now);
    }
    const protocol::emit_result result{
        fields.hook_event_id, fields.seq, publish(fields, params.payload, by, reserved, now).subscribers};
    if (reserved != nullptr) {
        write_wait(*reserved);
    }
    advance_pending(now);
    if (params.operation_id) {
        operations_.add(*params.operation_id, protocol::emit_params::method, raw_params, result, now);
    }
    return result;
}

broker::published broker::publish(
    const protocol::event_fields& fields, std::string_view payload, const client& by, slot* awaiting, instant now) {
    topic& target = topics_.find(fields.event);
    ++target.events;
    const auto head = protocol::measure_event_head(fields);
    frame_memory* const shared = event::worth_sharing(payload, by.reads_from);
    make_room(event::footprint(head, payload, shared), target, now);
    published result{
        event::make(fields, head, payload, ledger_, shared, awaiting != nullptr ? awaiting->when : steady_time{}), 0};
    if (durability_.is_on()) {
        durability_.put(durable_kind::event, key_of(fields.seq), encode(*result.what));
        result.what->set_position(durability_.position());
        gathered_event_bytes_ += result.what->footprint_bytes();
        if (awaiting != nullptr) {
            awaiting->position = result.what->position();
            uncommitted_waits_.emplace_back(awaiting->position, awaiting->id);
        }
    }
    payload_view conditions{payload};
    const bool begins_chain =
        awaiting != nullptr && awaiting->turns &&
        std::any_of(target.matches.begin(), target.matches.end(),
            [&conditions](const session* each) { return each->decides() && wants(*each, true, conditions); });
    for (session* const each : target.matches) {
        if (!sees(*each, fields.host)) {
            continue;
        }
        const bool is_awaited = awaiting != nullptr && each->decides();
        const bool matches = wants(*each, awaiting != nullptr, conditions);
        if (!matches && is_awaited && awaiting->foreign) {
            awaiting->foreign->passed.push_back(each->name());
        }
        if (matches && each->verdicts && !each->where.empty() && awaiting != nullptr) {
            awaiting->watchers.push_back(each->id);
        }
        if (!matches) {
            if (begins_chain && is_awaited) {
                add_responder(*awaiting, *each);  // when its turn comes the payload may be another one
            }
            continue;
        }
        if (!each->closing && each->of->outbox.size() >= limits_.capacity) {
            close(*each, protocol::close_reason::lagged, now);
        }
        if (each->closing) {
            if (is_awaited) {
                add_lagged(*awaiting, *each);
            }
            continue;
        }
        if (is_awaited) {
            auto& asked = add_responder(*awaiting, *each);
            if (awaiting->turns) {
                continue;  // until its turn comes
            }
            ask(asked, each->of->sent + each->of->outbox.size());
        } else if (awaiting != nullptr && each->shadow) {
            note_shadow(*each, fields.hook_event_id, now);
        }
        queue(*each->of, *result.what);
        ++result.subscribers;
    }
    if (log_.full()) {
        forget_oldest_event();
    }
    log_.append(result.what);
    if (recorder_ != nullptr) {
        recorder_->event_published(*result.what, by.who, result.subscribers, secrets_);
    }
    return result;
}

std::vector<completion> broker::take_completions(std::vector<completion> spare) {
    spare.clear();
    return std::exchange(completions_, std::move(spare));
}

event_sink* broker::take_next_ready() {
    if (ready_.empty()) {
        return nullptr;
    }
    client& next = *ready_.front();
    ready_.pop_front();
    next.ready = false;
    return next.owner;
}

bool broker::peek_same_batch(client& to, std::span<event* const> events) {
    if (to.muted || !to.outbox.has(to.peeked, events)) {
        return false;
    }
    for (event* const each : events) {
        each->add_peek();
        record_delivery(*each, *to.push);
    }
    to.peeked += events.size();
    to.push->last_seq = std::max(to.push->last_seq, events.back()->seq());
    return true;
}

event::pointer broker::take_next(client& to) {
    if (to.outbox.empty() || is_handed_out_later(to, to.outbox[0].position())) {
        return {};
    }
    auto next = to.outbox.take_front();
    ++to.sent;
    to.push->last_seq = std::max(to.push->last_seq, next->seq());
    record_delivery(*next, *to.push);
    ++deliveries_;
    return next;
}

std::optional<notice> broker::take_notice(client& to) {
    if (to.muted || to.notices.empty() || (to.notices.front().after > to.sent && !to.outbox.empty())) {
        return std::nullopt;
    }
    if (is_handed_out_later(to, to.notices.front().position)) {
        return std::nullopt;
    }
    auto next = std::move(to.notices.front());
    to.notices.pop_front();
    return next;
}

void broker::peeked_events(const client& to, std::vector<event*>& out) {
    for (std::size_t i = 0; i < to.peeked; ++i) {
        out.push_back(&to.outbox[i]);
    }
}

void broker::forget_peeked(client& to) {
    const std::size_t lost = to.peeked;
    sent(to, lost);
    deliveries_ -= lost;
}

void broker::sent(client& to, std::size_t count) {
    end_peek(to, count);
    to.sent += count;
    deliveries_ += count;
    to.must_read = false;
    resume_held_back();
}

// Those that subscribed, and registered hooks that are disabled, by name.
void broker::summarize_responders(std::vector<protocol::stats_result::responder>& out) const {
    records_.summarize(out);
    auto left = set_aside_names_;
    for (auto& each : out) {
        if (const auto registered = left.find(each.name); registered != left.end()) {
            each.enabled = registered->second;
            left.erase(registered);
        }
    }
    for (const auto& [name, enabled] : left) {
        auto& one = out.emplace_back();
        one.name = name;
        one.enabled = enabled;
    }
    std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
}

protocol::stats_result broker::stats(instant now) const {
    protocol::stats_result result;
    result.uptime_s = std::chrono::duration<double>(now.steady - started_).count();
    result.waiting = open_slots_;
    result.head_seq = head_seq_;
    result.retained_events = log_.size();
    result.retained_bytes = log_.bytes();
    result.events_total = head_seq_;
    result.deliveries = deliveries_;
    result.accepted = accepted_;
    std::copy(std::begin(refused_), std::end(refused_), std::begin(result.refused));
    std::copy(std::begin(outcomes_), std::end(outcomes_), std::begin(result.outcomes));
    result.lagged = lagged_;
    result.proceeded = proceeded_;
    result.vetoed = vetoed_;
    result.failed_closed = failed_closed_;
    result.bypassed = bypassed_;
    result.bypass = bypass_now(now);
    summarize_responders(result.hooks);
    topics_.for_each([&result](const topic& each) {
        auto& times = result.events.emplace_back();
        times.name = each.name;
        times.count = each.events;
        each.times.summarize(times);
    });
    std::vector<const client*> subscribed;
    for (const auto& [id, each] : clients_) {
        if (each->push) {
            subscribed.push_back(each.get());
        }
    }
    std::sort(subscribed.begin(), subscribed.end(),
        [](const client* a, const client* b) { return a->push->id < b->push->id; });
    for (const client* const each : subscribed) {
        result.sessions.push_back({.name = each->push->name(),
            .pid = each->who.pid,
            .uid = each->who.uid,
            .queued = each->outbox.size(),
            .lagged = each->push->closing == protocol::close_reason::lagged});
    }
    result.subscribers = static_cast<std::size_t>(
        std::count_if(subscribed.begin(), subscribed.end(), [](const client* each) { return !each->push->told; }));
    return result;
}

}  // namespace hookd::core
