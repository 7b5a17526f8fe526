// SPDX-License-Identifier: BSL-1.0
#include "broker.hpp"

#include <algorithm>

// An event out of the journal, handed to one responder once more.
namespace hookd::core {

using protocol::errc;
using protocol::error;

namespace {

bool may_reply(const client& each) { return each.push && each.push->responds && !each.push->closing; }

}  // namespace

std::optional<error> broker::replay(
    client& by, std::string_view to, const journalled_event& what, deferred_handler then, instant now) {
    if (shutting_down_) {
        return error{errc::shutting_down, "the daemon is shutting down: connect again when it is back"};
    }
    client* target = nullptr;
    for (const auto& [id, each] : clients_) {
        const bool is_newer = target == nullptr || each->id > target->id;
        if (may_reply(*each) && each->push->name() == to && is_newer) {
            target = each.get();
        }
    }
    if (target == nullptr) {
        return error{errc::invalid_params,
            "parameter 'to': no responder '" + std::string{to} + "' is there now (hookctl hooks names those that are)"};
    }
    const auto at = slots_.find(what.hook_event_id);
    if ((at != slots_.end() && at->second.open) || replays_.has(*target->push, what.hook_event_id)) {
        return error{errc::invalid_params,
            "parameter 'hook_event_id': that event is with its responders still: wait until it has its verdict"};
    }
    if (replays_.is_full()) {
        return protocol::limit_error(
            "replays", replay_table::most, "as many events are replayed as may be: retry later");
    }
    if (target->outbox.size() >= limits_.capacity) {
        return protocol::limit_error(
            "capacity", limits_.capacity, "'" + std::string{to} + "' has as many events waiting as may: retry later");
    }
    const auto timeout = what.timeout.count() > 0 ? what.timeout : limits_.default_timeout;
    const protocol::event_fields fields{.seq = what.seq,
        .hook_event_id = what.hook_event_id,
        .event = what.event,
        .emitted_at = what.emitted_at,
        .expects_response = true,
        .timeout = timeout,
        .cause = what.cause,
        .replayed = true};
    const auto head = protocol::measure_event_head(fields);
    make_room(event::footprint(head, what.payload), topics_.find(what.event), now);
    if (!may_reply(*target)) {  // it had to make room
        return error{errc::invalid_params,
            "parameter 'to': '" + std::string{to} + "' has lagged behind: replay it when it has subscribed again"};
    }
    replays_.add({what.hook_event_id, target->push.get(), by.id, now.steady, now.steady + timeout, std::move(then)});
    queue(*target, *event::make(fields, head, what.payload, ledger_, nullptr, now.steady + timeout));
    return std::nullopt;
}

bool broker::take_replayed_reply(
    client& by, const protocol::uuid& hook_event_id, const protocol::respond_params& params, instant now) {
    if (!by.push) {
        return false;
    }
    protocol::replay_result result;
    if (!params.failed.empty()) {
        result.failed = params.failed.view();
    } else if (!params.abstain) {
        result.response = params.response;
    }
    return replays_.finish(*by.push, hook_event_id, std::move(result), now.steady);
}

void broker::tell_replays_are_over(const std::vector<replay_table::replay>& over, protocol::refusal why, instant now) {
    for (const auto& each : over) {
        if (each.to->cancellations) {
            tell(*each.to, {.hook_event_id = each.hook_event_id, .reason = why}, now);
        }
    }
}

}  // namespace hookd::core
