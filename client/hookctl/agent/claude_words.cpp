// SPDX-License-Identifier: BSL-1.0
// Claude Code, and those that speak like it: Qwen Code word for word, Codex with fewer words, Droid and Qoder with a
// status for a denial.
#include "dialect.hpp"

#include <base/json/object_writer.hpp>

namespace hookd::hookctl {

namespace {

using kind = agent_event_kind;

base::object_writer nested_for(const agent_event& event) {
    base::object_writer nested;
    nested.text("hookEventName", event.caller_name);
    return nested;
}

void add_text(base::object_writer& object, std::string_view name, const std::string& text) {
    if (!text.empty()) {
        object.text(name, text);
    }
}

void add_tool_words(base::object_writer& nested, const agent_decision& decision) {
    if (decision.word != agent_word::none) {
        nested.text("permissionDecision", word_of(decision.word));
        add_text(nested, "permissionDecisionReason", decision.reason);
    }
    if (!decision.input.empty()) {
        nested.raw("updatedInput", decision.input);
    }
    add_text(nested, "additionalContext", decision.context);
}

std::string permission_words(const agent_decision& decision) {
    base::object_writer behavior;
    behavior.text("behavior", word_of(decision.word));
    if (decision.word == agent_word::deny) {
        behavior.text("message", decision.reason);
        if (decision.interrupts) {
            behavior.flag("interrupt", true);
        }
    } else {
        if (!decision.input.empty()) {
            behavior.raw("updatedInput", decision.input);
        }
        if (!decision.permissions.empty()) {
            behavior.raw("updatedPermissions", decision.permissions);
        }
    }
    return behavior.finish();
}

/// What holds anything but a tool back, or comments on it.
void add_block(base::object_writer& answer, base::object_writer& nested, const agent_decision& decision) {
    if (decision.word == agent_word::deny) {
        answer.text("decision", "block").text("reason", decision.reason);
    }
    add_text(nested, "additionalContext", decision.context);
    if (!decision.result.empty()) {
        nested.raw("updatedToolOutput", decision.result);
    }
}

}  // namespace

agent_answer claude_answer(const agent_event& event, const agent_decision& decision) {
    if (event.kind == kind::other && decision.word == agent_word::deny) {
        return denied_by_status(decision);
    }
    base::object_writer answer;
    auto nested = nested_for(event);
    if (decision.ends_run) {
        answer.flag("continue", false).text("stopReason", decision.reason);
    }
    if (event.kind == kind::pre_tool_use) {
        add_tool_words(nested, decision);
    } else if (event.kind == kind::permission_request) {
        if (decision.word == agent_word::allow || decision.word == agent_word::deny) {
            nested.raw("decision", permission_words(decision));
        }
    } else {
        add_block(answer, nested, decision);
    }
    if (auto words = nested.finish(); words != nested_for(event).finish()) {
        answer.raw("hookSpecificOutput", words);
    }
    if (event.dialect->tells_person) {
        add_text(answer, "systemMessage", notice_text(decision));
    }
    return {0, answer.empty() ? std::string() : answer.finish() + '\n', {}};
}

agent_answer codex_answer(const agent_event& event, const agent_decision& decision) {
    // A word that it does not know, an `allow` without another input or context beside a denial is a broken hook to it,
    // and the tool runs.
    auto known = decision;
    if (event.kind == kind::pre_tool_use) {
        if (known.word == agent_word::allow && known.input.empty()) {
            known.word = agent_word::none;
        }
        if (known.word == agent_word::allow) {
            known.reason.clear();
        }
    }
    if (known.word == agent_word::deny) {
        known.context.clear();
    }
    known.result.clear();
    known.permissions.clear();
    known.interrupts = false;
    return claude_answer(event, known);
}

agent_answer droid_answer(const agent_event& event, const agent_decision& decision) {
    return decision.word == agent_word::deny ? denied_by_status(decision) : claude_answer(event, decision);
}

}  // namespace hookd::hookctl
