// SPDX-License-Identifier: BSL-1.0
#include "broker.hpp"

#include <algorithm>

// Waits as requests: what is checked before one begins, who is asked, and what a reply or a turn in a chain needs.
namespace hookd::core {

using protocol::errc;
using protocol::error;
using protocol::wait_policy;

namespace {

// Of this host they are known without it.
std::vector<std::string> without_own_host(std::vector<std::string> names, const std::string& host) {
    for (auto& each : names) {
        if (!host.empty() && each.size() > host.size() + 1 && each[host.size()] == '/' && each.starts_with(host)) {
            each.erase(0, host.size() + 1);
        }
    }
    return names;
}

}  // namespace

// --- waits ---

broker::wait_start broker::emit_and_wait(client& client, const protocol::emit_and_wait_params& params,
    const request_bytes& request, std::unique_ptr<waiter>&& waiter, instant now) {
    constexpr auto method = protocol::emit_and_wait_params::method;
    if (shutting_down_) {
        return shutdown_error();
    }
    slot* under_way = nullptr;
    if (params.operation_id) {
        auto known = operations_.find(*params.operation_id, method, request.params, now);
        if (auto* const failure = std::get_if<error>(&known)) {
            return std::move(*failure);
        }
        if (const auto* const operation = std::get<operation_table::operation*>(known)) {
            if (operation->under_way == nullptr) {
                return std::get<protocol::wait_result>(operation->done);
            }
            under_way = operation->under_way;
        }
    }
    if (auto failure = waits_.refuse_wait(client.asker())) {
        return std::move(*failure);
    }
    if (under_way != nullptr) {
        if (auto failure = waits_.join(*under_way, std::move(waiter), client.asker())) {
            return std::move(*failure);
        }
        return pending{};
    }
    if (auto failure = refuse_question(client, params, *waiter)) {
        return std::move(*failure);
    }
    auto fields = next_event(params.event.view(), params.cause.view(), params.origin, now);
    fields.expects_response = true;
    fields.timeout = params.timeout.value_or(limits_.default_timeout);
    slot& opened = open_slot(fields, client, params, now);
    auto delivered = publish(fields, params.payload, client, &opened, request.memory, now);
    if (params.scope == protocol::event_scope::cluster && cluster_ != nullptr && fields.host.empty()) {
        ask_cluster(opened, delivered.event);
    }
    if (!opened.has_responders() && params.require_subscriber) {
        auto result = waits_.end_unasked(opened, now);
        if (params.operation_id) {
            operations_.add(*params.operation_id, method, request.params, result, now);
        }
        waits_.advance_pending(now);
        return result;
    }
    if (opened.is_chain()) {
        waits_.keep_chain_event(opened, delivered.event);
    }
    if (!opened.has_responders()) {
        waits_.park(opened, std::move(delivered.event));
    }
    if (params.operation_id) {
        operations_.begin(*params.operation_id, method, request.params, opened);
        waits::set_operation(opened, *params.operation_id);
        if (durability_.is_on()) {
            waits_.keep_durably(opened, client.peer().uid, now);
        }
    }
    waits_.begin(opened, std::move(waiter), client.asker(), now);
    waits_.advance_pending(now);
    return pending{};
}

std::optional<error> broker::refuse_question(
    client& client, const protocol::emit_and_wait_params& params, const waiter& waiter) {
    if (auto failure = refuse_origin(params.origin)) {
        return failure;
    }
    std::size_t replies = params.operation_id ? 1 : 0;
    if (params.policy.value_or(wait_policy::first) != wait_policy::first || !params.require.empty()) {
        replies = std::max<std::size_t>(count_responders(params.event.view()), params.require_subscriber ? 0 : 1);
    }
    if (auto failure =
            budgets_.refuse_memory(client.account().user(), waiter.footprint_bytes() + slot::room_for(replies))) {
        return failure;
    }
    if (auto failure = budgets_.refuse_held_event(params.payload.size())) {
        const bool is_held = params.policy == wait_policy::chain ||
                             (!params.require_subscriber && count_responders(params.event.view()) == 0);
        return is_held ? failure : std::nullopt;
    }
    return std::nullopt;
}

slot& broker::open_slot(
    const protocol::event_fields& fields, client& client, const protocol::emit_and_wait_params& params, instant now) {
    return waits_.open({.event = fields,
                           .policy = params.policy.value_or(wait_policy::first),
                           .on_failure = params.on_failure.value_or(protocol::failure_policy::open),
                           .require = without_own_host(params.require, limits_.host),
                           .is_foreign = !fields.host.empty()},
        client.asker(), *fields.timeout, now);
}

slot& broker::reserve_slot(
    const protocol::event_fields& fields, client& client, const reservation_terms& terms, instant now) {
    return waits_.reserve(
        {.event = fields, .on_failure = terms.on_failure, .require = without_own_host(terms.require, limits_.host)},
        client.asker(), *fields.timeout, now);
}

broker::wait_start broker::await_response(
    client& client, const protocol::await_response_params& params, std::unique_ptr<waiter>&& waiter, instant now) {
    if (shutting_down_) {
        return shutdown_error();
    }
    auto started = waits_.await(params.hook_event_id.view(), std::move(waiter), client.asker(),
        params.timeout.value_or(limits_.default_timeout), now);
    waits_.advance_pending(now);
    return started;
}

void broker::cancel(client& client, std::string_view request_id, instant now) {
    waits_.cancel(client.asker(), request_id, now);
    std::vector<replay_table::replay> cancelled;
    replays_.cancel(client.id(), request_id, cancelled);
    notify_replays_over(cancelled, protocol::refusal::cancelled, now);
}

void broker::cancel(waiter& waiter, instant now) { waits_.cancel(waiter, now); }

// --- replies ---

broker::result_or_error<protocol::respond_result> broker::respond(
    client& client, const protocol::respond_params& params, instant now) {
    if (shutting_down_) {
        return shutdown_error();
    }
    const auto is_due = [now](const std::optional<steady_time>& due) { return due && *due <= now.steady; };
    while (is_due(waits_.next_deadline()) || is_due(bypass_.next_deadline())) {
        expire(now);  // what is due is over, though the timer may not have had its turn
    }
    session* const session = client.session();
    if (session != nullptr && session->is_shadow() && record_shadow(*session, params, now)) {
        waits_.count_accepted();
        return protocol::respond_result{};  // whatever it says, and however late, decides nothing
    }
    if (take_replayed_reply(client, params, now)) {
        return protocol::respond_result{};
    }
    auto result = waits_.respond({.client_id = client.id(),
                                     .session = session,
                                     .name = client.name(),
                                     .uid = client.peer().uid,
                                     .user = client.account().user(),
                                     .requests_stay = client.options().requests_stay},
        params, now);
    waits_.advance_pending(now);
    return result;
}

// Whether it was asked, and has not replied yet.
bool broker::record_shadow(session& session, const protocol::respond_params& params, instant now) {
    const auto id = protocol::parse_uuid(params.hook_event_id.view());
    const auto asked = id ? session.shadow_asked().take(*id) : std::nullopt;
    if (!asked) {
        return false;
    }
    const auto elapsed = now.steady - asked->emitted;
    auto& record = *session.record();
    if (recorder_ != nullptr && !params.abstain) {
        const auto hidden = secrets_ != nullptr && params.failed.empty()
                                ? secrets_->reply(asked->event, params.response)
                                : std::nullopt;
        recorder_->shadow_replied({.seq = asked->seq,
            .responder = session.name(),
            .response = hidden ? std::string_view{*hidden} : params.response,
            .failed = params.failed.view(),
            .elapsed = elapsed});
    }
    if (!params.failed.empty()) {
        ++record.failed;
    } else {
        ++record.replied;
        record.vetoed += params.abort.raw.empty() ? 0U : 1U;
        record.times.add(elapsed);
    }
    return true;
}

void broker::reply_accepted(const std::string& event_name, std::chrono::nanoseconds elapsed) {
    if (topic* const known = sessions_.topics().peek(event_name)) {
        known->times.add(elapsed);
    }
}

// --- turns of a chain ---

broker::turn broker::begin_turn(const slot& slot, session& session, payload_view& payload, instant now) {
    if (slot.is_durable() && !slot.rewritten_payload().empty() && !durability_.is_committed(slot.durable_position())) {
        once_durable([this, id = slot.id()](const error*) { waits_.continue_wait(id); });
        return {turn::state::put_off};
    }
    if (!payload.meets(session.where())) {
        return {turn::state::passed};
    }
    if (!sessions_.accepts(session, now)) {
        return {turn::state::lagged};
    }
    const auto event = event_for_turn(slot, now);
    if (session.closing()) {  // by the room that the event took
        return {turn::state::lagged};
    }
    const auto place = session.client().end_place();
    sessions_.queue(session.client(), *event);
    return {turn::state::taken, place};
}

event::pointer broker::event_for_turn(const slot& slot, instant now) {
    const auto& first = *slot.chain_event();
    const auto left =
        std::max(std::chrono::ceil<std::chrono::milliseconds>(slot.when() - now.steady), std::chrono::milliseconds{1});
    if (slot.rewritten_payload().empty() && left == first.timeout()) {
        return slot.chain_event();
    }
    const protocol::event_fields fields{.seq = first.seq(),
        .hook_event_id = first.id(),
        .event = first.name(),
        .emitted_at = first.emitted_at(),
        .expects_response = true,
        .timeout = left,
        .cause = first.cause()};
    const std::string_view payload = slot.payload_of_turn();
    const auto head = protocol::measure_event_head(fields);
    sessions_.make_room(event::footprint(head, payload), sessions_.find_topic(first.name()), now);
    return event::make(fields, head, payload, ledger_, nullptr, slot.when());
}

}  // namespace hookd::core
