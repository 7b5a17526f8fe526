// hookctl agent-hook: what coding agents write to their hooks, and what they get to read.
#include "hookctl_program.hpp"

#include "support/json_access.hpp"
#include "support/raw_json.hpp"

#include <boost/json/serialize.hpp>
#include <boost/test/unit_test.hpp>

#include <string>
#include <utility>
#include <vector>

using namespace hookd::test;

namespace {

/// What an agent has written; the directory agent_inputs has one of each kind.
std::string input_of(const std::string& name) {
    return read_file(std::string(HOOKD_TEST_SOURCE_DIR) + "/tests/integration/cli/agent_inputs/" + name + ".json");
}

finished_process agent_hook(const std::string& socket, const std::string& input, std::vector<std::string> options = {}) {
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
        const auto done = agent_hook(daemon_.socket_path(), input_of(input), options);
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

BOOST_AUTO_TEST_CASE(each_kind_of_input_is_its_event_and_nobody_objecting_is_silence) {
    test_daemon daemon;
    auto observer = daemon.connect();
    subscribe(observer, "agent.*", R"("responds":false)");
    struct expected_event {
        std::string input;
        std::string agent;
        std::string event;
        bool waits;
    };
    const std::vector<expected_event> all{
        {"claude_session_start", "claude-code", "agent.session_start", true},
        {"claude_session_end", "claude-code", "agent.session_end", false},
        {"claude_user_prompt_submit", "claude-code", "agent.prompt_submit", true},
        {"claude_pre_tool_use", "claude-code", "agent.pre_tool_use", true},
        {"claude_permission_request", "claude-code", "agent.pre_tool_use", true},
        {"claude_post_tool_use", "claude-code", "agent.post_tool_use", true},
        {"claude_post_tool_use_failure", "claude-code", "agent.post_tool_use", true},
        {"claude_notification", "claude-code", "agent.notification", false},
        {"claude_stop", "claude-code", "agent.stop", true},
        {"claude_subagent_stop", "claude-code", "agent.subagent_stop", true},
        {"codex_session_start", "codex", "agent.session_start", true},
        {"codex_user_prompt_submit", "codex", "agent.prompt_submit", true},
        {"codex_pre_tool_use", "codex", "agent.pre_tool_use", true},
        {"codex_permission_request", "codex", "agent.pre_tool_use", true},
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
    };
    for (const auto& each : all) {
        const auto input = input_of(each.input);
        const auto done = agent_hook(daemon.socket_path(), input);
        BOOST_TEST(done.exit_status == 0);
        BOOST_TEST(done.out.empty());
        BOOST_TEST(done.err.empty());
        const auto event = observer.next_event();
        BOOST_TEST(event.string("/params/event") == each.event, each.input);
        BOOST_TEST(event.string("/params/payload/agent") == each.agent, each.input);
        BOOST_TEST(event.at("/params/expects_response").as_bool() == each.waits, each.input);
        BOOST_TEST(event.string("/params/payload/cwd") == "/home/ann/shop");
        BOOST_TEST(!event.string("/params/payload/session_id").empty());
        BOOST_TEST(event.raw({"params", "payload", "raw"}) == input.substr(0, input.size() - 1));
        BOOST_TEST(event.raw({"params", "payload"}).find(":null,\"raw") == std::string::npos);
    }
}

BOOST_AUTO_TEST_CASE(the_payload_has_what_the_agents_call_by_different_names) {
    test_daemon daemon;
    auto observer = daemon.connect();
    subscribe(observer, "agent.*", R"("responds":false)");
    const auto payload_of = [&](const std::string& input, const std::vector<std::string>& options = {}) {
        BOOST_TEST(agent_hook(daemon.socket_path(), input_of(input), options).exit_status == 0);
        return observer.next_event().at("/params/payload");
    };
    const auto tool = payload_of("claude_pre_tool_use");
    BOOST_TEST(text_at(tool, "/tool_name") == "Bash");
    BOOST_TEST(text_at(tool, "/tool_input/command") == "rm -rf legacy");
    BOOST_TEST(text_at(tool, "/tool_use_id") == "toolu_01Q2w3e4r5t6y7");
    BOOST_TEST(text_at(tool, "/permission_mode") == "default");
    BOOST_TEST(text_at(tool, "/hook_event_name") == "PreToolUse");
    BOOST_TEST(text_at(payload_of("claude_user_prompt_submit"), "/prompt") == "Remove the \"legacy\" folder, bitte sch\xc3\xb6n");
    BOOST_TEST(bool_at(payload_of("claude_post_tool_use"), "/tool_response/success"));
    BOOST_TEST(text_at(payload_of("claude_session_end"), "/reason") == "prompt_input_exit");
    const auto notice = payload_of("claude_notification");
    BOOST_TEST(text_at(notice, "/notification_type") == "permission_prompt");
    BOOST_TEST(text_at(notice, "/message") == "Claude needs your permission to use Bash");
    BOOST_TEST(text_at(payload_of("claude_subagent_stop"), "/agent_type") == "Explore");
    BOOST_TEST(!bool_at(payload_of("claude_stop"), "/stop_hook_active"));
    BOOST_TEST(text_at(payload_of("codex_post_tool_use"), "/tool_response") == "a.txt\n");
    const auto stop = payload_of("codex_stop");
    BOOST_TEST(!has_at(stop, "/last_assistant_message"));  // null
    BOOST_TEST(!has_at(stop, "/transcript_path"));
    BOOST_TEST(text_at(payload_of("gemini_after_agent"), "/last_assistant_message") == "It is gone.");
    BOOST_TEST(text_at(payload_of("gemini_before_tool"), "/tool_name") == "run_shell_command");
    BOOST_TEST(text_at(payload_of("claude_pre_tool_use", {"--agent", "gemini"}), "/agent") == "gemini");

    // Codex gives its notice as the last argument.
    BOOST_TEST(hookctl(daemon.socket_path(), {"agent-hook", input_of("codex_notify")}).exit_status == 0);
    const auto turn = observer.next_event().at("/params/payload");
    BOOST_TEST(text_at(turn, "/session_id") == "019a7c3e-5b1d-7f02-9c44-6a2b8e1f0d35");
    BOOST_TEST(text_at(turn, "/last_assistant_message") == "Done: it is gone.");
}

BOOST_AUTO_TEST_CASE(an_objection_denies_in_the_words_of_each_agent) {
    answering_daemon guarded(R"({"abort":"not \"here\""})");
    const std::string tool = R"({"hookSpecificOutput":{"hookEventName":"PreToolUse","permissionDecision":"deny",)"
                             R"("permissionDecisionReason":"not \"here\""}})";
    const std::string permission = R"({"hookSpecificOutput":{"hookEventName":"PermissionRequest",)"
                                   R"("decision":{"behavior":"deny","message":"not \"here\""}}})";
    const std::string block = R"({"decision":"block","reason":"not \"here\""})";
    const std::string deny = R"({"decision":"deny","reason":"not \"here\""})";
    const std::vector<std::pair<std::string, std::string>> all{
        {"claude_pre_tool_use", tool},          {"codex_pre_tool_use", tool},
        {"claude_permission_request", permission}, {"codex_permission_request", permission},
        {"claude_user_prompt_submit", block},   {"codex_user_prompt_submit", block},
        {"claude_post_tool_use", block},        {"codex_post_tool_use", block},
        {"claude_stop", block},                 {"codex_stop", block},
        {"claude_subagent_stop", block},        {"gemini_before_tool", deny},
        {"gemini_before_agent", deny},          {"gemini_after_tool", deny},
        {"gemini_after_agent", deny},
    };
    for (const auto& [input, expected] : all) {
        check_same(guarded.answer_to(input), expected);
        BOOST_TEST(guarded.err.empty());
    }
    for (const std::string told : {"claude_session_end", "claude_notification", "codex_notify", "gemini_session_end"}) {
        BOOST_TEST(guarded.answer_to(told).empty());
        BOOST_TEST(guarded.err.empty());
    }
    BOOST_TEST(guarded.answer_to("claude_session_start").empty());
    BOOST_TEST(guarded.err.find("can't be stopped: not \"here\"") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_denial_has_a_reason_although_the_hook_gives_a_blank_one) {
    // Codex takes a denial without a reason for a broken hook, and runs the tool.
    answering_daemon vetoes(R"({"abort":" \n "})");
    answering_daemon denies(R"({"decision":"deny","reason":"\t"})");
    for (const std::string input : {"codex_pre_tool_use", "claude_pre_tool_use"}) {
        BOOST_TEST(text_at(json_of(vetoes.answer_to(input)), "/hookSpecificOutput/permissionDecisionReason") == "denied without a reason");
        BOOST_TEST(text_at(json_of(denies.answer_to(input)), "/hookSpecificOutput/permissionDecisionReason") ==
                   "denied by guard without a reason");
    }
    check_same(vetoes.answer_to("codex_stop"), R"({"decision":"block","reason":"denied without a reason"})");
    check_same(denies.answer_to("gemini_before_agent"), R"({"decision":"deny","reason":"denied by guard without a reason"})");
}

BOOST_AUTO_TEST_CASE(a_hook_can_leave_it_to_a_person) {
    answering_daemon guarded(R"({"decision":"ask","reason":"it deletes"})");
    check_same(guarded.answer_to("claude_pre_tool_use"),
               R"({"hookSpecificOutput":{"hookEventName":"PreToolUse","permissionDecision":"ask","permissionDecisionReason":"it deletes"}})");
    check_same(guarded.answer_to("gemini_before_tool"), R"({"decision":"ask","reason":"it deletes","systemMessage":"it deletes"})");
    // Codex would run the tool if it were asked to ask.
    check_same(guarded.answer_to("codex_pre_tool_use"),
               R"({"hookSpecificOutput":{"hookEventName":"PreToolUse","permissionDecision":"deny",)"
               R"("permissionDecisionReason":"a person has to decide this: it deletes"}})");
    for (const std::string asked_anyway : {"claude_permission_request", "codex_permission_request", "claude_stop"}) {
        BOOST_TEST(guarded.answer_to(asked_anyway).empty());
    }
}

BOOST_AUTO_TEST_CASE(a_hook_can_allow) {
    answering_daemon guarded(R"({"decision":"allow","reason":"known"})");
    check_same(guarded.answer_to("claude_pre_tool_use"),
               R"({"hookSpecificOutput":{"hookEventName":"PreToolUse","permissionDecision":"allow","permissionDecisionReason":"known"}})");
    check_same(guarded.answer_to("gemini_before_tool"), R"({"decision":"allow","reason":"known"})");
    BOOST_TEST(guarded.answer_to("codex_pre_tool_use").empty());
    for (const std::string agent : {"claude", "codex"}) {
        check_same(guarded.answer_to(agent + "_permission_request"),
                   R"({"hookSpecificOutput":{"hookEventName":"PermissionRequest","decision":{"behavior":"allow"}}})");
    }
}

BOOST_AUTO_TEST_CASE(the_strictest_of_several_hooks_counts) {
    answering_daemon guarded(R"({"decision":"allow"})");
    const auto asks = start_hook(guarded.daemon(), {"agent.*", "--", "echo", R"({"decision":"ask","reason":"sure?"})"}, 2);
    check_same(guarded.answer_to("claude_pre_tool_use"),
               R"({"hookSpecificOutput":{"hookEventName":"PreToolUse","permissionDecision":"ask","permissionDecisionReason":"sure?"}})");
    const auto denies = start_hook(guarded.daemon(), {"--name", "no", "agent.*", "--", "echo", R"({"decision":"deny"})"}, 3);
    check_same(guarded.answer_to("claude_pre_tool_use"),
               R"({"hookSpecificOutput":{"hookEventName":"PreToolUse","permissionDecision":"deny",)"
               R"("permissionDecisionReason":"denied by no without a reason"}})");
}

BOOST_AUTO_TEST_CASE(a_hook_can_tell_the_model_something_and_change_a_tools_input) {
    answering_daemon guarded(R"({"additional_context":"mind the gap","updated_input":{"command":"ls", "n":1e400}})");
    check_same(guarded.answer_to("claude_session_start"),
               R"({"hookSpecificOutput":{"hookEventName":"SessionStart","additionalContext":"mind the gap"}})");
    check_same(guarded.answer_to("gemini_before_agent"),
               R"({"hookSpecificOutput":{"hookEventName":"BeforeAgent","additionalContext":"mind the gap"}})");
    check_same(guarded.answer_to("codex_post_tool_use"),
               R"({"hookSpecificOutput":{"hookEventName":"PostToolUse","additionalContext":"mind the gap"}})");
    const auto claude = guarded.answer_to("claude_pre_tool_use");
    const auto output = raw_member(claude, "hookSpecificOutput").value();
    BOOST_TEST(raw_member(output, "updatedInput").value() == R"({"command":"ls", "n":1e400})");
    BOOST_TEST(raw_member(output, "permissionDecision").value() == "\"ask\"");
    BOOST_TEST(raw_member(output, "additionalContext").value() == "\"mind the gap\"");
    const auto codex = guarded.answer_to("codex_pre_tool_use");
    BOOST_TEST(raw_member(raw_member(codex, "hookSpecificOutput").value(), "permissionDecision").value() == "\"allow\"");
    const auto gemini = guarded.answer_to("gemini_before_tool");
    BOOST_TEST(raw_member(raw_member(gemini, "hookSpecificOutput").value(), "tool_input").value() == R"({"command":"ls", "n":1e400})");
    BOOST_TEST(guarded.err.find("additional_context") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(an_input_that_was_not_allowed_is_not_run_because_another_was) {
    answering_daemon guarded(R"({"decision":"allow","updated_input":{"command":"ls"},"additional_context":"mind"})");
    check_same(guarded.answer_to("claude_permission_request"),
               R"({"hookSpecificOutput":{"hookEventName":"PermissionRequest",)"
               R"("decision":{"behavior":"allow","updatedInput":{"command":"ls"}}}})");
    BOOST_TEST(guarded.err.find("no additional_context") != std::string::npos);
    // Codex can't change the input here: it would run the one that the hook has not seen fit to allow.
    BOOST_TEST(guarded.answer_to("codex_permission_request").empty());
    BOOST_TEST(guarded.err.find("takes no updated_input") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_reply_that_is_none_of_these_is_noted_and_ignored) {
    answering_daemon guarded(R"({"decision":"perhaps","reason":1,"updated_input":[],"additional_context":{}})");
    BOOST_TEST(guarded.answer_to("claude_pre_tool_use").empty());
    BOOST_TEST(lines_of(guarded.err).size() == 4U);
    for (const std::string what : {"guard has a decision", "a reason", "updated_input", "additional_context"}) {
        BOOST_TEST(guarded.err.find(what) != std::string::npos, what << " is not in " << guarded.err);
    }
}

BOOST_AUTO_TEST_CASE(input_that_is_too_much_to_pass_on_whole_still_asks_about_its_tool) {
    test_daemon daemon({"--catalog", std::string(HOOKD_TEST_SOURCE_DIR) + "/server/catalogs/agent"});
    auto observer = daemon.connect();
    subscribe(observer, "agent.*", R"("responds":false)");
    const auto input_with = [](const std::string& tool_input) {
        return R"({"hook_event_name":"PreToolUse","tool_name":"Write","session_id":"s","tool_input":)" + tool_input + "}";
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
        check_one_complaint(refused, {"no hook was asked about agent.pre_tool_use"});
    }
    for (const auto& tool_input : {nested(125), large}) {
        const auto event = asks(tool_input);
        BOOST_TEST((event.raw({"params", "payload", "tool_input"}) == tool_input));
        BOOST_TEST(bool_at(event.at("/params/payload"), "/raw_omitted"));
        BOOST_TEST(!has_at(event.at("/params/payload"), "/raw"));
    }
}

BOOST_AUTO_TEST_CASE(a_decision_that_is_none_denies_where_that_was_asked_for) {
    for (const std::string reply : {R"({"decision":"block","reason":"b"})", R"({"decision":7})", R"({"decision":"allow","updated_input":[]})"}) {
        answering_daemon guarded(reply);
        const auto tool = json_of(guarded.answer_to("claude_pre_tool_use", {"--fail-closed"}));
        BOOST_TEST(text_at(tool, "/hookSpecificOutput/permissionDecision") == "deny");
        BOOST_TEST(text_at(tool, "/hookSpecificOutput/permissionDecisionReason").starts_with("no verdict: the reply of guard has a"));
        BOOST_TEST(text_at(json_of(guarded.answer_to("claude_user_prompt_submit", {"--fail-closed"})), "/decision") == "block");
        // What another hook allows is not all that had to be heard.
        const auto allows = start_hook(guarded.daemon(), {"agent.*", "--", "echo", R"({"decision":"allow"})"}, 2);
        BOOST_TEST(text_at(json_of(guarded.answer_to("claude_pre_tool_use", {"--fail-closed"})), "/hookSpecificOutput/permissionDecision") ==
                   "deny");
        BOOST_TEST(text_at(json_of(guarded.answer_to("claude_pre_tool_use")), "/hookSpecificOutput/permissionDecision") == "allow");
        // An agent that could not end would go on for good.
        BOOST_TEST(guarded.answer_to("claude_stop", {"--fail-closed"}).empty());
    }
    answering_daemon denies(R"({"decision":"deny","reason":"no","updated_input":[]})");
    BOOST_TEST(text_at(json_of(denies.answer_to("claude_pre_tool_use")), "/hookSpecificOutput/permissionDecisionReason") == "no");
}

BOOST_AUTO_TEST_CASE(where_nobody_can_be_asked_that_is_told_and_a_prompt_is_stopped_where_that_was_asked_for) {
    answering_daemon guarded(R"({"decision":"ask","reason":"it deletes"})");
    for (const std::string input :
         {"claude_user_prompt_submit", "gemini_before_agent", "claude_post_tool_use", "codex_stop", "claude_session_start"}) {
        BOOST_TEST(guarded.answer_to(input).empty());
        BOOST_TEST(guarded.err.find("a person has to decide this: it deletes") != std::string::npos, input << " gave " << guarded.err);
    }
    check_same(guarded.answer_to("claude_user_prompt_submit", {"--fail-closed"}),
               R"({"decision":"block","reason":"a person has to decide this: it deletes"})");
    BOOST_TEST(guarded.err == "");
    check_same(guarded.answer_to("gemini_before_agent", {"--fail-closed"}),
               R"({"decision":"deny","reason":"a person has to decide this: it deletes"})");
    BOOST_TEST(guarded.answer_to("codex_stop", {"--fail-closed"}).empty());
    BOOST_TEST(guarded.err.find("a person has to decide this: it deletes") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(without_a_daemon_the_agent_goes_on_unless_it_was_told_otherwise) {
    const temp_directory nowhere;
    const auto socket = nowhere / "nobody.sock";
    for (const std::string input : {"claude_pre_tool_use", "gemini_before_agent", "codex_stop", "claude_session_end"}) {
        for (const auto& options : std::vector<std::vector<std::string>>{{}, {"--fail-closed"}, {"--no-daemon", "proceed"}}) {
            const auto done = agent_hook(socket, input_of(input), options);
            BOOST_TEST(done.exit_status == 0);
            BOOST_TEST(done.out.empty());
            check_one_complaint(done, {"agent.", socket});
        }
        const auto done = agent_hook(socket, input_of(input), {"--no-daemon", "fail"});
        // An agent that could not end would go on for good.
        const bool is_guarded = input == "claude_pre_tool_use" || input == "gemini_before_agent";
        BOOST_TEST(done.exit_status == (is_guarded ? 2 : 0));
        BOOST_TEST(done.out.empty());
        check_one_complaint(done, {socket});
    }
}

BOOST_AUTO_TEST_CASE(hooks_that_do_not_decide_in_time_leave_it_to_the_agent_or_deny) {
    test_daemon daemon;
    auto silent = daemon.connect();
    subscribe(silent, "agent.*", R"("name":"sleeper")");
    const auto open = agent_hook(daemon.socket_path(), input_of("claude_pre_tool_use"), {"--timeout", "50ms"});
    BOOST_TEST(open.exit_status == 0);
    BOOST_TEST(open.out.empty());
    check_one_complaint(open, {"agent.pre_tool_use: no answer from sleeper (timeout)"});
    BOOST_TEST(silent.next_event().integer("/params/timeout_ms") == 50);
    const auto closed = agent_hook(daemon.socket_path(), input_of("claude_pre_tool_use"), {"--timeout", "50ms", "--fail-closed"});
    BOOST_TEST(closed.exit_status == 0);
    const auto answer = json_of(closed.out);
    BOOST_TEST(text_at(answer, "/hookSpecificOutput/permissionDecision") == "deny");
    BOOST_TEST(text_at(answer, "/hookSpecificOutput/permissionDecisionReason").find("sleeper") != std::string::npos);
    const auto end = agent_hook(daemon.socket_path(), input_of("claude_stop"), {"--timeout", "50ms", "--fail-closed"});
    BOOST_TEST(end.out.empty());
}

BOOST_AUTO_TEST_CASE(an_event_that_is_none_of_ours_passes_with_a_note) {
    test_daemon daemon;
    for (const std::string input : {"claude_pre_compact", "gemini_before_model"}) {
        const auto done = agent_hook(daemon.socket_path(), input_of(input), {"--fail-closed", "--no-daemon", "fail"});
        BOOST_TEST(done.exit_status == 0);
        BOOST_TEST(done.out.empty());
        check_one_complaint(done, {"is no event of hookd's"});
    }
    BOOST_TEST(int_at(daemon.stats(), "/head_seq") == 0);
}

BOOST_AUTO_TEST_CASE(input_that_is_no_hooks_is_told_and_blocks_only_where_it_must) {
    test_daemon daemon;
    for (const std::string input : {"", "hello", "[1]", "{}", R"({"hook_event_name":7})", R"({"hook_event_name":"PreToolUse"})", "{\"a\":"}) {
        const auto done = agent_hook(daemon.socket_path(), input);
        BOOST_TEST(done.exit_status == 1, input);
        BOOST_TEST(done.out.empty());
        check_one_complaint(done, {});
        BOOST_TEST(agent_hook(daemon.socket_path(), input, {"--fail-closed"}).exit_status == 2);
    }
    BOOST_TEST(int_at(daemon.stats(), "/head_seq") == 0);
    const auto usage = agent_hook(daemon.socket_path(), "", {"--agent", "hal"});
    BOOST_TEST(usage.exit_status == 2);
    check_one_complaint(usage, {"claude, codex, gemini, auto"});
}

BOOST_AUTO_TEST_SUITE_END()
