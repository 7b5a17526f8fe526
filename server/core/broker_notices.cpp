// SPDX-License-Identifier: BSL-1.0
#include "broker.hpp"

#include <algorithm>
#include <utility>

// What sessions are told besides their events, that a wait is over, and what shadows say to it.
namespace hookd::core {
namespace {

// Questions of a shadow whose replies are still recorded; older ones are forgotten.
constexpr std::size_t most_shadow_questions = 256;

}  // namespace

std::optional<protocol::wait_result> broker::without_secrets(
    const slot& which, const protocol::wait_result& verdict) const {
    std::optional<protocol::wait_result> hidden;
    if (secrets_ == nullptr) {
        return hidden;
    }
    const auto copy = [&]() -> protocol::wait_result& { return hidden ? *hidden : hidden.emplace(verdict); };
    for (std::size_t i = 0; i < verdict.responses.size(); ++i) {
        if (auto reply = secrets_->reply(which.event_name, verdict.responses[i].text())) {
            auto& shown = copy().responses[i];
            shown.response = std::move(*reply);
            shown.passed_on = {};
        }
    }
    if (!verdict.payload.empty()) {
        if (auto payload = secrets_->payload(which.event_name, verdict.payload)) {
            copy().payload = std::move(*payload);
        }
    }
    return hidden;
}

void broker::announce(const slot& which, const protocol::wait_result& whole, instant now) {
    const auto hidden = without_secrets(which, whole);
    const auto& verdict = hidden ? *hidden : whole;
    const auto elapsed = now.steady - which.emitted;
    std::string written;
    protocol::append_verdict(written, which.event_name, verdict, elapsed);
    if (recorder_ != nullptr && which.concluded) {
        recorder_->wait_ended(which.event_name, verdict, elapsed, verdict_sessions_ > 0 ? written : std::move(written));
    }
    if (verdict_sessions_ == 0) {
        return;
    }
    std::shared_ptr<const charged_text> text;
    for (session* const each : topics_.find(which.event_name).matches) {
        const bool wants = each->verdicts && !each->closing &&
                           (each->where.empty() || std::find(which.watchers.begin(), which.watchers.end(), each->id) !=
                                                       which.watchers.end());
        if (!wants) {
            continue;
        }
        if (!text) {
            text = std::make_shared<const charged_text>(std::move(written), ledger_);
        }
        tell(*each, {.hook_event_id = which.id, .verdict = text}, now);
    }
}

// A session that does not take its verdicts lags as one that does not take its events.
void broker::tell(session& whom, notice what, instant now) {
    client& to = *whom.of;
    if (what.verdict) {
        while (ledger_.live_bytes > limits_.capacity_bytes && !log_.empty()) {
            forget_oldest_event();
        }
        if (to.notices.size() >= limits_.capacity ||
            (ledger_.live_bytes > limits_.capacity_bytes && !to.notices.empty())) {
            close(whom, protocol::close_reason::lagged, now);
            return lose_queue(to);
        }
    } else if (to.notices.size() >= 2 * limits_.capacity) {
        return;  // it reads nothing, and has as many to read as it had questions
    }
    what.after = to.sent + to.outbox.size();
    what.position = durability_.position();
    to.notices.push_back(std::move(what));
    mark_ready(to);
}

void broker::note_shadow(session& asked, const protocol::uuid& id, instant now) {
    ++asked.record->asked;
    asked.shadow_questions.push_back({id, now.steady});
    if (asked.shadow_questions.size() > most_shadow_questions) {
        asked.shadow_questions.pop_front();
    }
}

// Whether it was asked, and has not replied yet.
bool broker::record_shadow(session& of, const protocol::respond_params& params, instant now) {
    const auto id = protocol::parse_uuid(params.hook_event_id.view());
    const auto asked = std::find_if(of.shadow_questions.begin(), of.shadow_questions.end(),
        [&id](const shadow_question& each) { return id == each.hook_event_id; });
    if (asked == of.shadow_questions.end()) {
        return false;
    }
    auto& record = *of.record;
    if (!params.failed.empty()) {
        ++record.failed;
    } else {
        ++record.replied;
        record.vetoed += params.abort.raw.empty() ? 0U : 1U;
        record.times.add(now.steady - asked->emitted);
    }
    of.shadow_questions.erase(asked);
    return true;
}

}  // namespace hookd::core
