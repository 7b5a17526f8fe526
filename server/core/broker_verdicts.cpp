// SPDX-License-Identifier: BSL-1.0
#include "broker.hpp"

#include <base/json/value_view.hpp>

#include <algorithm>

// Where the end of a wait is reported: the recorder, sessions that want verdicts, responders that need not reply.
namespace hookd::core {

namespace {

/// The `abort` of a reply as verdicts have it; empty where it has none.
std::string_view abort_in(std::string_view reply) {
    const auto token = base::value_view{reply}["abort"].as_token();
    return token ? token->raw : std::string_view{};
}

}  // namespace

std::optional<protocol::wait_result> broker::without_secrets(
    const slot& slot, const protocol::wait_result& verdict) const {
    std::optional<protocol::wait_result> hidden;
    if (secrets_ == nullptr) {
        return hidden;
    }
    const auto copy = [&]() -> protocol::wait_result& { return hidden ? *hidden : hidden.emplace(verdict); };
    for (std::size_t i = 0; i < verdict.responses.size(); ++i) {
        const auto text = verdict.responses[i].text();
        if (auto reply = secrets_->reply(slot.event_name(), text)) {
            const auto reason = abort_in(text);
            if (const auto hidden_reason = abort_in(*reply);
                !verdict.abort.empty() && reason == verdict.abort && hidden_reason != reason) {
                copy().abort = hidden_reason.empty() ? "…" : hidden_reason;
            }
            auto& shown = copy().responses[i];
            shown.response = std::move(*reply);
            shown.passed_on = {};
        }
    }
    if (!verdict.payload.empty()) {
        if (auto payload = secrets_->payload(slot.event_name(), verdict.payload)) {
            copy().payload = std::move(*payload);
        }
    }
    return hidden;
}

void broker::concluded(const slot& slot, const protocol::wait_result& verdict, instant now) {
    if (recorder_ == nullptr && sessions_.verdict_sessions() == 0) {
        return;
    }
    const auto hidden = without_secrets(slot, verdict);
    const auto& shown = hidden ? *hidden : verdict;
    if (recorder_ != nullptr && slot.is_concluded()) {
        recorder_->wait_ended(slot.event_name(), shown, now.steady - slot.emitted());
    }
    if (sessions_.verdict_sessions() > 0) {
        notify_verdict(slot, shown, now);
    }
}

void broker::notify_verdict(const slot& slot, const protocol::wait_result& verdict, instant now) {
    std::shared_ptr<verdict_text> text;
    for (session* const each : sessions_.find_topic(slot.event_name()).matches) {
        const bool wants =
            each->wants_verdicts() && !each->closing() && (each->where().empty() || slot.is_watched_by(each->id()));
        if (!wants) {
            continue;
        }
        if (!text) {
            std::string written;
            protocol::append_verdict(written, slot.event_name(), verdict, now.steady - slot.emitted());
            text = std::make_shared<verdict_text>(std::move(written), ledger_);
        }
        sessions_.notify(
            *each, {.position = waits_.position_of_end(slot), .hook_event_id = slot.id(), .verdict = text}, now);
    }
}

void broker::reply_not_needed(
    session& session, const protocol::uuid& hook_event_id, protocol::refusal reason, instant now) {
    if (session.wants_cancellations()) {
        sessions_.notify(
            session, {.position = durability_.position(), .hook_event_id = hook_event_id, .reason = reason}, now);
    }
}

}  // namespace hookd::core
