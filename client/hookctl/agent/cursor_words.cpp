// SPDX-License-Identifier: BSL-1.0
// Cursor. It also runs the hooks of .claude/settings.json, under Claude's names of events, and takes Claude's words
// there.
#include "dialect.hpp"

#include <base/json/object_writer.hpp>

namespace hookd::hookctl {

namespace {

using kind = agent_event_kind;

std::string tool_words(const agent_event& event, agent_decision decision) {
    // It is known to ask a person about these two; elsewhere it may take the word for consent.
    const bool asks = event.caller_name == "beforeShellExecution" || event.caller_name == "beforeMCPExecution";
    const bool rewrites = event.caller_name == "preToolUse" && decision.word == agent_word::allow;
    if (!decision.input.empty() && !rewrites) {
        deny_instead_of_rewriting(decision);
    } else if (decision.word == agent_word::ask && !asks) {
        deny_instead_of_asking(decision);
    }
    if (decision.word == agent_word::none) {
        return {};
    }
    base::object_writer answer;
    answer.text("permission", decision.word == agent_word::deny  ? "deny"
                              : decision.word == agent_word::ask ? "ask"
                                                                 : "allow");
    const bool knows_permission_alone =
        event.caller_name == "beforeReadFile" || event.caller_name == "beforeTabFileRead";
    if (!decision.reason.empty() && !knows_permission_alone) {
        answer.text("user_message", decision.reason).text("agent_message", decision.reason);
    }
    if (!decision.input.empty()) {
        answer.raw("updated_input", decision.input);
    }
    return answer.finish();
}

}  // namespace

agent_answer cursor_answer(const agent_event& event, const agent_decision& decision) {
    const bool is_claudes_event = event.caller_name.front() >= 'A' && event.caller_name.front() <= 'Z';
    const bool denies = decision.word == agent_word::deny;
    if (is_claudes_event) {
        return denies ? denied_by_status(decision) : claude_answer(event, decision);
    }
    std::string words;
    if (event.kind == kind::pre_tool_use) {
        words = tool_words(event, decision);
    } else if (event.kind == kind::prompt_submit && denies) {
        words = base::object_writer().flag("continue", false).text("user_message", decision.reason).finish();
    } else if (event.kind == kind::stop && denies) {
        words = base::object_writer().text("followup_message", decision.reason).finish();
    } else if (denies) {
        return denied_by_status(decision);
    }
    return {0, words.empty() ? std::string() : words + '\n', {}};
}

}  // namespace hookd::hookctl
