// SPDX-License-Identifier: BSL-1.0
#include "sessions.hpp"

#include <algorithm>
#include <utility>

// Clients, their push sessions, and the way of events into queues. The way out of them is in session_output.cpp.
namespace hookd::core {

using protocol::close_reason;

client& sessions::attach(
    const peer& peer, event_sink* sink, const client_options& options, connection_account::pointer account) {
    auto made = std::make_unique<client>(++last_client_id_, peer, sink, options, std::move(account));
    client& result = *made;
    clients_.emplace(result.id(), std::move(made));
    return result;
}

void sessions::detach(client& client) {
    if (client.ready_) {
        std::erase(ready_, &client);
    }
    if (client.is_urgent_) {
        std::erase(urgent_, &client);
    }
    end_pressure(client);
    if (client.held_back_) {
        std::erase(held_back_, &client);
    }
    if (client.awaits_commit_) {
        std::erase(awaiting_commit_, &client);
    }
    end_peek(client, client.peeked_);
    clients_.erase(client.id());
    resume_held_back();
}

void sessions::half_close(client& client) noexcept {
    client.half_closed_ = true;
    if (client.session_) {
        client.session_->responds_ = false;
    }
}

session& sessions::open(client& client, std::unique_ptr<session> next) {
    last_session_id_ = std::max(last_session_id_, next->id_);
    if (client.session_) {
        remove(client);
    }
    verdict_sessions_ += next->wants_verdicts_ ? 1U : 0U;
    client.session_ = std::move(next);
    return *client.session_;
}

void sessions::close(session& session, close_reason reason, instant now) {
    if (session.closing_) {
        return;
    }
    session.closing_ = reason;
    ++closing_;
    const bool lags = reason == close_reason::lagged || reason == close_reason::gap;
    lagged_ += reason == close_reason::lagged ? 1U : 0U;
    if (!lags || !session.decides()) {
        topics_.remove(session);  // it is not missed
    }
    listener_.session_closing(session, reason, now);
    wake(*session.client_, urgency::told);
}

void sessions::drop_output(client& client) noexcept {
    drop_unpeeked(client);
    client.notices_.clear();
}

void sessions::remove(client& client) {
    session& gone = *client.session_;
    closing_ -= gone.closing_ && !gone.is_ended_ ? 1U : 0U;
    topics_.remove(gone);
    verdict_sessions_ -= gone.wants_verdicts_ ? 1U : 0U;
    client.session_.reset();
}

std::optional<sessions::ended> sessions::take_ended(client& client) noexcept {
    session* const session = client.session_.get();
    if (session == nullptr || !session->closing_ || session->is_ended_ || client.peeked_ != client.outbox_.size()) {
        return std::nullopt;
    }
    --closing_;
    session->is_ended_ = true;
    const close_reason reason = *session->closing_;
    const bool lags = reason == close_reason::lagged || reason == close_reason::gap;
    return ended{reason, session->last_seq_, !lags || !session->decides()};
}

std::size_t sessions::deliver(const topic& target, event& event, pass_list* passed, instant now) {
    const bool is_foreign = event.is_foreign();
    condition_steps steps;
    std::optional<payload_view> payload;  // most sessions have no conditions
    std::size_t subscribers = 0;
    for (session* const each : target.matches) {
        if (!sees(*each, is_foreign)) {
            continue;
        }
        if (each->asked_only_) {
            note_passed(passed, *each, protocol::pass_reason::asked_only);
            continue;
        }
        if (!each->where_.empty()) {
            if (!payload) {
                payload.emplace(topics_.pointers(), event.payload(), steps);
            }
            if (!payload->meets(each->where_)) {
                note_passed(passed, *each, protocol::pass_reason::where);
                continue;
            }
        }
        if (accepts(*each, now)) {
            queue(*each->client_, event);
            ++subscribers;
        }
    }
    return subscribers;
}

void sessions::notify(session& session, notice notice, instant now) {
    client& client = *session.client_;
    if (notice.verdict) {
        if (client.notices_.size() >= capacity_ || !make_room_for_verdict(notice.bytes())) {
            close(session, close_reason::lagged, now);
            return lose_queue(client);
        }
    } else if (client.notices_.size() >= 2 * capacity_) {
        return;  // it reads nothing, and has as many to read as it had questions
    }
    notice.after = client.end_place();
    const auto how_urgent = notice.verdict ? urgency::told : urgency::awaited;
    client.notices_.push_back(std::move(notice));
    wake(client, how_urgent);
}

void sessions::drop_unpeeked(client& client) noexcept {
    client.outbox_.pop_back(client.outbox_.size() - client.peeked_);
}

// Drops what a session that lagged has not peeked: its replies to that will never come.
void sessions::lose_queue(client& client) {
    drop_unpeeked(client);
    client.notices_.remove_if([](const notice& each) { return each.verdict != nullptr; });
    listener_.events_lost(*client.session_, client.next_place());
}

}  // namespace hookd::core
