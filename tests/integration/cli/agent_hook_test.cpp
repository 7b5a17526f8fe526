// SPDX-License-Identifier: BSL-1.0
// hookctl agent-hook as a process: what it reads, whom it asks, what it prints and its exit status. The agents' words
// are in unit/hookctl.
#include "hookctl_program.hpp"

#include "support/json_access.hpp"
#include "support/raw_json.hpp"
#include "support/source_tree.hpp"

#include <boost/json/serialize.hpp>
#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

using namespace hookd::test;

namespace {

finished_process agent_hook(
    const std::string& socket, const std::string& input, std::vector<std::string> options = {}) {
    options.insert(options.begin(), "agent-hook");
    return hookctl(socket, std::move(options), input);
}

/// A daemon with one hook, which answers every agent's event with a reply.
class answering_daemon {
public:
    explicit answering_daemon(const std::string& reply)
        : hook_(start_hook(daemon_, {"--name", "guard", "agent.*", "--", "printf", "%s", reply})) {}

    /// What the agent gets to read; its hook has ended with status 0.
    [[nodiscard]] std::string answer_to(const std::string& input, const std::vector<std::string>& options = {}) {
        const auto done = agent_hook(daemon_.socket_path(), agent_input_of(input), options);
        BOOST_TEST(done.exit_status == 0);
        err = done.err;
        return done.out;
    }
    [[nodiscard]] test_daemon& daemon() { return daemon_; }

    std::string err{};

private:
    test_daemon daemon_{};
    std::unique_ptr<child_process> hook_;
};

/// The same JSON, whatever its order of members is.
void check_same(const std::string& answer, const std::string& expected) {
    BOOST_TEST_REQUIRE(lines_of(answer).size() == 1U, answer << " is not one line");
    BOOST_TEST(json_of(answer) == json_of(expected), answer << " is not " << expected);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(cli_agent_hook)

BOOST_AUTO_TEST_CASE(nobody_objecting_is_silence_and_hooks_see_all_that_the_agent_wrote) {
    test_daemon daemon;
    auto observer = daemon.connect();
    subscribe(observer, "agent.*", R"("responds":false)");
    for (const std::string name : {"claude_pre_tool_use", "codex_stop", "gemini_before_agent", "cursor_pre_tool_use",
             "copilot_pre_tool_use", "windsurf_pre_run_command", "cline_pre_tool_use", "claude_session_end"}) {
        const auto input = agent_input_of(name);
        const auto done = agent_hook(daemon.socket_path(), input);
        BOOST_TEST(done.exit_status == 0);
        BOOST_TEST(done.out.empty());
        BOOST_TEST(done.err.empty());
        const auto event = observer.next_event();
        BOOST_TEST(event.at("/params/expects_response").as_bool() == (name != "claude_session_end"), name);
        BOOST_TEST(event.raw({"params", "payload", "raw"}) == input.substr(0, input.size() - 1));
        BOOST_TEST(event.raw({"params", "payload"}).find(":null,\"raw") == std::string::npos);
    }
    // Codex gives its notice as the last argument.
    BOOST_TEST(hookctl(daemon.socket_path(), {"agent-hook", agent_input_of("codex_notify")}).exit_status == 0);
    BOOST_TEST(observer.next_event().string("/params/payload/session_id") == "019a7c3e-5b1d-7f02-9c44-6a2b8e1f0d35");
}

BOOST_AUTO_TEST_CASE(an_objection_denies_in_words_or_by_status) {
    answering_daemon guarded(R"({"abort":"not \"here\""})");
    check_same(guarded.answer_to("claude_pre_tool_use"),
        R"({"hookSpecificOutput":{"hookEventName":"PreToolUse","permissionDecision":"deny",)"
        R"("permissionDecisionReason":"not \"here\""}})");
    check_same(guarded.answer_to("claude_pre_tool_use", {"--agent", "gemini"}),
        R"({"decision":"deny","reason":"not \"here\""})");
    BOOST_TEST(guarded.err.empty());
    for (const std::string told : {"claude_session_end", "claude_notification", "codex_notify", "gemini_session_end"}) {
        BOOST_TEST(guarded.answer_to(told).empty());
        BOOST_TEST(guarded.err.empty());
    }
    for (const std::string name : {"windsurf_pre_run_command", "kimi_pre_tool_use", "unknown_pre_tool_use"}) {
        const auto done = agent_hook(guarded.daemon().socket_path(), agent_input_of(name));
        BOOST_TEST(done.exit_status == 2);
        BOOST_TEST(done.out.empty());
        BOOST_TEST(done.err == "not \"here\"\n");
    }
}

BOOST_AUTO_TEST_CASE(the_strictest_of_several_hooks_counts) {
    answering_daemon guarded(R"({"decision":"allow"})");
    const auto asks =
        start_hook(guarded.daemon(), {"agent.*", "--", "echo", R"({"decision":"ask","reason":"sure?"})"}, 2);
    check_same(guarded.answer_to("claude_pre_tool_use"),
        R"({"hookSpecificOutput":{"hookEventName":"PreToolUse","permissionDecision":"ask","permissionDecisionReason":"sure?"}})");
    const auto denies =
        start_hook(guarded.daemon(), {"--name", "no", "agent.*", "--", "echo", R"({"decision":"deny"})"}, 3);
    check_same(guarded.answer_to("claude_pre_tool_use"),
        R"({"hookSpecificOutput":{"hookEventName":"PreToolUse","permissionDecision":"deny",)"
        R"("permissionDecisionReason":"denied by no without a reason"}})");
}

BOOST_AUTO_TEST_CASE(a_hook_after_a_rewrite_decides_about_what_would_run) {
    test_daemon daemon({"--catalog", source_tree() + "/server/catalogs/agent"});
    auto observer = daemon.connect();
    subscribe(observer, "agent.*", R"("responds":false)");
    const auto rewrites = start_hook(daemon,
        {"--order", "1", "agent.*", "--", "echo", R"({"decision":"allow","updatedInput":{"command":"rm -r x"}})"}, 2);
    const auto ask = [&] {
        return agent_hook(daemon.socket_path(),
            R"({"hook_event_name":"PreToolUse","session_id":"s","tool_name":"Bash","tool_input":{"command":"ls"}})",
            {"--agent", "claude"});
    };
    check_same(ask().out,
        R"({"hookSpecificOutput":{"hookEventName":"PreToolUse","permissionDecision":"allow","updatedInput":{"command":"rm -r x"}}})");
    BOOST_TEST(observer.next_event().string("/params/payload/command") == "ls");
    const auto again = observer.next_event().at("/params/payload");
    BOOST_TEST(text_at(again, "/command") == "rm -r x");
    BOOST_TEST(text_at(again, "/tool_input/command") == "rm -r x");
    BOOST_TEST(text_at(again, "/rewritten_by").starts_with("echo"));

    const auto guard = start_hook(daemon,
        {"--order", "2", "--where", "/command=rm *", "agent.*", "--", "sh", "-c", "echo removes >&2; exit 1"}, 3);
    check_same(ask().out,
        R"({"hookSpecificOutput":{"hookEventName":"PreToolUse","permissionDecision":"deny","permissionDecisionReason":"removes"}})");
}

BOOST_AUTO_TEST_CASE(input_that_is_too_much_to_pass_on_whole_still_asks_about_its_tool) {
    test_daemon daemon({"--catalog", source_tree() + "/server/catalogs/agent"});
    auto observer = daemon.connect();
    subscribe(observer, "agent.*", R"("responds":false)");
    const auto input_with = [](const std::string& tool_input) {
        return R"({"hook_event_name":"PreToolUse","tool_name":"Write","session_id":"s","tool_input":)" + tool_input +
               "}";
    };
    const auto nested = [](std::size_t levels) { return std::string(levels, '[') + std::string(levels, ']'); };
    const auto asks = [&](const std::string& tool_input) {
        const auto done = agent_hook(daemon.socket_path(), input_with(tool_input));
        BOOST_TEST(done.exit_status == 0);
        BOOST_TEST(done.err == "");
        return observer.next_event();
    };
    const auto whole = asks(nested(124));
    BOOST_TEST(whole.raw({"params", "payload", "raw"}) == input_with(nested(124)));
    BOOST_TEST(!has_at(whole.at("/params/payload"), "/raw_omitted"));
    const std::string large = "\"" + std::string(std::size_t{9} << 20, 'x') + "\"";
    for (const auto& too_much : {nested(126), "\"" + std::string(std::size_t{17} << 20, 'x') + "\""}) {
        const auto refused = agent_hook(daemon.socket_path(), input_with(too_much));
        BOOST_TEST(refused.exit_status == 2);
        BOOST_TEST(refused.err.starts_with("no hook was asked about agent.pre_tool_use"));
    }
    for (const auto& tool_input : {nested(125), large}) {
        const auto event = asks(tool_input);
        BOOST_TEST((event.raw({"params", "payload", "tool_input"}) == tool_input));
        BOOST_TEST(bool_at(event.at("/params/payload"), "/raw_omitted"));
        BOOST_TEST(!has_at(event.at("/params/payload"), "/raw"));
    }
}

BOOST_AUTO_TEST_CASE(the_catalog_for_agents_takes_what_agents_and_their_hooks_say) {
    test_daemon daemon({"--catalog", source_tree() + "/server/catalogs/agent"});
    const auto hook =
        start_hook(daemon, {"agent.*", "--", "echo", R"({"decision":"block","reason":"no","hookSpecificOutput":{}})"});
    for (const std::string name : {"claude_pre_tool_use", "claude_permission_request", "claude_user_prompt_submit",
             "claude_stop", "claude_subagent_stop", "gemini_before_tool", "vscode_post_tool_use"}) {
        const auto done = agent_hook(daemon.socket_path(), agent_input_of(name));
        BOOST_TEST(done.exit_status == 0);
        BOOST_TEST(done.out.find("\"no\"") != std::string::npos, name << " is answered " << done.out << done.err);
    }
}

BOOST_AUTO_TEST_CASE(without_a_daemon_the_agent_continues_unless_it_was_told_otherwise_and_says_so) {
    const temp_directory nowhere;
    const auto socket = nowhere / "nobody.sock";
    for (const std::string input :
        {"claude_pre_tool_use", "gemini_before_agent", "codex_stop", "windsurf_pre_run_command"}) {
        for (const auto& options :
            std::vector<std::vector<std::string>>{{}, {"--fail-closed"}, {"--no-daemon", "proceed"}}) {
            const auto done = agent_hook(socket, agent_input_of(input), options);
            BOOST_TEST(done.exit_status == 0);
            if (input == "windsurf_pre_run_command") {
                BOOST_TEST(done.out.empty());
                check_one_error(done, {"agent.pre_tool_use", socket});
            } else {
                BOOST_TEST(text_at(json_of(done.out), "/systemMessage").find(socket) != std::string::npos);
                BOOST_TEST(!has_at(json_of(done.out), "/decision"));
                BOOST_TEST(!has_at(json_of(done.out), "/hookSpecificOutput"));
            }
        }
        const auto done = agent_hook(socket, agent_input_of(input), {"--no-daemon", "fail"});
        // An agent that could not end would never stop.
        const bool denies = done.exit_status == 2 || done.out.find("\"deny\"") != std::string::npos;
        BOOST_TEST(denies == (input != "codex_stop"), input << " is answered " << done.out);
        BOOST_TEST((done.out + done.err).find(socket) != std::string::npos);
    }
    check_one_error(agent_hook(socket, agent_input_of("claude_session_end")), {"agent.session_end", socket});
    BOOST_TEST(agent_hook(socket, agent_input_of("gemini_session_end")).err.empty());  // it would show it as the answer
}

BOOST_AUTO_TEST_CASE(a_denial_that_cannot_be_written_is_one_by_its_exit_status) {
    const std::string input = R"('{"hook_event_name":"PreToolUse","tool_name":"Bash","tool_input":{"command":"rm"}}')";
    for (const std::string reply : {R"({"abort":"not now"})", R"({"decision":"ask","reason":"not now"})",
             R"({"decision":"allow","reason":"not now","updated_input":{"command":"ls"}})"}) {
        test_daemon daemon;
        auto hook = start_hook(daemon, {"--name", "guard", "agent.*", "--", "printf", "%s", reply});
        for (const std::string agent : {"claude", "cline", "gemini"}) {
            const auto command = std::filesystem::absolute(hookctl_binary()).string() + " --socket " +
                                 daemon.socket_path() + " agent-hook --agent " + agent + " " + input;
            // Of the last, the reader is gone before it starts.
            for (const auto& line : {command + " >/dev/full; echo $?", command + " >&-; echo $?",
                     "mkfifo gate; { read go <gate; " + command +
                         "; echo $? >status; } | { exec <&-; echo >gate; }; cat status; rm gate status"}) {
                spawn_options in_directory;
                in_directory.directory = daemon.directory().path();
                const auto done = run_program({"sh", "-c", line}, {}, in_directory);
                BOOST_TEST(done.out == "2\n", line << reply);
                BOOST_TEST(done.err.find("can't write the answer") != std::string::npos, line << done.err);
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(hooks_that_do_not_decide_in_time_leave_it_to_the_agent_or_deny) {
    test_daemon daemon;
    auto silent = daemon.connect();
    subscribe(silent, "agent.*", R"("name":"sleeper")");
    const auto open = agent_hook(daemon.socket_path(), agent_input_of("claude_pre_tool_use"), {"--timeout", "200ms"});
    BOOST_TEST(open.exit_status == 0);
    BOOST_TEST(
        text_at(json_of(open.out), "/systemMessage").find("no answer to agent.pre_tool_use from sleeper (timeout)") !=
        std::string::npos);
    BOOST_TEST(silent.next_event().integer("/params/timeout_ms") <= 200);
    const auto closed = agent_hook(
        daemon.socket_path(), agent_input_of("claude_pre_tool_use"), {"--timeout", "200ms", "--fail-closed"});
    BOOST_TEST(closed.exit_status == 0);
    const auto answer = json_of(closed.out);
    BOOST_TEST(text_at(answer, "/hookSpecificOutput/permissionDecision") == "deny");
    BOOST_TEST(text_at(answer, "/hookSpecificOutput/permissionDecisionReason").find("sleeper") != std::string::npos);
    const auto end =
        agent_hook(daemon.socket_path(), agent_input_of("claude_stop"), {"--timeout", "200ms", "--fail-closed"});
    BOOST_TEST(!has_at(json_of(end.out), "/decision"));
}

BOOST_AUTO_TEST_CASE(an_unknown_event_that_sounds_stoppable_is_stopped_if_no_hook_decides) {
    test_daemon daemon;
    auto silent = daemon.connect();
    subscribe(silent, "agent.*", R"("name":"sleeper")");
    for (const std::string input : {R"({"client_type":"kimi_code_cli","hook_event_name":"PreFoo"})",
             R"({"client_type":"kimi_code_cli","hook_event_name":"FooRequest"})",
             R"({"hookEventName":"PreFoo","workspaceRoot":"/src/shop"})"}) {
        const auto closed = agent_hook(daemon.socket_path(), input, {"--timeout", "100ms", "--fail-closed"});
        BOOST_TEST(closed.exit_status == 2, input);
        BOOST_TEST(closed.err.find("sleeper") != std::string::npos, closed.err);
        BOOST_TEST(agent_hook(daemon.socket_path(), input, {"--timeout", "100ms"}).exit_status == 0);
    }
}

BOOST_AUTO_TEST_CASE(outside_a_repository_no_file_of_the_working_directory_is_taken_for_a_record) {
    answering_daemon guarded(R"({"abort":"no"})");
    const temp_directory directory;
    write_file(directory.path() + "/hookd-sync", "hookd sync 1\n/elsewhere");
    spawn_options options;
    options.environment = {{"HOOKD_SOCKET", guarded.daemon().socket_path()}};
    options.directory = directory.path();
    const auto done = run_program({hookctl_binary(), "agent-hook"}, agent_input_of("claude_pre_tool_use"), options);
    BOOST_TEST(
        text_at(json_of(done.out), "/hookSpecificOutput/permissionDecisionReason") == "no", done.out << done.err);
}

BOOST_AUTO_TEST_CASE(hooks_have_20_seconds_unless_said) {
    test_daemon daemon;
    auto observer = daemon.connect();
    subscribe(observer, "agent.*", R"("responds":false)");
    BOOST_TEST(agent_hook(daemon.socket_path(), agent_input_of("claude_pre_tool_use")).exit_status == 0);
    const auto timeout = observer.next_event().integer("/params/timeout_ms");
    BOOST_TEST((timeout > 10'000 && timeout <= 20'000));
}

BOOST_AUTO_TEST_CASE(input_is_read_up_to_the_end_of_one_json_value) {
    answering_daemon guarded(R"({"abort":"no"})");
    // The writer stays for as long as hookctl runs: the pipe ends only when the test is over.
    const auto line = "mkfifo f; exec 9<>f; printf %s " + shell_word(agent_input_of("claude_pre_tool_use")) +
                      " >&9; exec " + shell_word(hookctl_binary()) + " agent-hook <f";
    const temp_directory directory;
    spawn_options options;
    options.environment = {{"HOOKD_SOCKET", guarded.daemon().socket_path()}};
    options.directory = directory.path();
    const auto done = run_program({"sh", "-c", line}, {}, options);
    BOOST_TEST(done.exit_status == 0);
    BOOST_TEST(text_at(json_of(done.out), "/hookSpecificOutput/permissionDecision") == "deny");
    // What never becomes one is waited for no longer than hooks may take.
    const auto cut = run_program({"sh", "-c",
                                     "mkfifo g; exec 9<>g; printf '{\"hook_event_name\":' >&9; exec " +
                                         shell_word(hookctl_binary()) + " agent-hook --timeout 100ms --fail-closed <g"},
        {}, options);
    BOOST_TEST(cut.exit_status == 2);
    // And so is what never ends.
    const auto endless =
        run_program({"sh", "-c",
                        "{ printf '{\"a\":\"'; tr '\\0' x </dev/zero; } 2>/dev/null | " + shell_word(hookctl_binary()) +
                            " agent-hook --timeout 100ms --fail-closed"},
            {}, options);
    BOOST_TEST(endless.exit_status == 2);
}

BOOST_AUTO_TEST_CASE(the_catalog_has_each_event_at_which_an_agent_waits) {
    test_daemon daemon({"--catalog", source_tree() + "/server/catalogs/agent"});
    const std::string start = R"({"hook_event_name":"SubagentStart","session_id":"s","agent_id":"a",)"
                              R"("timestamp":"2026-08-01T00:00:00.000Z","transcript_path":"/h/workspaceStorage/1"})";
    for (const auto& input : {agent_input_of("claude_pre_compact"), agent_input_of("claude_stop"), start}) {
        const auto done = agent_hook(daemon.socket_path(), input);
        BOOST_TEST(done.exit_status == 0);
        BOOST_TEST(done.err.empty(), done.err);
    }
    BOOST_TEST(int_at(daemon.stats(), "/head_seq") == 3);
}

BOOST_AUTO_TEST_CASE(input_that_is_no_hooks_is_reported_and_blocks_only_where_it_must) {
    test_daemon daemon;
    const std::string deep = R"({"a":)" + std::string(500, '[') + std::string(500, ']') + R"(,"hook_event_name":")";
    for (const std::string& input : {std::string(), std::string("hello"), std::string("[1]"), std::string("{}"),
             std::string(R"({"hook_event_name":7})"), std::string("{\"a\":"), deep + "PreToolUse\"}"}) {
        const auto done = agent_hook(daemon.socket_path(), input);
        BOOST_TEST(done.exit_status == 1, input);
        BOOST_TEST(done.out.empty());
        check_one_error(done, {});
        BOOST_TEST(agent_hook(daemon.socket_path(), input, {"--fail-closed"}).exit_status == 2);
        // Cline reads no exit status.
        const auto cline = agent_hook(daemon.socket_path(), input, {"--fail-closed", "--agent", "cline"});
        BOOST_TEST(cline.exit_status == 0);
        BOOST_TEST(bool_at(json_of(cline.out), "/cancel"));
    }
    // Neither a stream that fails nor a file that is not there is wrong usage.
    const auto from = [](const std::string& words, const std::string& redirection) {
        return run_program(
            {"sh", "-c", "exec " + shell_word(hookctl_binary()) + " agent-hook " + words + " " + redirection}, {}, {});
    };
    for (const auto& [input, redirection] : {std::pair("", "</"), std::pair("", "<&-"), std::pair("@/missing", "")}) {
        const auto open = from(input, redirection);
        BOOST_TEST(open.exit_status == 1, input << redirection << open.err);
        BOOST_TEST(open.out.empty());
        check_one_error(open, {"can't be read"});
        BOOST_TEST(from(std::string("--fail-closed ") + input, redirection).exit_status == 2);
        const auto cline = from(std::string("--fail-closed --agent cline ") + input, redirection);
        BOOST_TEST(cline.exit_status == 0);
        BOOST_TEST(bool_at(json_of(cline.out), "/cancel"));
    }
    // An end that can't be read is an end.
    BOOST_TEST(agent_hook(daemon.socket_path(), deep + "Stop\"}", {"--fail-closed"}).exit_status == 0);
    BOOST_TEST(int_at(daemon.stats(), "/head_seq") == 0);
    // Hooks are asked about a tool without a name, and it is stopped where failures stop.
    const std::string nameless = R"({"hook_event_name":"PreToolUse"})";
    BOOST_TEST(agent_hook(daemon.socket_path(), nameless).exit_status == 0);
    BOOST_TEST(agent_hook(daemon.socket_path(), nameless, {"--fail-closed"}).exit_status == 2);
    BOOST_TEST(int_at(daemon.stats(), "/head_seq") == 2);
    const auto usage = agent_hook(daemon.socket_path(), "", {"--agent", "hal"});
    BOOST_TEST(usage.exit_status == 2);
    check_one_error(usage, {"claude", "codex", "gemini", "auto"});
}

BOOST_AUTO_TEST_SUITE_END()
