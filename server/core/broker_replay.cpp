// SPDX-License-Identifier: BSL-1.0
#include "broker.hpp"

// An event out of the journal, queued for one responder once more.
namespace hookd::core {

using protocol::errc;
using protocol::error;

namespace {

bool may_reply(const session* session) { return session != nullptr && session->responds() && !session->closing(); }

}  // namespace

broker::result_or_error<std::uint64_t> broker::begin_replay(
    client& client, std::string_view request_id, deferred_handler handler) {
    if (shutting_down_) {
        return shutdown_error();
    }
    if (replays_.is_full()) {
        return protocol::limit_error(
            "replays", replay_table::most, "as many events are replayed as may be: retry later");
    }
    return replays_.begin(client.id(), request_id, std::move(handler));
}

void broker::refuse_replay(std::uint64_t number, const error& failure) { replays_.refuse(number, failure); }

void broker::replay(std::uint64_t number, std::string_view session_name, const journalled_event& event, instant now) {
    if (replays_.find(number) == nullptr) {
        return;  // it has been cancelled, or its client is gone
    }
    if (const auto failure = queue_replay(number, session_name, event, now)) {
        replays_.refuse(number, *failure);
    }
}

std::optional<error> broker::queue_replay(
    std::uint64_t number, std::string_view session_name, const journalled_event& event, instant now) {
    if (shutting_down_) {
        return shutdown_error();
    }
    const std::string name{session_name};
    core::client* target = nullptr;
    sessions_.for_each([&](core::client& each) {
        const bool is_newer = target == nullptr || each.id() > target->id();
        if (may_reply(each.session()) && each.session()->name() == name && is_newer) {
            target = &each;
        }
    });
    if (target == nullptr) {
        return error{errc::invalid_params,
            "parameter 'to': no responder '" + name + "' is there now (hookctl hooks names those that are)"};
    }
    if (waits_.is_open(event.hook_event_id) || replays_.has(*target->session(), event.hook_event_id)) {
        return error{errc::invalid_params,
            "parameter 'hook_event_id': that event is with its responders still: wait until it has its verdict"};
    }
    if (target->outbox().size() >= limits_.capacity) {
        return protocol::limit_error(
            "capacity", limits_.capacity, "'" + name + "' has as many events waiting as may: retry later");
    }
    const auto asked = event.timeout.value_or(std::chrono::milliseconds{0});
    const auto timeout = asked.count() > 0 ? asked : limits_.default_timeout;
    const std::string_view payload = event.payload ? std::string_view{*event.payload} : std::string_view{};
    const protocol::event_fields fields{.seq = event.seq,
        .hook_event_id = event.hook_event_id,
        .event = event.event,
        .emitted_at = event.emitted_at,
        .expects_response = true,
        .timeout = timeout,
        .cause = event.cause,
        .replayed = true};
    const auto head = protocol::measure_event_head(fields);
    sessions_.make_room(core::event::footprint(head, payload), sessions_.find_topic(event.event), now);
    if (!may_reply(target->session())) {  // it had to make room
        return error{errc::invalid_params,
            "parameter 'to': '" + name + "' has lagged behind: replay it when it has subscribed again"};
    }
    const auto deadline = now.steady + timeout;
    auto& begun = *replays_.find(number);
    begun.hook_event_id = event.hook_event_id;
    begun.session = target->session();
    begun.began = now.steady;
    begun.when = deadline;
    sessions_.queue(*target, *core::event::make(fields, head, payload, ledger_, nullptr, deadline));
    return std::nullopt;
}

bool broker::take_replayed_reply(client& client, const protocol::respond_params& params, instant now) {
    if (client.session() == nullptr || replays_.empty()) {
        return false;
    }
    const auto id = protocol::parse_uuid(params.hook_event_id.view());
    if (!id) {
        return false;
    }
    protocol::replay_result result;
    if (!params.failed.empty()) {
        result.failed = params.failed.view();
    } else if (!params.abstain) {
        result.response = params.response;
    }
    return replays_.finish(*client.session(), *id, result, now.steady);
}

void broker::notify_replays_over(const std::vector<replay_table::replay>& over, protocol::refusal reason, instant now) {
    for (const auto& each : over) {
        if (each.session != nullptr) {
            reply_not_needed(*each.session, each.hook_event_id, reason, now);
        }
    }
}

}  // namespace hookd::core
