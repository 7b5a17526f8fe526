// SPDX-License-Identifier: BSL-1.0
// What each agent is answered, in its own words, by table. The inputs are recorded, or made after the agents'
// documentation.
#include "agent_call.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <utility>
#include <vector>

using namespace hookd::test;

namespace {

using table = std::vector<std::pair<std::string, std::string>>;

/// Checks the answers of one reply to several inputs.
void check(const std::string& reply, const table& expected) {
    for (const auto& [input, answer] : expected) {
        BOOST_TEST(shown(agent_answer_to(input, replies({reply}))) == answer,
            input << ": " << shown(agent_answer_to(input, replies({reply}))));
    }
}

std::string tool_words(const std::string& event, const std::string& words) {
    return R"({"hookSpecificOutput":{"hookEventName":")" + event + "\"," + words + "}}";
}

const std::string denied = R"("permissionDecision":"deny","permissionDecisionReason":"no")";
const std::string block = R"({"decision":"block","reason":"no"})";
const std::string by_status = "exit 2: no";
const std::string cancel = R"({"cancel":true,"errorMessage":"no"})";
const std::string permission = R"({"permission":"deny","user_message":"no","agent_message":"no"})";

}  // namespace

BOOST_AUTO_TEST_SUITE(agent_words_suite)

BOOST_AUTO_TEST_CASE(a_denial) {
    check(R"({"abort":"no"})",
        {
            {"claude_pre_tool_use", tool_words("PreToolUse", denied)},
            {"claude_permission_request",
                tool_words("PermissionRequest", R"("decision":{"behavior":"deny","message":"no"})")},
            {"claude_user_prompt_submit", block},
            {"claude_post_tool_use", block},
            {"claude_post_tool_use_failure", block},
            {"claude_stop", block},
            {"claude_subagent_stop", block},
            {"claude_pre_compact", by_status},
            {"codex_pre_tool_use", tool_words("PreToolUse", denied)},
            {"codex_permission_request",
                tool_words("PermissionRequest", R"("decision":{"behavior":"deny","message":"no"})")},
            {"codex_user_prompt_submit", block},
            {"codex_post_tool_use", block},
            {"codex_stop", block},
            {"gemini_before_tool", R"({"decision":"deny","reason":"no"})"},
            {"gemini_before_agent", R"({"decision":"deny","reason":"no"})"},
            {"gemini_after_tool", R"({"decision":"deny","reason":"no"})"},
            {"gemini_after_agent", R"({"decision":"deny","reason":"no"})"},
            {"qwen_pre_tool_use", tool_words("PreToolUse", denied)},
            {"qwen_stop", block},
            {"vscode_pre_tool_use",
                "{" + denied + R"(,"hookSpecificOutput":{"hookEventName":"PreToolUse",)" + denied + "}}"},
            {"vscode_user_prompt_submit", block},
            {"vscode_post_tool_use", block},
            {"vscode_stop",
                R"({"decision":"block","reason":"no","hookSpecificOutput":{"hookEventName":"Stop","decision":"block","reason":"no"}})"},
            {"copilot_pascal_pre_tool_use",
                "{" + denied + R"(,"hookSpecificOutput":{"hookEventName":"PreToolUse",)" + denied + "}}"},
            {"copilot_pascal_stop",
                R"({"decision":"block","reason":"no","hookSpecificOutput":{"hookEventName":"Stop","decision":"block","reason":"no"}})"},
            {"copilot_pre_tool_use", "{" + denied + "}"},
            {"copilot_post_tool_use", R"({"additionalContext":"no"})"},
            {"copilot_agent_stop", block},
            {"cursor_pre_tool_use", permission},
            {"cursor_before_shell_execution", permission},
            {"cursor_before_mcp_execution", permission},
            {"cursor_before_read_file", R"({"permission":"deny"})"},
            {"cursor_before_submit_prompt", R"({"continue":false,"user_message":"no"})"},
            {"cursor_stop", R"({"followup_message":"no"})"},
            {"cursor_claudes_pre_tool_use", by_status},
            {"kimi_pre_tool_use", by_status},
            {"kimi_code_user_prompt_submit", by_status},
            {"kimi_code_stop", by_status},
            {"windsurf_pre_run_command", by_status},
            {"windsurf_pre_user_prompt", by_status},
            {"cline_pre_tool_use", cancel},
            {"cline_tool_call", cancel},
            {"cline_user_prompt_submit", cancel},
            {"cline_task_complete", cancel},
            {"grok_pre_tool_use", by_status},
            {"droid_pre_tool_use", by_status},
            {"unknown_pre_tool_use", by_status},
            {"unknown_stop", by_status},
        });
}

BOOST_AUTO_TEST_CASE(a_question_or_a_denial_where_nobody_can_be_asked) {
    const std::string ask = R"("permissionDecision":"ask","permissionDecisionReason":"sure?")";
    const std::string instead = "a person has to decide this: sure?";
    const std::string denied_instead = R"("permissionDecision":"deny","permissionDecisionReason":")" + instead + "\"";
    check(R"({"decision":"ask","reason":"sure?"})",
        {
            {"claude_pre_tool_use", tool_words("PreToolUse", ask)},
            {"claude_permission_request", ""},
            {"codex_pre_tool_use", tool_words("PreToolUse", denied_instead)},
            {"codex_permission_request", ""},
            {"gemini_before_tool", R"({"decision":"ask","reason":"sure?","systemMessage":"sure?"})"},
            {"qwen_pre_tool_use", tool_words("PreToolUse", ask)},
            {"vscode_pre_tool_use", "{" + ask + R"(,"hookSpecificOutput":{"hookEventName":"PreToolUse",)" + ask + "}}"},
            {"copilot_pre_tool_use", "{" + ask + "}"},
            {"cursor_before_shell_execution", R"({"permission":"ask","user_message":"sure?","agent_message":"sure?"})"},
            {"cursor_pre_tool_use",
                R"({"permission":"deny","user_message":")" + instead + R"(","agent_message":")" + instead + "\"}"},
            {"cursor_before_read_file", R"({"permission":"deny"})"},
            {"cline_pre_tool_use", R"({"cancel":true,"errorMessage":")" + instead + "\"}"},
            {"cline_tool_call", R"({"cancel":false,"review":true})"},
            {"kimi_pre_tool_use", "exit 2: " + instead},
            {"claude_user_prompt_submit", R"({"decision":"block","reason":")" + instead + "\"}"},
            {"codex_user_prompt_submit", R"({"decision":"block","reason":")" + instead + "\"}"},
            {"gemini_before_agent", R"({"decision":"deny","reason":")" + instead + "\"}"},
            {"vscode_user_prompt_submit", R"({"decision":"block","reason":")" + instead + "\"}"},
            {"kimi_code_user_prompt_submit", "exit 2: " + instead},
            {"windsurf_pre_run_command", "exit 2: " + instead},
            {"windsurf_pre_user_prompt", "exit 2: " + instead},
            {"cursor_before_submit_prompt", R"({"continue":false,"user_message":")" + instead + "\"}"},
            {"cline_user_prompt_submit", R"({"cancel":true,"errorMessage":")" + instead + "\"}"},
            {"grok_pre_tool_use", "exit 2: " + instead},
            {"droid_pre_tool_use", tool_words("PreToolUse", ask)},
            {"unknown_pre_tool_use", "exit 2: " + instead},
        });
}

BOOST_AUTO_TEST_CASE(a_question_that_is_put_off_or_asked_at_once) {
    const std::string instead = R"("a person has to decide this: later")";
    const auto words = [](const std::string& word, const std::string& reason) {
        return R"("permissionDecision":")" + word + R"(","permissionDecisionReason":)" + reason;
    };
    check(R"({"hookSpecificOutput":{"permissionDecision":"defer","permissionDecisionReason":"later"}})",
        {
            {"claude_pre_tool_use", tool_words("PreToolUse", words("defer", R"("later")"))},
            {"claude_user_prompt_submit", R"({"decision":"block","reason":)" + instead + "}"},
            {"qwen_pre_tool_use", tool_words("PreToolUse", words("ask", R"("later")"))},
            {"codex_pre_tool_use", tool_words("PreToolUse", words("deny", instead))},
            {"copilot_pre_tool_use", "{" + words("ask", R"("later")") + "}"},
        });
    check(R"({"decision":"defer","reason":"later","updated_input":{"a":1}})",
        {{"claude_pre_tool_use", tool_words("PreToolUse", words("ask", R"("later")") + R"(,"updatedInput":{"a":1})")}});
}

BOOST_AUTO_TEST_CASE(an_allowance_is_silence_where_there_is_no_word_for_it) {
    const std::string allow = R"("permissionDecision":"allow","permissionDecisionReason":"known")";
    check(R"({"decision":"allow","reason":"known"})",
        {
            {"claude_pre_tool_use", tool_words("PreToolUse", allow)},
            {"claude_permission_request", tool_words("PermissionRequest", R"("decision":{"behavior":"allow"})")},
            {"claude_stop", ""},
            {"codex_pre_tool_use", ""},
            {"codex_permission_request", tool_words("PermissionRequest", R"("decision":{"behavior":"allow"})")},
            {"gemini_before_tool", R"({"decision":"allow","reason":"known"})"},
            {"vscode_pre_tool_use",
                "{" + allow + R"(,"hookSpecificOutput":{"hookEventName":"PreToolUse",)" + allow + "}}"},
            {"copilot_pre_tool_use", "{" + allow + "}"},
            {"cursor_pre_tool_use", R"({"permission":"allow","user_message":"known","agent_message":"known"})"},
            {"cline_pre_tool_use", ""},
            {"kimi_pre_tool_use", ""},
            {"windsurf_pre_run_command", ""},
            {"unknown_pre_tool_use", ""},
        });
}

BOOST_AUTO_TEST_CASE(a_rewrite_that_is_allowed) {
    const std::string input = R"({"command":"ls", "n":1e400})";
    const std::string wants = "a hook wants the tool to get this input instead: " + input;
    check(R"({"decision":"allow","updated_input":)" + input + "}",
        {
            {"claude_pre_tool_use",
                tool_words("PreToolUse", R"("permissionDecision":"allow","updatedInput":)" + input)},
            {"claude_permission_request",
                tool_words("PermissionRequest", R"("decision":{"behavior":"allow","updatedInput":)" + input + "}")},
            {"codex_pre_tool_use", tool_words("PreToolUse", R"("permissionDecision":"allow","updatedInput":)" + input)},
            {"gemini_before_tool",
                R"({"decision":"allow","hookSpecificOutput":{"hookEventName":"BeforeTool","tool_input":)" + input +
                    "}}"},
            {"copilot_pre_tool_use",
                R"({"permissionDecision":"allow","permissionDecisionReason":"a hook says so","modifiedArgs":)" + input +
                    "}"},
            {"cursor_pre_tool_use", R"({"permission":"allow","updated_input":)" + input + "}"},
            {"cline_tool_call", R"({"overrideInput":)" + input + "}"},
            {"kimi_pre_tool_use", "exit 2: " + wants},
            {"windsurf_pre_run_command", "exit 2: " + wants},
            {"unknown_pre_tool_use", "exit 2: " + wants},
        });
}

BOOST_AUTO_TEST_CASE(a_rewrite_that_nobody_has_allowed_is_put_to_a_person) {
    const std::string input = R"({"command":"ls"})";
    const std::string wanted = R"("a hook wants the tool to get this input instead: {\"command\":\"ls\"}")";
    const std::string denied_instead = R"("permissionDecision":"deny","permissionDecisionReason":)" + wanted;
    const std::string cursor_denied_instead =
        R"({"permission":"deny","user_message":)" + wanted + R"(,"agent_message":)" + wanted + "}";
    check(R"({"decision":"ask","updated_input":)" + input + "}",
        {{"codex_pre_tool_use", tool_words("PreToolUse", denied_instead)}});
    check(R"({"updated_input":)" + input + "}",
        {
            {"claude_pre_tool_use", tool_words("PreToolUse", R"("permissionDecision":"ask","updatedInput":)" + input)},
            {"codex_pre_tool_use", tool_words("PreToolUse", denied_instead)},
            {"claude_permission_request", ""},
            {"codex_permission_request",
                "{\"systemMessage\":\"hookd: this agent takes no other input with a request for permission: a person "
                "decides\"}"},
            {"gemini_before_tool",
                R"({"decision":"ask","hookSpecificOutput":{"hookEventName":"BeforeTool","tool_input":)" + input + "}}"},
            {"cursor_pre_tool_use", cursor_denied_instead},
            {"cursor_before_shell_execution", cursor_denied_instead},
            {"cline_tool_call", R"({"cancel":true,"errorMessage":)" + wanted + "}"},
        });
}

BOOST_AUTO_TEST_CASE(text_for_the_model) {
    const std::string context = R"("additionalContext":"mind")";
    check(R"({"additional_context":"mind"})",
        {
            {"claude_session_start", tool_words("SessionStart", context)},
            {"claude_user_prompt_submit", tool_words("UserPromptSubmit", context)},
            {"claude_pre_tool_use", tool_words("PreToolUse", context)},
            {"claude_post_tool_use", tool_words("PostToolUse", context)},
            {"claude_stop", tool_words("Stop", context)},
            {"codex_session_start", tool_words("SessionStart", context)},
            {"codex_post_tool_use", tool_words("PostToolUse", context)},
            {"gemini_before_tool", tool_words("BeforeTool", context)},
            {"gemini_before_agent", tool_words("BeforeAgent", context)},
            {"gemini_session_start", tool_words("SessionStart", context)},
            {"vscode_session_start",
                R"({"additionalContext":"mind","hookSpecificOutput":{"hookEventName":"SessionStart",)" + context +
                    "}}"},
            {"copilot_session_start", R"({"additionalContext":"mind"})"},
            {"cline_pre_tool_use", R"({"contextModification":"mind"})"},
            {"cline_task_start", R"({"contextModification":"mind"})"},
            {"kimi_pre_tool_use", "mind"},
            {"kimi_code_stop", "mind"},
            {"kimi_code_session_start", "mind"},
            {"unknown_pre_tool_use", ""},
        });
    // Codex runs a tool that is denied with context beside the denial.
    check(R"({"abort":"no","additional_context":"mind"})", {{"codex_pre_tool_use", tool_words("PreToolUse", denied)}});
}

BOOST_AUTO_TEST_CASE(the_end_of_the_run) {
    check(R"({"continue":false,"stopReason":"enough"})",
        {
            {"claude_pre_tool_use",
                R"({"continue":false,"stopReason":"enough","hookSpecificOutput":{"hookEventName":"PreToolUse",)"
                R"("permissionDecision":"deny","permissionDecisionReason":"enough"}})"},
            {"claude_stop", R"({"continue":false,"stopReason":"enough"})"},
            {"codex_pre_tool_use",
                tool_words("PreToolUse", R"("permissionDecision":"deny","permissionDecisionReason":"enough")")},
            {"codex_stop", ""},
            {"gemini_before_tool", R"({"continue":false,"stopReason":"enough","decision":"deny","reason":"enough"})"},
            {"kimi_pre_tool_use", "exit 2: enough"},
        });
}

BOOST_AUTO_TEST_CASE(a_failure_is_shown_to_the_person) {
    auto said = replies({});
    said.outcome = hookd::outcome::timeout;
    said.missing.push_back({"guard", "timeout"});
    const std::string notice = "\"systemMessage\":\"hookd: no answer to agent.pre_tool_use from guard (timeout)\"";
    BOOST_TEST(shown(agent_answer_to("claude_pre_tool_use", said)) == "{" + notice + "}");
    BOOST_TEST(shown(agent_answer_to("codex_pre_tool_use", said)) == "{" + notice + "}");
    BOOST_TEST(shown(agent_answer_to("gemini_before_tool", said)) == "{" + notice + "}");
    BOOST_TEST(shown(agent_answer_to("vscode_pre_tool_use", said)) == "{" + notice + "}");
    BOOST_TEST(shown(agent_answer_to("kimi_pre_tool_use", said)).empty());
    said.abort = "no hook decided";
    BOOST_TEST(shown(agent_answer_to("windsurf_pre_run_command", said)) ==
               "exit 2: no hook decided\nhookd: no answer to agent.pre_tool_use from guard (timeout)");
    // The end is not blocked by a failure.
    BOOST_TEST(shown(agent_answer_to("claude_stop", said)).find("decision") == std::string::npos);
    BOOST_TEST(shown(agent_answer_to("unknown_stop", said)).empty());
}

BOOST_AUTO_TEST_SUITE_END()
