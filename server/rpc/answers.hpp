// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "session.hpp"

#include <hookd/server/hook_methods.hpp>

#include <memory>
#include <new>
#include <string>
#include <utility>
#include <variant>

/// How the methods answer: at once, when what they have changed is durable, or when something else has come to an end.
/// A peer that is gone by then gets no answer. Thread-safety: broker's strand.
namespace hookd::server::rpc {

/// A role that a method asks for.
using role = bool roles::*;

/// The error for a peer that lacks it.
[[nodiscard]] protocol::error missing_role(const session& session, std::string_view method, role wanted);

/// Now: the result or the error that it is.
template <class Result>
void answer_either(
    session& session, const answer_address& address, const std::variant<Result, protocol::error>& result) {
    if (const auto* const failure = std::get_if<protocol::error>(&result)) {
        session.answer(address, *failure);
    } else {
        session.answer(address, std::get<Result>(result));
    }
}

/// Calls `answer(session, lost)` when what the session's request has changed is durable or lost.
template <class Answer>
void answer_after_commit(session& session, Answer answer) {
    session.state().once_durable(session.client(),
        [session = session.weak_from_this(), answer = std::move(answer)](const protocol::error* lost) {
            const auto peer = session.lock();
            if (!peer || !peer->is_attached()) {
                return;
            }
            try {
                answer(*peer, lost);
            } catch (const std::bad_alloc&) {
                return peer->lose_output();
            }
            peer->state().wake(peer->client(), core::urgency::awaited);
        });
}

/// When what the request has changed is durable; an error now.
template <class Result>
void answer_once_durable(
    session& session, const answer_address& address, std::variant<Result, protocol::error> result) {
    if (session.state().is_durable() || std::holds_alternative<protocol::error>(result)) [[likely]] {
        return answer_either(session, address, result);
    }
    answer_after_commit(
        session, [address, result = std::move(result)](rpc::session& peer, const protocol::error* lost) {
            if (lost != nullptr) {
                peer.answer(address, *lost);
            } else {
                answer_either(peer, address, result);
            }
        });
}

/// What answers a request whose result is made asynchronously.
inline core::deferred_handler answer_handler(session& session, const answer_address& address) {
    return [session = session.weak_from_this(), address](const core::deferred_result& result) {
        const auto peer = session.lock();
        if (!peer || !peer->is_attached()) {
            return;
        }
        answer_either(*peer, address, result);
        peer->state().wake(peer->client(), core::urgency::awaited);
    };
}

/// Calls `start(handler)` with what takes such a result, unless the peer waits for as many answers as it may.
template <class Start>
void answer_later(session& session, const answer_address& address, Start start) {
    auto deferred = session.state().defer(session.client(), answer_handler(session, address));
    if (const auto* const failure = std::get_if<protocol::error>(&deferred)) {
        session.answer(address, *failure);
    } else {
        start(std::get<core::deferred_handler>(std::move(deferred)));
    }
}

/// A result as the handler of an asynchronous request takes it.
template <class Result>
std::string json_of(const Result& result) {
    std::string text;
    append_json(text, result);
    return text;
}
inline std::string json_of(const std::string& text) { return text; }

/// What calls `handler` on the broker's strand with a result that may come from any thread.
template <class Result, class Handler>
hook_methods::handler<Result> on_strand_of(session& session, Handler handler) {
    return
        [broker = session.shared_broker(), handler = std::move(handler)](std::variant<Result, protocol::error> result) {
            broker->submit([handler, result = std::move(result)] {
                if (const auto* const failure = std::get_if<protocol::error>(&result)) {
                    return handler(*failure);
                }
                handler(json_of(std::get<Result>(result)));
            });
        };
}

}  // namespace hookd::server::rpc
