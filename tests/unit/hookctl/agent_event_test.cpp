// SPDX-License-Identifier: BSL-1.0
// Whose input it is, which event it becomes, and what its payload has.
#include "agent_call.hpp"

#include <hookctl/agent/event.hpp>
#include <hookctl/agent/reply.hpp>
#include <hookctl/arguments.hpp>

#include <support/json_access.hpp>

#include <boost/json/serialize.hpp>
#include <boost/test/unit_test.hpp>

#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

using namespace hookd::test;
using hookd::hookctl::agent_input;

namespace {

boost::json::value payload_of(const std::string& name) { return json_of(agent_event_of(agent_input_of(name)).payload); }

std::string paths_of(const std::string& name) { return boost::json::serialize(value_at(payload_of(name), "/paths")); }

std::string with_tool(const std::string& tool, const std::string& input,
    const std::string& mark = R"("transcript_path":"/h/.claude/x")") {
    return "{" + mark + R"(,"hook_event_name":"PreToolUse","tool_name":")" + tool + R"(","tool_input":)" + input + "}";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(agent_event_suite)

BOOST_AUTO_TEST_CASE(each_input_is_told_by_what_only_its_agent_sends_and_becomes_its_event) {
    struct expected {
        std::string input;
        std::string agent;
        std::string event;
        bool waits;
    };
    const std::vector<expected> all{
        {"claude_session_start", "claude", "agent.session_start", true},
        {"claude_session_end", "claude", "agent.session_end", false},
        {"claude_user_prompt_submit", "claude", "agent.prompt_submit", true},
        {"claude_pre_tool_use", "claude", "agent.pre_tool_use", true},
        {"claude_permission_request", "claude", "agent.permission_request", true},
        {"claude_post_tool_use", "claude", "agent.post_tool_use", true},
        {"claude_post_tool_use_failure", "claude", "agent.post_tool_use", true},
        {"claude_notification", "claude", "agent.notification", false},
        {"claude_stop", "claude", "agent.stop", true},
        {"claude_subagent_stop", "claude", "agent.stop", true},
        {"claude_pre_compact", "claude", "agent.pre_compact", true},
        {"codex_session_start", "codex", "agent.session_start", true},
        {"codex_user_prompt_submit", "codex", "agent.prompt_submit", true},
        {"codex_pre_tool_use", "codex", "agent.pre_tool_use", true},
        {"codex_permission_request", "codex", "agent.permission_request", true},
        {"codex_post_tool_use", "codex", "agent.post_tool_use", true},
        {"codex_stop", "codex", "agent.stop", true},
        {"codex_notify", "codex", "agent.stop", false},
        {"gemini_session_start", "gemini", "agent.session_start", true},
        {"gemini_session_end", "gemini", "agent.session_end", false},
        {"gemini_before_agent", "gemini", "agent.prompt_submit", true},
        {"gemini_before_tool", "gemini", "agent.pre_tool_use", true},
        {"gemini_after_tool", "gemini", "agent.post_tool_use", true},
        {"gemini_after_agent", "gemini", "agent.stop", true},
        {"gemini_notification", "gemini", "agent.notification", false},
        {"gemini_before_model", "gemini", "agent.before_model", false},
        {"qwen_pre_tool_use", "qwen", "agent.pre_tool_use", true},
        {"qwen_stop", "qwen", "agent.stop", true},
        {"vscode_pre_tool_use", "vscode", "agent.pre_tool_use", true},
        {"vscode_session_start", "vscode", "agent.session_start", true},
        {"copilot_pascal_pre_tool_use", "copilot", "agent.pre_tool_use", true},
        {"copilot_pascal_stop", "copilot", "agent.stop", true},
        {"copilot_pre_tool_use", "copilot", "agent.pre_tool_use", true},
        {"copilot_post_tool_use", "copilot", "agent.post_tool_use", true},
        {"copilot_user_prompt_submitted", "copilot", "agent.prompt_submit", false},
        {"copilot_agent_stop", "copilot", "agent.stop", true},
        {"copilot_session_start", "copilot", "agent.session_start", true},
        {"copilot_session_end", "copilot", "agent.session_end", false},
        {"cursor_pre_tool_use", "cursor", "agent.pre_tool_use", true},
        {"cursor_before_shell_execution", "cursor", "agent.pre_tool_use", true},
        {"cursor_before_mcp_execution", "cursor", "agent.pre_tool_use", true},
        {"cursor_before_read_file", "cursor", "agent.pre_tool_use", true},
        {"cursor_before_submit_prompt", "cursor", "agent.prompt_submit", true},
        {"cursor_after_file_edit", "cursor", "agent.post_tool_use", false},
        {"cursor_stop", "cursor", "agent.stop", true},
        {"cursor_claudes_pre_tool_use", "cursor", "agent.pre_tool_use", true},
        {"kimi_pre_tool_use", "kimi", "agent.pre_tool_use", true},
        {"kimi_code_user_prompt_submit", "kimi", "agent.prompt_submit", true},
        {"kimi_code_stop", "kimi", "agent.stop", true},
        {"windsurf_pre_run_command", "windsurf", "agent.pre_tool_use", true},
        {"windsurf_pre_user_prompt", "windsurf", "agent.prompt_submit", true},
        {"windsurf_post_cascade_response", "windsurf", "agent.stop", false},
        {"cline_pre_tool_use", "cline", "agent.pre_tool_use", true},
        {"cline_user_prompt_submit", "cline", "agent.prompt_submit", true},
        {"cline_task_complete", "cline", "agent.stop", true},
        {"cline_task_start", "cline", "agent.session_start", true},
        {"grok_pre_tool_use", "grok", "agent.pre_tool_use", true},
        {"droid_pre_tool_use", "droid", "agent.pre_tool_use", true},
        {"unknown_pre_tool_use", "unknown", "agent.pre_tool_use", true},
    };
    for (const auto& each : all) {
        const auto event = agent_event_of(agent_input_of(each.input));
        BOOST_TEST(event.dialect->name == each.agent, each.input << " is told as one of " << event.dialect->name);
        BOOST_TEST(event.name == each.event, each.input << " is " << event.name);
        BOOST_TEST(event.waits == each.waits, each.input);
        const auto payload = json_of(event.payload);
        BOOST_TEST(text_at(payload, "/agent") == each.agent);
        BOOST_TEST(!text_at(payload, "/session_id").empty(), each.input << " has no session_id");
        if (each.agent != "windsurf") {  // it names a directory only with a command
            BOOST_TEST(text_at(payload, "/project_dir") == "/home/ann/shop", each.input);
        }
        BOOST_TEST(has_at(payload, "/raw"));
    }
    BOOST_TEST(agent_event_of(agent_input_of("claude_pre_tool_use"), "codex").dialect->name == "codex");
}

BOOST_AUTO_TEST_CASE(every_other_event_is_fired_under_its_name_and_can_be_stopped_if_it_sounds_so) {
    const auto event = [](const std::string& name) {
        return agent_event_of(R"({"transcript_path":"/h/.claude/x","hook_event_name":")" + name + "\"}");
    };
    BOOST_TEST(event("TeammateIdle").name == "agent.teammate_idle");
    BOOST_TEST(event("MCPServerStart").name == "agent.mcp_server_start");
    BOOST_TEST(event("tool.execute").name == "agent.tool_execute");
    BOOST_TEST(event("Sp\xc3\xa4t").name == "agent.sp__t");
    BOOST_TEST(event(std::string(300, 'A')).name.size() <= 128U);
    for (const std::string stoppable : {"PreFlight", "beforeDeploy", "pre_deploy", "NetworkRequest"}) {
        BOOST_TEST((event(stoppable).waits && event(stoppable).is_guarded), stoppable);
    }
    for (const std::string told : {"TeammateIdle", "PostCompact", "SubagentStart"}) {
        BOOST_TEST((!event(told).waits && !event(told).is_guarded), told);
    }
    // What would end a session if it failed is stopped by a word only.
    BOOST_TEST((event("PreCompact").waits && !event("PreCompact").is_guarded));
}

BOOST_AUTO_TEST_CASE(kimis_and_groks_events_of_unknown_names_can_be_stopped_if_they_sound_so) {
    const auto kimi = [](const std::string& name) {
        return agent_event_of(R"({"client_type":"kimi_code_cli","hook_event_name":")" + name + "\"}");
    };
    const auto grok = [](const std::string& name) {
        return agent_event_of(R"({"workspaceRoot":"/src/shop","hookEventName":")" + name + "\"}");
    };
    for (const auto& event :
        {kimi("PreFoo"), kimi("beforeFoo"), kimi("FooRequest"), grok("PreFoo"), grok("FooRequest")}) {
        BOOST_TEST((event.waits && event.is_guarded), event.dialect->name << ' ' << event.caller_name);
        hookd::hookctl::agent_decision decision;
        decision.word = hookd::hookctl::agent_word::deny;
        decision.reason = "no";
        BOOST_TEST(shown(hookd::hookctl::answer_to(event, decision)) == "exit 2: no");
    }
    for (const auto& event : {kimi("TurnStarted"), kimi("PreCompact"), grok("TurnStarted"), grok("UserPromptSubmit")}) {
        BOOST_TEST(!event.waits, event.dialect->name << ' ' << event.caller_name);
    }
}

BOOST_AUTO_TEST_CASE(a_subagents_start_waits_for_text_where_the_agent_takes_it_and_is_not_stopped) {
    const std::string input = R"({"session_id":"v-1","cwd":"/home/ann/shop","hook_event_name":"SubagentStart"})";
    const auto event = agent_event_of(input, "vscode");
    BOOST_TEST(event.name == "agent.subagent_start");
    BOOST_TEST((event.waits && !event.is_guarded));
    const auto answer = [&](const std::string& reply) {
        auto decision = hookd::hookctl::decide(event, replies({reply}), false);
        return shown(hookd::hookctl::answer_to(event, decision));
    };
    BOOST_TEST(
        answer(R"({"additional_context":"mind"})") ==
        R"({"additionalContext":"mind","hookSpecificOutput":{"hookEventName":"SubagentStart","additionalContext":"mind"}})");
    BOOST_TEST(answer(R"({"abort":"no"})") == R"({"systemMessage":"hookd: SubagentStart can't be stopped: no"})");
    BOOST_TEST(!agent_event_of(input, "claude").waits);
}

BOOST_AUTO_TEST_CASE(the_payload_has_what_the_agents_call_by_different_names) {
    struct expected {
        std::string input;
        std::string kind;
        std::string tool;
        std::string command;
        std::string paths;
    };
    const std::vector<expected> all{
        {"claude_pre_tool_use", "shell", "Bash", "rm -rf legacy", "[]"},
        {"claude_post_tool_use", "write", "Write", "", R"(["/home/ann/shop/a.txt"])"},
        {"codex_apply_patch", "write", "apply_patch", "", R"(["src/a.txt","src/b.txt","src/c.txt","d.txt"])"},
        {"gemini_before_tool", "shell", "run_shell_command", "rm -rf legacy", "[]"},
        {"qwen_pre_tool_use", "shell", "run_shell_command", "rm -rf legacy", "[]"},
        {"vscode_pre_tool_use", "shell", "run_in_terminal", "rm -rf legacy", "[]"},
        {"vscode_post_tool_use", "write", "create_file", "", R"(["/home/ann/shop/a.txt"])"},
        {"copilot_pre_tool_use", "shell", "bash", "rm -rf legacy", "[]"},
        {"copilot_post_tool_use", "write", "create", "", R"(["a.txt"])"},
        {"cursor_pre_tool_use", "shell", "Shell", "rm -rf legacy", "[]"},
        {"cursor_before_shell_execution", "shell", "Shell", "rm -rf legacy", "[]"},
        {"cursor_before_mcp_execution", "mcp", "MCP:create_issue", "", "[]"},
        {"cursor_before_read_file", "read", "Read", "", R"(["/home/ann/shop/.env"])"},
        {"cursor_after_file_edit", "write", "Edit", "", R"(["/home/ann/shop/a.txt"])"},
        {"kimi_pre_tool_use", "shell", "Shell", "rm -rf legacy", "[]"},
        {"windsurf_pre_run_command", "shell", "run_command", "rm -rf legacy", "[]"},
        {"windsurf_pre_write_code", "write", "write_code", "", R"(["/home/ann/shop/a.txt"])"},
        {"windsurf_pre_mcp_tool_use", "mcp", "mcp_tracker_create_issue", "", "[]"},
        {"cline_pre_tool_use", "shell", "execute_command", "rm -rf legacy", "[]"},
        {"grok_pre_tool_use", "shell", "run_terminal_command", "rm -rf legacy", "[]"},
        {"droid_pre_tool_use", "shell", "Execute", "rm -rf legacy", "[]"},
    };
    for (const auto& each : all) {
        const auto payload = payload_of(each.input);
        BOOST_TEST(text_at(payload, "/tool_kind") == each.kind, each.input);
        BOOST_TEST(text_at(payload, "/tool_name") == each.tool, each.input);
        BOOST_TEST(has_at(payload, "/command") == !each.command.empty(), each.input);
        BOOST_TEST((each.command.empty() || text_at(payload, "/command") == each.command), each.input);
        BOOST_TEST(paths_of(each.input) == each.paths, each.input << " has " << paths_of(each.input));
        BOOST_TEST(has_at(payload, "/tool_input"), each.input);
    }
    BOOST_TEST(text_at(payload_of("copilot_pre_tool_use"), "/tool_input/command") == "rm -rf legacy");
    BOOST_TEST(text_at(payload_of("cursor_before_mcp_execution"), "/tool_input/title") == "x");
    BOOST_TEST(text_at(payload_of("copilot_post_tool_use"), "/tool_response/resultType") == "success");
    for (const std::string prompt : {"vscode_user_prompt_submit", "copilot_user_prompt_submitted",
             "cursor_before_submit_prompt", "windsurf_pre_user_prompt", "cline_user_prompt_submit"}) {
        BOOST_TEST(text_at(payload_of(prompt), "/prompt") == "Remove the folder", prompt);
    }
    BOOST_TEST(text_at(payload_of("gemini_after_agent"), "/last_assistant_message") == "It is gone.");
    BOOST_TEST(text_at(payload_of("codex_notify"), "/last_assistant_message") == "Done: it is gone.");
    BOOST_TEST(text_at(payload_of("windsurf_post_cascade_response"), "/last_assistant_message") == "done");
    BOOST_TEST(!has_at(payload_of("codex_stop"), "/last_assistant_message"));  // null
    BOOST_TEST(text_at(payload_of("claude_subagent_stop"), "/agent_id") == "a1b2c3");
}

BOOST_AUTO_TEST_CASE(tools_that_are_not_known_are_other_and_never_guessed) {
    const auto kind = [](const std::string& tool, const std::string& mark = R"("transcript_path":"/h/.claude/x")") {
        return text_at(json_of(agent_event_of(with_tool(tool, "{}", mark)).payload), "/tool_kind");
    };
    BOOST_TEST(kind("mcp__tracker__create") == "mcp");
    BOOST_TEST(kind("mcp_tracker_create", R"("transcript_path":"/h/.gemini/x")") == "mcp");
    BOOST_TEST(kind("bashful") == "other");
    BOOST_TEST(kind("read-file") == "other");
    BOOST_TEST(kind("Agent") == "task");
    BOOST_TEST(kind("WebFetch") == "fetch");
    const std::string grok = R"("hookEventName":"pre_tool_use","workspaceRoot":"/w")";
    BOOST_TEST(kind("linear__save_issue", grok) == "mcp");
    BOOST_TEST(kind("search_replace", grok) == "write");
    BOOST_TEST(kind("linear__save_issue") == "other");
}

BOOST_AUTO_TEST_CASE(paths_and_commands_in_odd_places) {
    const auto payload = [](const std::string& tool, const std::string& input) {
        return json_of(agent_event_of(with_tool(tool, input)).payload);
    };
    BOOST_TEST(boost::json::serialize(value_at(payload("read_many_files", R"({"paths":["a","b",1]})"), "/paths")) ==
               R"(["a","b"])");
    BOOST_TEST(text_at(payload("Bash", R"({"command":["rm","-r","x"]})"), "/command") == "rm -r x");
    BOOST_TEST(text_at(payload("Bash", R"({"command":"ls","command":"rm"})"), "/command") == "rm");
    BOOST_TEST(
        boost::json::serialize(value_at(
            payload("Bash",
                R"({"command":"apply_patch <<EOF\n*** Begin Patch\r\n  *** Delete File: x y \r\n*** End Patch"})"),
            "/paths")) == R"(["x y"])");
    BOOST_TEST(
        boost::json::serialize(value_at(payload("apply_patch", R"("*** Add File: a")"), "/paths")) == R"(["a"])");
    BOOST_TEST(!has_at(payload("Bash", "[1]"), "/command"));
    BOOST_TEST(text_at(payload("Bash", R"("{\"command\":\"rm x\"}")"), "/command") == "rm x");
    const auto paths = [&](const std::string& tool, const std::string& input) {
        return boost::json::serialize(value_at(payload(tool, input), "/paths"));
    };
    BOOST_TEST(paths("shell", R"({"command":["apply_patch","*** Begin Patch\n*** Add File: a\n*** End Patch"]})") ==
               R"(["a"])");
    BOOST_TEST(
        paths("multi_replace_string_in_file",
            R"({"replacements":[{"filePath":"/w/a","oldString":"x"},{"filePath":"/w/b"},7]})") == R"(["/w/a","/w/b"])");
    BOOST_TEST(paths("list_directory", R"({"dir_path":"/w"})") == R"(["/w"])");
    BOOST_TEST(paths("read_file", R"({"target_file":"/w/a"})") == R"(["/w/a"])");
}

BOOST_AUTO_TEST_CASE(clines_tool_has_one_of_three_members_for_its_name) {
    for (const std::string member : {"toolName", "tool", "name"}) {
        const auto event =
            agent_event_of(R"({"clineVersion":"3","taskId":"1","hookName":"PreToolUse","preToolUse":{")" + member +
                           R"(":"execute_command","parameters":{"command":"rm"}}})");
        BOOST_TEST(text_at(json_of(event.payload), "/tool_kind") == "shell", member);
        BOOST_TEST(text_at(json_of(event.payload), "/command") == "rm", member);
    }
}

BOOST_AUTO_TEST_CASE(an_event_is_the_same_in_each_case_that_agents_write_it_in) {
    for (const std::string name : {"PreToolUse", "preToolUse", "pre_tool_use", "PRE_TOOL_USE"}) {
        const auto event =
            agent_event_of(R"({"hook_event_name":")" + name + R"(","tool_name":"Bash","tool_input":{"command":"rm"}})");
        BOOST_TEST(event.name == "agent.pre_tool_use", name);
        BOOST_TEST(event.is_guarded, name);
        BOOST_TEST(text_at(json_of(event.payload), "/command") == "rm", name);
    }
    const auto kind_of = [](const std::string& name) {
        return agent_event_of(R"({"workspaceRoot":"/w","hookEventName":")" + name + "\"}").name;
    };
    BOOST_TEST(kind_of("user_prompt_submit") == "agent.prompt_submit");
    BOOST_TEST(kind_of("subagent_end") == "agent.stop");
    BOOST_TEST(kind_of("session_start") == "agent.session_start");
}

BOOST_AUTO_TEST_CASE(a_tool_without_a_name_is_asked_about_and_stopped_where_failures_stop) {
    for (const std::string input :
        {R"({"hook_event_name":"PreToolUse"})", R"({"hook_event_name":"PreToolUse","tool_name":5,"tool_input":{}})"}) {
        const auto event = agent_event_of(input);
        BOOST_TEST(text_at(json_of(event.payload), "/tool_name") == "unknown", input);
        BOOST_TEST(text_at(json_of(event.payload), "/tool_kind") == "other", input);
        BOOST_TEST(event.waits, input);
        for (const bool fail_closed : {false, true}) {
            const auto decision = hookd::hookctl::decide(event, replies({"{}"}), fail_closed);
            BOOST_TEST((decision.word == hookd::hookctl::agent_word::deny) == fail_closed, input);
            BOOST_TEST_REQUIRE(decision.notices.size() == 1U);
            BOOST_TEST(decision.notices.front() == "PreToolUse has no tool_name");
        }
    }
}

BOOST_AUTO_TEST_CASE(the_project_is_what_the_agent_says_itself) {
    const auto input = agent_input_of("claude_pre_tool_use");
    BOOST_TEST(text_at(json_of(agent_event_of(input).payload), "/project_dir") == "/home/ann/shop");
    ::setenv("CLAUDE_PROJECT_DIR", "/project", 1);
    BOOST_TEST(text_at(json_of(hookd::hookctl::read_agent_event(agent_input(input), "").payload), "/project_dir") ==
               "/project");
    const agent_input other(agent_input_of("gemini_before_tool"));
    BOOST_TEST(
        text_at(json_of(hookd::hookctl::read_agent_event(other, "").payload), "/project_dir") == "/home/ann/shop");
    ::unsetenv("CLAUDE_PROJECT_DIR");
}

BOOST_AUTO_TEST_CASE(groks_event_may_be_in_its_variable_alone) {
    ::setenv("GROK_HOOK_EVENT", "PreToolUse", 1);
    const auto event = hookd::hookctl::read_agent_event(
        agent_input(R"({"sessionId":"r","toolName":"Bash","toolInput":{"command":"ls"}})"), "");
    ::unsetenv("GROK_HOOK_EVENT");
    BOOST_TEST(event.dialect->name == "grok");
    BOOST_TEST(event.name == "agent.pre_tool_use");
    BOOST_TEST(event.waits);
}

BOOST_AUTO_TEST_CASE(a_byte_order_mark_tells_of_cursor_where_no_member_tells_of_another_agent) {
    const std::string mark = "\xef\xbb\xbf";
    BOOST_TEST(agent_event_of(mark + agent_input_of("unknown_pre_tool_use")).dialect->name == "cursor");
    for (const std::string name : {"claude_permission_request", "codex_permission_request", "gemini_after_tool"}) {
        const auto event = agent_event_of(mark + agent_input_of(name));
        BOOST_TEST(event.dialect->name == name.substr(0, name.find('_')), name);
        BOOST_TEST(event.waits, name);
    }
}

BOOST_AUTO_TEST_CASE(input_that_is_odd_is_read_as_far_as_it_can_be) {
    const std::string plain = with_tool("Bash", R"({"command":"ls"})");
    BOOST_TEST(agent_input("\xef\xbb\xbf" + plain).had_byte_order_mark());
    BOOST_TEST(agent_input(" \n" + plain + "\n{\"more\":1}").text() == plain);
    BOOST_TEST(agent_input(with_tool("Bash", "{\"command\":\"\xff\"}")).fault().empty());
    BOOST_TEST(text_at(json_of(agent_event_of(with_tool("Bash", "{\"command\":\"a\xff\xc3\xa4\xf0\x9f\"}")).payload),
                   "/command") == "a\xef\xbf\xbd\xc3\xa4\xef\xbf\xbd\xef\xbf\xbd");
    BOOST_TEST(agent_input(with_tool("Bash", R"({"command":"\ud800\u0000"})")).fault().empty());
    // One that can't be used is still known by its members.
    const agent_input deep(
        R"({"a":)" + std::string(500, '[') + std::string(500, ']') + R"(,"hook_event_name":"Stop","x":"}"})");
    BOOST_TEST(!deep.fault().empty());
    BOOST_TEST((hookd::hookctl::recognize_agent_event(deep, "").kind == hookd::hookctl::agent_event_kind::stop));
    for (const std::string bad : {"", "hello", "[1]", "{}", "{\"a\":", R"({"hook_event_name":7})", "{]}", "{\"a\"}"}) {
        BOOST_CHECK_THROW((void)hookd::hookctl::read_agent_event(agent_input(bad), ""), hookd::hookctl::usage_error);
    }
}

BOOST_AUTO_TEST_CASE(claude_is_known_where_its_directory_has_moved) {
    const std::string input =
        R"({"transcript_path":"/etc/cfg/projects/x.jsonl","hook_event_name":"Stop","session_id":"1"})";
    BOOST_TEST(agent_event_of(input).dialect->name == "unknown");
    for (const auto& [directory, agent] :
        {std::pair("/etc/cfg", "claude"), std::pair("/etc/c", "unknown"), std::pair("", "unknown")}) {
        ::setenv("CLAUDE_CONFIG_DIR", directory, 1);
        BOOST_TEST(agent_event_of(input).dialect->name == agent, directory);
    }
    ::unsetenv("CLAUDE_CONFIG_DIR");
}

BOOST_AUTO_TEST_SUITE_END()
