// SPDX-License-Identifier: BSL-1.0
// Copilot CLI and VS Code's Copilot. Configured with Claude's names of events the two can't be told apart for certain:
// Copilot CLI reads the top level alone, VS Code hookSpecificOutput alone, so that both are said. In camelCase it is
// Copilot CLI.
#include "dialect.hpp"

#include <base/json/object_writer.hpp>

namespace hookd::hookctl {

namespace {

using kind = agent_event_kind;

/// For `object` as the top level of Copilot CLI.
void add_top_words(base::object_writer& object, const agent_event& event, const agent_decision& decision) {
    const bool denies = decision.word == agent_word::deny;
    switch (event.kind) {
        case kind::pre_tool_use:
            if (decision.word != agent_word::none) {
                object.text("permissionDecision", word_of(decision.word));
                object.text("permissionDecisionReason", decision.reason.empty() ? "a hook says so" : decision.reason);
            }
            if (!decision.input.empty()) {
                object.raw("modifiedArgs", decision.input);
            }
            break;
        case kind::permission_request:
            if (denies || decision.word == agent_word::allow) {
                object.text("behavior", word_of(decision.word));
            }
            if (denies) {
                object.text("message", decision.reason);
                if (decision.interrupts) {
                    object.flag("interrupt", true);
                }
            }
            break;
        default:
            if (denies) {
                object.text("decision", "block").text("reason", decision.reason);
            }
            if (!decision.result.empty()) {
                object.raw("modifiedResult", decision.result);
            }
            break;
    }
    if (!decision.context.empty()) {
        object.text("additionalContext", decision.context);
    }
}

/// For VS Code; empty if there is nothing to say.
std::string nested_words(const agent_event& event, const agent_decision& decision) {
    base::object_writer nested;
    nested.text("hookEventName", event.caller_name);
    if (event.kind == kind::stop) {
        if (decision.word != agent_word::deny) {
            return {};
        }
        return nested.text("decision", "block").text("reason", decision.reason).finish();
    }
    if (event.kind == kind::pre_tool_use && decision.word != agent_word::none) {
        nested.text("permissionDecision", word_of(decision.word));
        if (!decision.reason.empty()) {
            nested.text("permissionDecisionReason", decision.reason);
        }
    }
    if (event.kind == kind::pre_tool_use && !decision.input.empty()) {
        nested.raw("updatedInput", decision.input);
    }
    if (event.kind == kind::permission_request &&
        (decision.word == agent_word::deny || decision.word == agent_word::allow)) {
        base::object_writer behavior;
        behavior.text("behavior", word_of(decision.word));
        if (decision.word == agent_word::deny) {
            behavior.text("message", decision.reason);
        }
        nested.raw("decision", behavior.finish());
    }
    if (!decision.context.empty()) {
        nested.text("additionalContext", decision.context);
    }
    auto words = nested.finish();
    return words == base::object_writer().text("hookEventName", event.caller_name).finish() ? std::string() : words;
}

}  // namespace

agent_answer copilot_answer(const agent_event& event, const agent_decision& decision) {
    if (event.kind == kind::other && decision.word == agent_word::deny) {
        return denied_by_status(decision);
    }
    const bool is_camel = event.caller_name.front() >= 'a' && event.caller_name.front() <= 'z';
    auto adapted = decision;
    if (is_camel && event.kind == kind::post_tool_use && decision.word == agent_word::deny) {
        adapted.context.insert(
            0, decision.reason + (decision.context.empty() ? "" : "\n"));  // it knows no veto here: the model is told
        adapted.word = agent_word::none;
    }
    base::object_writer answer;
    if (decision.ends_run) {
        answer.flag("continue", false).text("stopReason", decision.reason);
    }
    add_top_words(answer, event, adapted);
    if (const auto words = is_camel ? std::string() : nested_words(event, adapted); !words.empty()) {
        answer.raw("hookSpecificOutput", words);
    }
    if (const auto notices = notice_text(decision); event.dialect->tells_person && !notices.empty()) {
        answer.text("systemMessage", notices);
    }
    return {0, answer.empty() ? std::string() : answer.finish() + '\n', {}};
}

}  // namespace hookd::hookctl
