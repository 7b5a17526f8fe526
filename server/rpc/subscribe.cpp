// SPDX-License-Identifier: BSL-1.0
#include "subscribe.hpp"

#include "answers.hpp"
#include "cluster_events.hpp"
#include "resume.hpp"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

namespace hookd::server::rpc {

using protocol::error;

namespace {

protocol::subscribe_params as_observer(protocol::subscribe_params params) {
    params.responds = false;
    return params;
}

// Nothing of the session may be peeked before it knows that it is one.
void answer_once_known(session& session, const protocol::subscribe_result& result, const answer_address& address) {
    auto deferred = session.state().defer(
        session.client(), [session = session.weak_from_this(), result, address](const core::deferred_result&) {
            const auto peer = session.lock();
            if (peer && peer->is_attached()) {
                peer->answer(address, result);
                peer->state().unmute(peer->client());
            }
        });
    auto* const handler = std::get_if<core::deferred_handler>(&deferred);
    if (handler == nullptr) {
        return session.answer(address, result);  // it waits for as many answers as it may
    }
    core::broker::mute(session.client());
    once_known_to_cluster(
        session.broker(), session.client(), [answer = std::move(*handler)] { answer(std::string{}); });
}

void answer_subscribed(session& session, const protocol::subscribe_result& result, const answer_address& address) {
    const auto* const opened = session.client().session();
    if (opened != nullptr && opened->spans_cluster()) {
        answer_once_known(session, result, address);
    } else {
        session.answer(address, result);
    }
}

// The head_seq of the answer is one that a restart keeps.
void answer_once_head_is_durable(
    session& session, const protocol::subscribe_result& result, const answer_address& address) {
    if (session.state().is_durable()) [[likely]] {
        return answer_subscribed(session, result, address);
    }
    core::broker::mute(session.client());
    answer_after_commit(session, [result, address](rpc::session& peer, const error*) {
        auto durable = result;
        durable.head_seq = std::min(result.head_seq, peer.state().head_seq());
        peer.state().unmute(peer.client());
        answer_subscribed(peer, durable, address);
    });
}

void subscribe(session& session, const protocol::subscribe_params& params, const core::missed_events& missed,
    const answer_address& address) {
    const auto result = session.broker().subscribe(session.client(), params, missed);
    if (const auto* const failure = std::get_if<error>(&result)) {
        return session.answer(address, *failure);
    }
    session.watch_process();
    if (session.log().wants(log_level::debug)) {
        session.log().write(log_level::debug, session.description() + " subscribed");
    }
    answer_once_head_is_durable(session, std::get<protocol::subscribe_result>(result), address);
}

// What it has missed is in the journal, which answers later.
void resume_from_journal(session& session, const protocol::subscribe_params& params, const answer_address& address) {
    auto request = std::make_shared<resume_request>(resume_request{.params = params});
    request->params.name = protocol::text{std::string{params.name.view()}};
    request->params.instance = protocol::text{std::string{params.instance.view()}};
    const auto attached = [session = session.weak_from_this()]() -> std::shared_ptr<rpc::session> {
        auto peer = session.lock();
        return peer && peer->is_attached() ? std::move(peer) : nullptr;
    };
    auto deferred = session.state().defer(session.client(), [attached, request, address](const core::deferred_result&) {
        if (const auto peer = attached()) {
            subscribe(*peer, request->params, request->missed, address);
            peer->state().wake(peer->client(), core::urgency::awaited);
        }
    });
    if (const auto* const failure = std::get_if<error>(&deferred)) {
        return session.answer(address, *failure);
    }
    find_missed(
        session.shared_broker(), request,
        [attached]() -> core::client* {
            const auto peer = attached();
            return peer ? &peer->client() : nullptr;
        },
        [answer = std::get<core::deferred_handler>(std::move(deferred))] { answer(std::string{}); });
}

void open_session(session& session, const protocol::subscribe_params& params, const answer_address& address) {
    if (is_before_retained(session.broker(), session.client(), params)) {
        resume_from_journal(session, params, address);
    } else {
        subscribe(session, params, {}, address);
    }
}

}  // namespace

void carry_out_subscribe(session& session, const protocol::subscribe_params& params, const answer_address& address) {
    if (!session.may().observe && !session.may().answer) {
        return session.answer(address, missing_role(session, protocol::subscribe_params::method, &roles::observe));
    }
    if (session.may().answer) {
        open_session(session, params, address);
    } else {
        open_session(session, as_observer(params), address);
    }
}

}  // namespace hookd::server::rpc
