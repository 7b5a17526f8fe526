// SPDX-License-Identifier: BSL-1.0
#include "dialect.hpp"

#include "tool.hpp"

#include <base/json/text.hpp>

#include <algorithm>
#include <array>
#include <cstdlib>

namespace hookd::hookctl {

namespace {

using kind = agent_event_kind;
using base::json_kind;

constexpr auto tool = at(kind::pre_tool_use);
constexpr auto permission = at(kind::permission_request);
constexpr auto prompt = at(kind::prompt_submit);
constexpr auto result = at(kind::post_tool_use);
constexpr auto stop = at(kind::stop);
constexpr auto start = at(kind::session_start);
constexpr auto other = at(kind::other);
constexpr auto all = tool | permission | prompt | result | stop | start | other;

bool has_variable(const char* name) {
    const char* value = std::getenv(name);
    return value != nullptr && *value != '\0';
}

/// Whether the agent keeps its transcript below a directory of that name.
bool keeps_in(const agent_input& input, std::string_view directory) {
    return input.text("transcript_path").find(directory) != std::string::npos;
}

/// Claude Code's transcripts are below its directory, which a variable can move. The variable alone is no mark: agents
/// within it inherit it.
bool is_claude(const agent_input& input) {
    const char* own = std::getenv("CLAUDE_CONFIG_DIR");
    const auto is_in_own =
        own != nullptr && *own == '/' && input.text("transcript_path").starts_with(std::string(own) + "/projects/");
    return is_in_own || keeps_in(input, "/.claude/");
}

bool is_cursor(const agent_input& input) {
    return input.has("cursor_version") || (input.has("conversation_id") && input.has("generation_id"));
}

bool is_cline(const agent_input& input) {
    return input.has("clineVersion") || (input.has("hookName") && input.has("taskId"));
}

bool is_windsurf(const agent_input& input) { return input.has("agent_action_name"); }

bool is_grok(const agent_input& input) {
    return has_variable("GROK_HOOK_EVENT") || (input.has("hookEventName") && input.has("workspaceRoot"));
}

/// Copilot CLI configured in camelCase: there is no name of the event.
bool is_camel_copilot(const agent_input& input) {
    const bool has_mark = input.has("sessionId") || !input.raw("timestamp", json_kind::number).empty();
    return has_mark && input.has("cwd") && !copilot_event_name(input).empty();
}

bool is_gemini(const agent_input& input) {
    constexpr std::array<std::string_view, 8> names{"BeforeTool", "AfterTool", "BeforeAgent", "AfterAgent",
        "BeforeModel", "AfterModel", "BeforeToolSelection", "PreCompress"};
    return std::find(names.begin(), names.end(), input.text("hook_event_name")) != names.end() ||
           keeps_in(input, "/.gemini/");
}

bool is_kimi(const agent_input& input) {
    return input.text("client_type") == "kimi_code_cli" || input.has("tool_call_id");
}

bool is_codex(const agent_input& input) {
    return input.has("turn_id") || keeps_in(input, "/.codex/") || input.text("type") == codex_notice;
}

bool is_qwen(const agent_input& input) {
    return keeps_in(input, "/.qwen/") || (has_variable("QWEN_PROJECT_DIR") && !is_claude(input));
}

bool is_droid(const agent_input& input) {
    return keeps_in(input, "/.factory/") || (has_variable("FACTORY_PROJECT_DIR") && !is_claude(input));
}

/// An event of Claude's with a time in ISO 8601: VS Code or Copilot CLI. One answer serves both.
bool has_iso_timestamp(const agent_input& input) {
    const auto time = input.text("timestamp");
    return input.has("hook_event_name") && time.size() > 10 && time[4] == '-' && time[7] == '-' && time[10] == 'T';
}

bool is_vscode(const agent_input& input) { return has_iso_timestamp(input) && keeps_in(input, "/workspaceStorage/"); }

bool never(const agent_input& /*input*/) { return false; }

// In the order in which they are told apart; the last takes what no other does.
// clang-format off
constexpr std::array dialects{
    //            name        project variable       heeds               asks               allows              rewrites            context                                continue shows  stderr status defers merges
    agent_dialect{"cursor",   "",                    tool | prompt | stop | other, tool,     tool,               tool,               0,                                     false, false, false, true,  false, false, is_cursor,        cursor_tool_call,   cursor_answer},
    agent_dialect{"cline",    "",                    all & ~permission,  tool,               0,                  tool,               tool | prompt | result | start,        false, false, false, false, false, false, is_cline,         cline_tool_call,    cline_answer},
    agent_dialect{"windsurf", "",                    tool | prompt | other, 0,               0,                  0,                  0,                                     false, false, false, true,  false, false, is_windsurf,      windsurf_tool_call, status_answer},
    agent_dialect{"grok",     "",                    tool | other,       0,                  0,                  0,                  0,                                     false, false, false, true,  false, false, is_grok,          camel_tool_call,    status_answer},
    agent_dialect{"copilot",  "",                    all & ~prompt,      tool,               tool | permission,  tool,               result | start,                        false, false, false, true,  false, false, is_camel_copilot, camel_tool_call,    copilot_answer},
    agent_dialect{"gemini",   "GEMINI_PROJECT_DIR",  all & ~permission,  tool,               tool,               tool,               tool | prompt | result | start,        true,  true,  true,  true,  false, true,  is_gemini,        plain_tool_call,    gemini_answer},
    agent_dialect{"kimi",     "",                    tool | prompt | stop | start | other, 0, 0,                  0,                  tool | prompt | stop | start,          false, false, false, true,  false, false, is_kimi,          plain_tool_call,    kimi_answer},
    agent_dialect{"codex",    "",                    all,                0,                  tool | permission,  tool,               tool | prompt | result | start,        false, true,  false, true,  false, false, is_codex,         plain_tool_call,    codex_answer},
    agent_dialect{"qwen",     "QWEN_PROJECT_DIR",    all,                tool,               tool | permission,  tool | permission,  tool | prompt | result | start,        true,  true,  false, true,  false, false, is_qwen,          plain_tool_call,    claude_answer},
    agent_dialect{"droid",    "FACTORY_PROJECT_DIR", all,                tool,               tool | permission,  tool,               prompt | result | start,               false, false, false, true,  false, false, is_droid,         plain_tool_call,    droid_answer},
    agent_dialect{"claude",   "CLAUDE_PROJECT_DIR",  all,                tool,               tool | permission,  tool | permission,  tool | prompt | result | start | stop, true,  true,  false, true,  true,  false, is_claude,        plain_tool_call,    claude_answer},
    agent_dialect{"vscode",   "",                    all,                tool,               tool | permission,  tool,               tool | prompt | result | start | other, true, true,  false, true,  false, false, is_vscode,        plain_tool_call,    copilot_answer},
    agent_dialect{"copilot",  "",                    all,                tool,               tool | permission,  tool,               tool | prompt | result | start | other, true, true,  false, true,  false, false, has_iso_timestamp, plain_tool_call,   copilot_answer},
    agent_dialect{"qoder",    "",                    all,                tool,               tool,               0,                  prompt | start,                        false, false, false, true,  false, false, never,            plain_tool_call,    droid_answer},
    agent_dialect{"goose",    "",                    all,                0,                  0,                  0,                  0,                                     false, false, false, true,  false, false, never,            plain_tool_call,    status_answer},
    agent_dialect{"unknown",  "",                    all,                0,                  0,                  0,                  0,                                     false, false, false, true,  false, false, never,            plain_tool_call,    status_answer},
};
// clang-format on

/// To put a question off is to ask it, for an agent that can't, and where there is another input to be asked about.
void fit_deferral(const agent_event& event, agent_decision& decision) {
    const bool defers = event.dialect->defers && event.kind == kind::pre_tool_use && decision.input.empty();
    if (decision.word == agent_word::defer && !defers) {
        decision.word = agent_word::ask;
    }
}

/// A hook that wants another input has not agreed to this one.
void fit_rewrite(const agent_event& event, agent_decision& decision) {
    if (decision.input.empty() || decision.word == agent_word::deny) {
        decision.input.clear();
        return;
    }
    const bool rewrites = (event.dialect->rewrites & at(event.kind)) != 0;
    const bool can_ask = event.kind != kind::pre_tool_use || (event.dialect->asks & at(event.kind)) != 0;
    if (rewrites && (can_ask || decision.word == agent_word::allow)) {
        if (decision.word == agent_word::none) {
            decision.word = agent_word::ask;
        }
        return;
    }
    if (event.kind == kind::pre_tool_use) {
        deny_instead_of_rewriting(decision);
    } else if (event.kind == kind::permission_request) {
        decision.word = agent_word::none;  // a person is about to be asked
        decision.notices.emplace_back(
            "this agent takes no other input with a request for permission: a person decides");
    } else {
        decision.notices.emplace_back("no input can be changed at " + event.caller_name);
    }
    decision.input.clear();
}

constexpr std::string_view for_a_person = "a person has to decide this";

/// An agent that would continue without having asked has taken a question for consent: what can be stopped is denied.
void fit_question(const agent_event& event, agent_decision& decision) {
    if (decision.word != agent_word::ask || (event.dialect->asks & at(event.kind)) != 0) {
        return;
    }
    if (event.kind == kind::permission_request) {
        decision.word = agent_word::none;  // a person is about to be asked
    } else if (event.is_guarded) {
        deny_instead_of_asking(decision);
    } else {
        decision.word = agent_word::none;
        decision.notices.push_back("no person can be asked here, and the agent continues, although " +
                                   std::string(for_a_person) + (decision.reason.empty() ? "" : ": " + decision.reason));
    }
}

void fit_end_of_run(const agent_event& event, agent_decision& decision) {
    if (!decision.ends_run) {
        return;
    }
    if (event.kind == kind::stop) {
        decision.word = agent_word::none;  // what wants an end does not object to one
    } else if (event.is_guarded || event.kind == kind::post_tool_use) {
        decision.word = agent_word::deny;
    }
    decision.ends_run = event.dialect->ends_run;
}

}  // namespace

std::string_view word_of(agent_word word) noexcept {
    constexpr std::array<std::string_view, 5> words{"", "allow", "ask", "defer", "deny"};
    return words[static_cast<std::size_t>(word)];
}

void deny_instead_of_asking(agent_decision& decision) {
    decision.word = agent_word::deny;
    decision.reason = std::string(for_a_person) + (decision.reason.empty() ? "" : ": " + decision.reason);
    decision.input.clear();
}

void deny_instead_of_rewriting(agent_decision& decision) {
    decision.word = agent_word::deny;
    decision.reason = "a hook wants the tool to get this input instead: " + decision.input;
    decision.input.clear();
}

void fit(const agent_event& event, agent_decision& decision) {
    const auto& dialect = *event.dialect;
    fit_end_of_run(event, decision);
    fit_deferral(event, decision);
    fit_rewrite(event, decision);
    fit_question(event, decision);
    if (decision.word == agent_word::allow && (dialect.allows & at(event.kind)) == 0) {
        decision.word = agent_word::none;
    }
    if (!decision.context.empty() && (dialect.adds_context & at(event.kind)) == 0) {
        decision.notices.push_back("this agent takes no additional_context at " + event.caller_name);
        decision.context.clear();
    }
    if (decision.word == agent_word::deny && event.is_start && !decision.ends_run) {
        decision.notices.push_back(event.caller_name + " can't be stopped: " + decision.reason);
        decision.word = agent_word::none;
    }
}

agent_answer answer_to(const agent_event& event, agent_decision& decision) {
    fit(event, decision);
    return event.dialect->answer(event, decision);
}

const agent_dialect* find_agent_dialect(std::string_view name) {
    const auto found =
        std::find_if(dialects.begin(), dialects.end(), [name](const agent_dialect& each) { return each.name == name; });
    return found == dialects.end() ? nullptr : &*found;
}

std::string agent_names() {
    std::string names;
    for (const auto& each : dialects) {
        if (find_agent_dialect(each.name) == &each) {
            names.append(names.empty() ? "" : ", ").append(each.name);
        }
    }
    return names;
}

const agent_dialect& dialect_called(std::string_view name, const agent_input& input) {
    const auto found = std::find_if(dialects.begin(), dialects.end(),
        [&](const agent_dialect& each) { return each.name == name && each.sends(input); });
    return found == dialects.end() ? *find_agent_dialect(name) : *found;
}

const agent_dialect& dialect_of(const agent_input& input) {
    const auto found = std::find_if(
        dialects.begin(), dialects.end(), [&input](const agent_dialect& each) { return each.sends(input); });
    if (found != dialects.end()) {
        return *found;
    }
    // The mark is Cursor's, unless a member tells of another agent, whose input some program in between may have
    // marked.
    return input.had_byte_order_mark() ? dialect_called("cursor", input) : dialects.back();
}

}  // namespace hookd::hookctl
