// SPDX-License-Identifier: BSL-1.0
// What hooks reply, in whosever words, and what becomes of several replies.
#include "agent_call.hpp"

#include <hookctl/agent/event.hpp>
#include <hookctl/agent/reply.hpp>

#include <boost/test/unit_test.hpp>

#include <string>

#include <unistd.h>

using namespace hookd::test;
using hookd::hookctl::agent_chain;
using hookd::hookctl::agent_input;
using hookd::hookctl::rewritten_agent_event;

namespace {

std::string claude(std::initializer_list<std::string> texts, bool fail_closed = false) {
    return shown(agent_answer_to("claude_pre_tool_use", replies(texts), fail_closed));
}

std::string decided(const std::string& words) {
    return R"({"hookSpecificOutput":{"hookEventName":"PreToolUse",)" + words + "}}";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(agent_reply_suite)

BOOST_AUTO_TEST_CASE(a_denial_in_any_agents_words_denies) {
    const auto denied = decided(R"("permissionDecision":"deny","permissionDecisionReason":"no")");
    for (const std::string reply :
        {
            R"({"abort":"no"})",
            R"({"decision":"deny","reason":"no"})",
            R"({"decision":"block","reason":"no"})",
            R"({"hookSpecificOutput":{"hookEventName":"PreToolUse","permissionDecision":"deny","permissionDecisionReason":"no"}})",
            R"({"hookSpecificOutput":{"hookEventName":"PermissionRequest","decision":{"behavior":"deny","message":"no"}}})",
            R"({"permissionDecision":"deny","permissionDecisionReason":"no"})",
            R"({"permission":"deny","user_message":"no"})",
            R"({"behavior":"deny","message":"no"})",
            R"({"cancel":true,"errorMessage":"no"})",
        }) {
        BOOST_TEST(claude({reply}) == denied, reply);
    }
    BOOST_TEST(
        claude({R"({"continue":false,"stopReason":"no"})"}).starts_with(R"({"continue":false,"stopReason":"no")"));
}

BOOST_AUTO_TEST_CASE(a_question_or_an_allowance_in_any_agents_words) {
    for (const std::string reply : {R"({"decision":"ask"})", R"({"permissionDecision":"ask"})",
             R"({"permission":"ask"})", R"({"review":true,"cancel":false})",
             R"({"hookSpecificOutput":{"permissionDecision":"ask"}})", R"({"decision":"force_ask"})"}) {
        BOOST_TEST(claude({reply}) == decided(R"("permissionDecision":"ask")"), reply);
    }
    for (const std::string reply : {R"({"decision":"allow"})", R"({"decision":"approve"})", R"({"permission":"allow"})",
             R"({"hookSpecificOutput":{"permissionDecision":"allow"}})"}) {
        BOOST_TEST(claude({reply}) == decided(R"("permissionDecision":"allow")"), reply);
    }
    for (const std::string reply :
        {"{}", R"({"cancel":false})", R"({"continue":true})", R"({"decision":null})", R"({"decision":""})"}) {
        BOOST_TEST(claude({reply}).empty(), reply);
    }
}

BOOST_AUTO_TEST_CASE(a_rewrite_in_any_agents_words) {
    for (const std::string name : {"updated_input", "updatedInput", "modifiedArgs", "overrideInput", "tool_input"}) {
        BOOST_TEST(claude({R"({"decision":"allow",")" + name + R"(":{"a":1}})"}) ==
                   decided(R"("permissionDecision":"allow","updatedInput":{"a":1})"));
        BOOST_TEST(claude({R"({"hookSpecificOutput":{"permissionDecision":"allow",")" + name + R"(":{"a":1}}})"}) ==
                   decided(R"("permissionDecision":"allow","updatedInput":{"a":1})"));
    }
}

BOOST_AUTO_TEST_CASE(the_strictest_word_counts_whoever_is_first) {
    const std::string allow = R"({"decision":"allow"})";
    const std::string ask = R"({"decision":"ask","reason":"sure?"})";
    const std::string deny = R"({"permission":"deny","user_message":"no"})";
    const auto denied = decided(R"("permissionDecision":"deny","permissionDecisionReason":"no")");
    BOOST_TEST(claude({allow, ask}) == decided(R"("permissionDecision":"ask","permissionDecisionReason":"sure?")"));
    BOOST_TEST(claude({ask, allow}) == decided(R"("permissionDecision":"ask","permissionDecisionReason":"sure?")"));
    BOOST_TEST(claude({allow, deny, ask}) == denied);
    BOOST_TEST(claude({deny, allow}) == denied);
    BOOST_TEST(claude({R"({"decision":"allow","cancel":true,"errorMessage":"no"})"}) == denied);
}

BOOST_AUTO_TEST_CASE(of_several_rewrites_the_last_counts_with_its_own_allowance_alone) {
    const std::string a = R"({"updated_input":{"a":1}})";
    const std::string allowed_a = R"({"decision":"allow","updated_input":{"a":1}})";
    const std::string b = R"({"decision":"allow","updated_input":{"b":1}})";
    const std::string allow = R"({"decision":"allow"})";
    BOOST_TEST(claude({a, b}) == decided(R"("permissionDecision":"allow","updatedInput":{"b":1})"));
    BOOST_TEST(claude({b, a}) == decided(R"("permissionDecision":"ask","updatedInput":{"a":1})"));
    BOOST_TEST(claude({a, allow}) == decided(R"("permissionDecision":"ask","updatedInput":{"a":1})"));
    BOOST_TEST(claude({allowed_a, "{}"}) == decided(R"("permissionDecision":"allow","updatedInput":{"a":1})"));
    BOOST_TEST(claude({allowed_a, R"({"decision":"ask","reason":"sure?"})"}) ==
               decided(R"("permissionDecision":"ask","permissionDecisionReason":"sure?","updatedInput":{"a":1})"));
    BOOST_TEST(claude({allowed_a, R"({"abort":"no"})"}) ==
               decided(R"("permissionDecision":"deny","permissionDecisionReason":"no")"));
}

BOOST_AUTO_TEST_CASE(in_a_chain_a_payload_rewrites) {
    const std::string payload = R"("payload":{"tool_input":{"command":"ls"}})";
    BOOST_TEST(claude({"{\"decision\":\"allow\"," + payload + "}"}) ==
               decided(R"("permissionDecision":"allow","updatedInput":{"command":"ls"})"));
    BOOST_TEST(claude({"{" + payload + "}", R"({"decision":"allow"})"}) ==
               decided(R"("permissionDecision":"ask","updatedInput":{"command":"ls"})"));
}

BOOST_AUTO_TEST_CASE(hooks_are_asked_about_a_rewrite_and_those_after_it_have_their_turn_then) {
    const auto event = agent_event_of(agent_input_of("claude_pre_tool_use"));
    const std::string input = R"({"command":"b"})";
    const std::string rewrites = R"({"decision":"allow","updated_input":)" + input + "}";
    const std::string objects = R"({"abort":"no"})";
    const auto answer = [&](agent_chain& chain) { return shown(answer_to(event, chain.decision())); };
    {
        agent_chain chain(event, false);
        const auto next = chain.take(replies({"{}", rewrites, objects}), event.tool_input);
        BOOST_REQUIRE(next.has_value());
        BOOST_TEST(next->input == input);
        BOOST_TEST(next->author == "h2");
        // The first two have had their turn, the third has nothing against what it is asked about now.
        const std::string more = R"({"decision":"allow","updated_input":{"command":"c"},"additional_context":"x"})";
        BOOST_TEST(!chain.take(replies({more, more, "{}"}), input).has_value());
        BOOST_TEST(answer(chain) == decided(R"("permissionDecision":"allow","updatedInput":)" + input));
    }
    {
        // One that has had its turn may still object.
        agent_chain chain(event, false);
        BOOST_TEST(chain.take(replies({"{}", rewrites}), event.tool_input).has_value());
        BOOST_TEST(!chain.take(replies({objects, rewrites}), input).has_value());
        BOOST_TEST(answer(chain) == decided(R"("permissionDecision":"deny","permissionDecisionReason":"no")"));
    }
    {
        agent_chain chain(event, false);
        BOOST_TEST(chain.take(replies({rewrites, "{}"}), event.tool_input).has_value());
        BOOST_TEST(!chain.take(replies({"{}", objects}), input).has_value());
        BOOST_TEST(answer(chain) == decided(R"("permissionDecision":"deny","permissionDecisionReason":"no")"));
    }
    {
        // One that was not asked before, since its condition did not hold.
        agent_chain chain(event, false);
        BOOST_TEST(chain.take(replies({rewrites}), event.tool_input).has_value());
        BOOST_TEST(!chain.take(replies({rewrites, objects}), input).has_value());
        BOOST_TEST(answer(chain) == decided(R"("permissionDecision":"deny","permissionDecisionReason":"no")"));
    }
    {
        // Two of one name.
        auto said = replies({rewrites, "{}"});
        said.responses.back().responder = "h1";
        agent_chain chain(event, false);
        BOOST_TEST(chain.take(said, event.tool_input).has_value());
        said.responses.back().text = objects;
        BOOST_TEST(!chain.take(said, input).has_value());
        BOOST_TEST(answer(chain) == decided(R"("permissionDecision":"deny","permissionDecisionReason":"no")"));
    }
    {
        // The daemon's chain has shown the hooks after it another payload than the one that they were to be asked
        // about.
        const std::string other = R"({"decision":"allow","payload":{"tool_input":{"command":"d"}}})";
        agent_chain chain(event, false);
        BOOST_TEST(chain.take(replies({other, rewrites}), event.tool_input).has_value());
        BOOST_TEST(!chain.take(replies({other, rewrites, "{}"}), input).has_value());
        BOOST_TEST(
            answer(chain) ==
            decided(
                R"("permissionDecision":"ask","permissionDecisionReason":"h1 wants yet another input, and the hooks after it saw that","updatedInput":)" +
                input));
    }
    {
        // What it is anyway is no rewrite.
        agent_chain chain(event, false);
        const auto same = R"({"decision":"allow","updated_input":)" + event.tool_input + "}";
        BOOST_TEST(!chain.take(replies({same, "{}"}), event.tool_input).has_value());
        BOOST_TEST(answer(chain) == decided(R"("permissionDecision":"allow")"));
    }
}

BOOST_AUTO_TEST_CASE(where_an_agent_merges_inputs_each_hook_sees_the_whole) {
    const auto input = agent_input(agent_input_of("gemini_before_tool"));
    const auto event = agent_event_of(agent_input_of("gemini_before_tool"));
    agent_chain chain(event, false);
    const auto first = chain.take(replies({R"({"decision":"allow","updated_input":{"a":1}})", "{}"}), event.tool_input);
    BOOST_REQUIRE(first.has_value());
    const auto asked = rewritten_agent_event(event, input, first->input, first->author);
    BOOST_TEST(asked.tool_input == R"({"command":"rm -rf legacy","description":"Remove the folder","a":1})");
    BOOST_TEST(asked.payload.find(R"("rewritten_by":"h1")") != std::string::npos);
    const auto second =
        chain.take(replies({"{}", R"({"decision":"allow","updated_input":{"a":2,"b":3}})"}), asked.tool_input);
    BOOST_REQUIRE(second.has_value());
    BOOST_TEST(second->input == R"({"a":2,"b":3})");
    BOOST_TEST(!chain.take(replies({}), "").has_value());
    BOOST_TEST(
        shown(answer_to(event, chain.decision())) ==
        R"({"decision":"allow","hookSpecificOutput":{"hookEventName":"BeforeTool","tool_input":{"a":2,"b":3}}})");
}

BOOST_AUTO_TEST_CASE(another_users_hook_may_object_but_not_steer) {
    const auto strangers = [](const std::string& text) {
        auto said = replies({text, "{}"});
        said.responses[0].uid = ::geteuid() + 1;
        return shown(agent_answer_to("claude_pre_tool_use", said));
    };
    for (const std::string text :
        {R"({"decision":"allow"})", R"({"decision":"allow","updated_input":{"command":"sh /tmp/x"}})",
            R"({"hookSpecificOutput":{"permissionDecision":"allow","updatedInput":{"command":"sh /tmp/x"}}})"}) {
        BOOST_TEST(
            strangers(text) ==
                R"({"systemMessage":"hookd: h1 is another user's hook: that it allows or rewrites does not count"})",
            text);
    }
    BOOST_TEST(
        strangers(R"({"abort":"no"})") == decided(R"("permissionDecision":"deny","permissionDecisionReason":"no")"));
    // The hooks after it have judged something else.
    BOOST_TEST(strangers(R"({"payload":{"tool_input":{"command":"ls"}}})").find(R"("permissionDecision":"deny")") !=
               std::string::npos);
    auto root = replies({R"({"decision":"allow"})"});
    root.responses[0].uid = 0;
    BOOST_TEST(shown(agent_answer_to("claude_pre_tool_use", root)) == decided(R"("permissionDecision":"allow")"));
}

BOOST_AUTO_TEST_CASE(a_denial_has_a_reason_although_the_hook_gives_a_blank_one) {
    // Codex takes a denial without a reason for a broken hook, and runs the tool.
    const auto denied =
        decided(R"("permissionDecision":"deny","permissionDecisionReason":"denied by h1 without a reason")");
    BOOST_TEST(claude({R"({"decision":"deny","reason":" \n\t"})"}) == denied);
    BOOST_TEST(shown(agent_answer_to("codex_pre_tool_use", replies({R"({"abort":" "})"}))) == denied);
    auto blank = replies({});
    blank.abort = " ";
    BOOST_TEST(shown(agent_answer_to("claude_pre_tool_use", blank)) ==
               decided(R"("permissionDecision":"deny","permissionDecisionReason":"denied without a reason")"));
}

BOOST_AUTO_TEST_CASE(a_word_that_nobody_knows_is_a_hook_that_failed) {
    for (const std::string reply :
        {R"({"decision":"perhaps"})", R"({"decision":7})", R"({"decision":"allow","updated_input":[]})",
            R"({"permission":true})", R"({"continue":"no"})", R"({"hookSpecificOutput":1})"}) {
        const auto open = claude({reply});
        BOOST_TEST(open.starts_with(R"({"systemMessage":"hookd: the reply of h1 has a)"), open);
        BOOST_TEST(
            claude({reply, R"({"decision":"allow"})"}).find(R"("permissionDecision":"allow")") != std::string::npos);
        const auto closed = claude({reply}, true);
        BOOST_TEST(
            closed.find(R"("permissionDecision":"deny","permissionDecisionReason":"no verdict: the reply of h1)") !=
                std::string::npos,
            closed);
        BOOST_TEST(claude({reply, R"({"decision":"allow"})"}, true).find(R"("permissionDecision":"deny")") !=
                   std::string::npos);
        BOOST_TEST(
            shown(agent_answer_to("claude_stop", replies({reply}), true)).find("\"decision\"") == std::string::npos);
    }
    BOOST_TEST(claude({R"({"decision":"deny","reason":"no","updated_input":[]})"})
                   .find(R"("permissionDecisionReason":"no")") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_question_about_what_cannot_be_stopped_is_shown) {
    const auto ask = replies({R"({"decision":"ask","reason":"it deletes"})"});
    for (const std::string input :
        {"claude_post_tool_use", "codex_stop", "claude_session_start", "claude_pre_compact", "gemini_after_agent"}) {
        for (const bool fail_closed : {false, true}) {
            const auto answer = shown(agent_answer_to(input, ask, fail_closed));
            BOOST_TEST(answer.find("a person has to decide this: it deletes") != std::string::npos, input);
            BOOST_TEST(answer.find("\"decision\"") == std::string::npos, input);
        }
    }
}

BOOST_AUTO_TEST_CASE(what_else_an_agent_knows_reaches_it) {
    BOOST_TEST(
        shown(agent_answer_to("claude_permission_request",
            replies({R"({"hookSpecificOutput":{"decision":{"behavior":"allow","updatedPermissions":[{"t":1}]}}})"}))) ==
        R"({"hookSpecificOutput":{"hookEventName":"PermissionRequest","decision":{"behavior":"allow","updatedPermissions":[{"t":1}]}}})");
    BOOST_TEST(
        shown(agent_answer_to(
            "claude_permission_request", replies({R"({"behavior":"deny","message":"no","interrupt":true})"}))) ==
        R"({"hookSpecificOutput":{"hookEventName":"PermissionRequest","decision":{"behavior":"deny","message":"no","interrupt":true}}})");
    BOOST_TEST(shown(agent_answer_to(
                   "claude_post_tool_use", replies({R"({"hookSpecificOutput":{"updatedToolOutput":"x"}})"}))) ==
               R"({"hookSpecificOutput":{"hookEventName":"PostToolUse","updatedToolOutput":"x"}})");
    BOOST_TEST(claude({R"({"note":"seen"})"}) == R"({"systemMessage":"hookd: h1: seen"})");
    BOOST_TEST(
        claude({R"({"abort":"bad","note":"run make fmt"})"}).find(R"("systemMessage":"hookd: h1: run make fmt")") !=
        std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
