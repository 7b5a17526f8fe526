// SPDX-License-Identifier: BSL-1.0
#include "broker.hpp"

#include <algorithm>

// Clients, events and time. Waits and replies are in broker_waits.cpp, push sessions in broker_sessions.cpp.
namespace hookd::core {

using protocol::errc;
using protocol::error;

error broker::shutdown_error() {
    return {errc::shutting_down, "the daemon is shutting down: connect again when it is back"};
}

broker::broker(const broker_limits& limits, steady_time started)
    : limits_(limits),
      started_(started),
      instance_(ids_.next()),
      memory_(limits.memory_bytes),
      operations_(memory_, durability_),
      budgets_(limits_, memory_, operations_),
      log_(limits.capacity, durability_),
      sessions_(limits_, ledger_, log_, durability_, *this),
      waits_(budgets_, operations_, durability_, *this) {}

// --- clients ---

client& broker::attach(const peer& peer, event_sink* sink, const client_options& options) {
    return sessions_.attach(peer, sink, options, budgets_.connect(peer.uid, peer.is_named));
}

void broker::detach(client& client, instant now) {
    end_session(client, now);
    std::vector<replay_table::replay> unwanted;
    replays_.forget(client.id(), unwanted);
    notify_replays_over(unwanted, protocol::refusal::cancelled, now);
    waits_.cancel_all(client.asker());
    sessions_.detach(client);
    waits_.advance_pending(now);
}

void broker::half_close(client& client, instant now) {
    sessions::half_close(client);
    if (session* const session = client.session()) {
        replays_.fail(*session, "left", now.steady);
        announce_to_cluster(*session);
        waits_.abandon_expected(*session);
    }
    waits_.advance_pending(now);
}

// --- events ---

protocol::event_fields broker::next_event(
    std::string_view name, std::string_view cause, const protocol::event_origin* origin, instant now) {
    protocol::event_fields fields{.seq = ++head_seq_, .event = name, .cause = cause};
    if (origin == nullptr) {
        fields.hook_event_id = ids_.next();
        fields.emitted_at = now.wall;
    } else {
        fields.hook_event_id = origin->hook_event_id;
        fields.emitted_at = origin->emitted_at;
        fields.host = origin->host;
    }
    return fields;
}

std::optional<error> broker::refuse_origin(const protocol::event_origin* origin) const {
    if (origin == nullptr || !waits_.knows(origin->hook_event_id)) [[likely]] {
        return std::nullopt;
    }
    return error{errc::invalid_params, "an event of that id has been here before"};
}

broker::published broker::publish(const protocol::event_fields& fields, std::string_view payload, const client& client,
    slot* slot, frame_memory* memory, instant now) {
    topic& target = sessions_.find_topic(fields.event);
    ++target.events;
    const auto head = protocol::measure_event_head(fields);
    frame_memory* const shared = event::worth_sharing(payload, memory);
    sessions_.make_room(event::footprint(head, payload, shared), target, now);
    published result{
        event::make(fields, head, payload, ledger_, shared, slot != nullptr ? slot->when() : steady_time{}), 0};
    if (durability_.is_on()) [[unlikely]] {
        durability_.event_published(*result.event);
    }
    const bool notes_passed = recorder_ != nullptr || slot != nullptr;
    passed_.clear();
    if (notes_passed && !target.disabled.empty()) [[unlikely]] {
        condition_steps steps;
        payload_view view{sessions_.topics().pointers(), payload, steps};
        note_disabled(target, fields.expects_response, view, passed_);
    }
    result.subscribers = slot != nullptr
                             ? ask_responders(*slot, target, *result.event, now)
                             : sessions_.deliver(target, *result.event, notes_passed ? &passed_ : nullptr, now);
    const auto passed_over = passed_.share(target.passed_over);
    if (slot != nullptr) {
        waits::set_passed_over(*slot, passed_over);
    }
    log_.append(result.event);
    if (recorder_ != nullptr) {
        recorder_->event_published(*result.event, client.peer(), result.subscribers, passed_over.get(), secrets_);
    }
    return result;
}

// But for one that was disabled a moment ago, and has its session still.
void broker::note_disabled(const topic& target, bool is_asked, payload_view& payload, pass_list& passed) {
    for (const auto* const each : target.disabled) {
        const auto& hook = each->definition;
        const bool is_for_it = (is_asked || !hook.asked_only) && payload.meets(each->where);
        const bool is_there = std::any_of(target.matches.begin(), target.matches.end(),
            [&hook](const session* other) { return other->name() == hook.name; });
        if (is_for_it && !is_there) {
            passed.add(hook.name, protocol::pass_reason::disabled);
        }
    }
}

// Returns how many sessions have got the event.
std::size_t broker::ask_responders(slot& slot, const topic& target, event& event, instant now) {
    const bool is_foreign = event.is_foreign();
    condition_steps steps;
    payload_view payload{sessions_.topics().pointers(), event.payload(), steps};
    const bool begins_chain =
        slot.is_chain() && std::any_of(target.matches.begin(), target.matches.end(), [&](const session* each) {
            return each->decides() && sessions::wants(*each, true, payload);
        });
    std::size_t subscribers = 0;
    for (session* const each : target.matches) {
        if (!sessions::sees(*each, is_foreign)) {
            continue;
        }
        const bool decides = each->decides();
        if (!sessions::wants(*each, true, payload)) {
            if (decides && slot.is_foreign()) {
                waits::add_passed(slot, *each);
            }
            if (decides && begins_chain) {
                waits_.expect(slot, *each);  // when its turn comes the payload may be another one
            } else {
                note_passed(&passed_, *each, protocol::pass_reason::where);
            }
            continue;
        }
        if (each->wants_verdicts() && !each->where().empty()) {
            waits::add_watcher(slot, *each);
        }
        if (!sessions_.accepts(*each, now)) {
            if (decides) {
                waits::add_lagged(slot, *each);
            }
            continue;
        }
        if (decides) {
            auto& asked = waits_.expect(slot, *each);
            if (slot.is_chain()) {
                continue;  // until its turn comes
            }
            waits::ask(asked, each->client().end_place());
        } else if (each->is_shadow()) {
            note_passed(&passed_, *each, protocol::pass_reason::shadow);
            ++each->record()->asked;
            each->shadow_asked().add({slot.id(), slot.seq(), slot.event_name(), now.steady});
        }
        sessions_.queue(each->client(), event);
        ++subscribers;
    }
    return subscribers;
}

std::size_t broker::count_responders(std::string_view event_name) {
    const auto& matches = sessions_.find_topic(event_name).matches;
    return static_cast<std::size_t>(
        std::count_if(matches.begin(), matches.end(), [](const session* each) { return each->decides(); }));
}

// --- emit ---

broker::result_or_error<protocol::emit_result> broker::emit(client& client, const protocol::emit_params& params,
    const request_bytes& request, instant now, const reservation_terms& terms) {
    constexpr auto method = protocol::emit_params::method;
    if (shutting_down_) {
        return shutdown_error();
    }
    if (params.operation_id) {
        auto known = operations_.find(*params.operation_id, method, request.params, now);
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
        if (auto failure = refuse_reservation(client, params.event.view(), terms)) {
            return std::move(*failure);
        }
    }
    auto fields = next_event(params.event.view(), params.cause.view(), params.origin, now);
    slot* reserved = nullptr;
    if (params.reserve) {
        fields.expects_response = true;
        fields.timeout = params.reserve;
        reserved = &reserve_slot(fields, client, terms, now);
    }
    const auto delivered = publish(fields, params.payload, client, reserved, request.memory, now);
    const protocol::emit_result result{fields.hook_event_id, fields.seq, delivered.subscribers};
    if (reserved != nullptr) {
        waits_.begin_reserved(*reserved);
        if (durability_.is_on()) {
            waits_.keep_durably(*reserved, client.peer().uid, now);
        }
    }
    waits_.advance_pending(now);
    if (params.operation_id) {
        operations_.add(*params.operation_id, method, request.params, result, now);
    }
    return result;
}

std::optional<error> broker::refuse_reservation(
    client& client, std::string_view event_name, const reservation_terms& terms) {
    if (auto failure = budgets_.refuse_reservation(client.account())) {
        return failure;
    }
    if (auto failure = waits_.refuse_wait(client.asker())) {
        return failure;
    }
    const std::size_t replies = terms.require.empty() ? 1 : std::max<std::size_t>(count_responders(event_name), 1);
    return budgets_.refuse_memory(client.account().user(), slot::room_for(replies));
}

// --- time ---

std::optional<steady_time> broker::next_deadline() const {
    auto next = waits_.next_deadline();
    const auto take_earlier = [&next](const std::optional<steady_time>& other) {
        if (other && (!next || *other < *next)) {
            next = other;
        }
    };
    if (!replays_.empty()) {
        take_earlier(replays_.next_deadline());
    }
    take_earlier(bypass_.next_deadline());
    return next;
}

void broker::expire(instant now) {
    std::vector<replay_table::replay> late;
    replays_.expire(now.steady, late);
    notify_replays_over(late, protocol::refusal::expired, now);
    bypass_.expire(now);
    waits_.expire(now);
}

void broker::shut_down(instant now) {
    shutting_down_ = true;
    write_changes();
    durability_.end();  // a retry after the restart continues what ends now
    bypass_.shut_down();
    waits_.shut_down(now);
    sessions_.for_each([this, now](client& each) {
        if (session* const session = each.session()) {
            sessions_.close(*session, protocol::close_reason::shutdown, now);
        }
    });
}

}  // namespace hookd::core
