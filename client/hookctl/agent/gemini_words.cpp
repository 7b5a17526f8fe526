// SPDX-License-Identifier: BSL-1.0
// Gemini CLI.
#include "dialect.hpp"

#include <base/json/object_writer.hpp>

namespace hookd::hookctl {

using kind = agent_event_kind;

agent_answer gemini_answer(const agent_event& event, const agent_decision& decision) {
    if (event.kind == kind::other && decision.word == agent_word::deny) {
        return denied_by_status(decision);
    }
    base::object_writer answer;
    if (decision.ends_run) {
        answer.flag("continue", false).text("stopReason", decision.reason);
    }
    if (decision.word != agent_word::none) {
        answer.text("decision", word_of(decision.word));
        if (!decision.reason.empty()) {
            answer.text("reason", decision.reason);
        }
    }
    if (!decision.input.empty() || !decision.context.empty()) {
        base::object_writer nested;
        nested.text("hookEventName", event.caller_name);
        if (!decision.input.empty()) {
            nested.raw("tool_input", decision.input);
        }
        if (!decision.context.empty()) {
            nested.text("additionalContext", decision.context);
        }
        answer.raw("hookSpecificOutput", nested.finish());
    }
    auto message =
        decision.word == agent_word::ask ? decision.reason : std::string();  // what the person is asked about
    if (const auto notices = notice_text(decision); !notices.empty()) {
        message.append(message.empty() ? "" : "\n").append(notices);
    }
    if (!message.empty()) {
        answer.text("systemMessage", message);
    }
    return {0, answer.empty() ? std::string() : answer.finish() + '\n', {}};
}

}  // namespace hookd::hookctl
