// SPDX-License-Identifier: BSL-1.0
// The agents' own settings with our hooks in them, and without them again: byte for byte.
#include <hookctl/agent/wiring.hpp>
#include <hookctl/arguments.hpp>

#include <support/json_access.hpp>

#include <boost/test/unit_test.hpp>

#include <optional>
#include <string>
#include <utility>
#include <vector>

using namespace hookd::hookctl;
using namespace hookd::test;
using std::chrono::milliseconds;

namespace {

std::string command_for(std::string_view agent) {
    return "/usr/bin/hookctl" + agent_hook_words(*find_agent_wiring(agent)) + "20s";
}

std::string install(const agent_wiring& wiring, const std::optional<std::string>& settings) {
    return wired(wiring, settings, command_for(wiring.agent), milliseconds(20'000));
}

const agent_wiring& claude() { return *find_agent_wiring("claude"); }

std::vector<std::string> commands_in(const agent_wiring& wiring, const std::string& settings, std::string_view event) {
    std::vector<std::string> commands;
    for (const auto& each : wired_hooks(wiring, settings, event)) {
        commands.push_back(each.command);
    }
    return commands;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(agent_wiring_suite)

BOOST_AUTO_TEST_CASE(what_was_there_is_back_byte_for_byte) {
    const std::vector<std::string> files{
        "",
        "\n",
        " \r\n\t",
        "{}",
        "{}\n",
        "{\n}\n",
        "{ }",
        "{\n  \"version\": 1\n}\n",
        "{\"hooks\":{}}",
        "{\n  \"hooks\": {\n  }\n}\n",
        "{\"hooks\": {\"PreToolUse\": [], \"Stop\": [\n]}}",
        "\t{\r\n\t\"model\" : \"x\" ,\r\n\t\"n\": 1e400\r\n}\r\n\r\n",
        R"({"hooks":{"PreToolUse":[{"matcher":"Bash","hooks":[{"type":"command","command":"./mine"}]}]},"z":1})",
        R"({"hooks":{"PreToolUse":[{"matcher":"*","hooks":[{"type":"command","command":"./a"}]},{"hooks":[{"type":"command","command":"./b"}]}],"Other":[1]}})",
        "{\n  \"permissions\": {\n    \"allow\": []\n  },\n  \"hooks\": {\n    \"Stop\": [\n      {\"hooks\": "
        "[{\"command\": \"x\"}]}\n    ]\n  }\n}\n",
        R"({"caf\u00e9":"\ud83d\ude00","hooks":{"preToolUse":[{"command":"./c"}],"pre_run_command":[{"command":"./w"}],"BeforeTool":[]}})",
    };
    const std::vector<std::string> toml_files{
        "",
        "\n",
        "model = \"x\"",
        "model = \"x\"\n\n",
        "# a comment\r\n[loop]\r\nsteps = 1\r\n",
        "[[hooks]]\nevent = \"Stop\"\ncommand = \"./mine\"\n[models.\"a b\"]\nx = 1e4",
    };
    for (const auto& wiring : agent_wirings()) {
        for (const auto& before : wiring.form == agent_hook_form::toml ? toml_files : files) {
            const auto after = install(wiring, before);
            for (const auto event : wiring.events) {
                BOOST_TEST(commands_in(wiring, after, event) == std::vector<std::string>{command_for(wiring.agent)},
                    boost::test_tools::per_element());
            }
            const auto left = unwired(wiring, after);
            BOOST_TEST((left && *left == before),
                wiring.agent << ": '" << before << "' became '" << left.value_or("no file") << "' by way of " << after);
            BOOST_TEST(
                install(wiring, after) == after, wiring.agent << ": twice is not as once: " << install(wiring, after));
        }
    }
}

BOOST_AUTO_TEST_CASE(comments_stay_where_the_agent_accepts_them) {
    for (const std::string before : {
             "// mine\n{\n  // \"hooks\": {}, } ]\n  \"theme\": \"a // b\", /* , */\n  \"x\": [1 /*2*/] // last\n}\n// "
             "end",
             "/* nothing yet */\n",
             "{ /* empty */ }",
             "{\"hooks\": { // these\r\n  \"BeforeTool\": [ /* none */ ],\r\n\t\"PreToolUse\": [{\"command\": "
             "\"\\\\\"}]}}",
         }) {
        for (const std::string agent : {"gemini", "qwen"}) {
            const auto& wiring = *find_agent_wiring(agent);
            const auto after = install(wiring, before);
            for (const auto event : wiring.events) {
                BOOST_TEST(commands_in(wiring, after, event).size() == 1U, agent << ": " << after);
            }
            BOOST_TEST(install(wiring, after) == after);
            BOOST_TEST(unwired(wiring, after).value_or("no file") == before);
        }
    }
    BOOST_CHECK_THROW((void)install(*find_agent_wiring("gemini"), "{} /* open"), usage_error);
    BOOST_CHECK_THROW((void)install(*find_agent_wiring("gemini"), "{\"a\": 1,}"), usage_error);
}

BOOST_AUTO_TEST_CASE(a_file_that_was_made_goes) {
    for (const auto& wiring : agent_wirings()) {
        const auto made = install(wiring, std::nullopt);
        BOOST_TEST(made.ends_with(wiring.form == agent_hook_form::toml ? "end here\n" : "}\n"));
        BOOST_TEST(!unwired(wiring, made).has_value());
        BOOST_TEST(install(wiring, made) == made);
    }
}

BOOST_AUTO_TEST_CASE(each_agent_gets_its_own_form_with_a_time_above_ours) {
    const auto first_of = [](std::string_view agent) {
        const auto& wiring = *find_agent_wiring(agent);
        return value_at(json_of(install(wiring, "")), "/hooks/" + std::string(wiring.events.front()) + "/0");
    };
    BOOST_TEST(first_of("claude") == json_of(R"({"matcher":"*","hooks":[{"type":"command","command":")" +
                                             command_for("claude") + R"(","timeout":30}]})"));
    BOOST_TEST(first_of("gemini") == json_of(R"({"matcher":"*","hooks":[{"type":"command","command":")" +
                                             command_for("gemini") + R"(","timeout":30000}]})"));
    BOOST_TEST(first_of("cursor") == json_of(R"({"command":")" + command_for("cursor") + R"(","timeout":30})"));
    BOOST_TEST(first_of("copilot") ==
               json_of(R"({"type":"command","bash":")" + command_for("copilot") + R"(","timeoutSec":30})"));
    BOOST_TEST(first_of("grok") ==
               json_of(R"({"hooks":[{"type":"command","command":")" + command_for("grok") + R"(","timeout":30}]})"));
    BOOST_TEST(first_of("windsurf") == json_of(R"({"command":")" + command_for("windsurf") + R"("})"));
    BOOST_TEST(int_at(json_of(install(*find_agent_wiring("cursor"), "")), "/version") == 1);
    BOOST_TEST(!has_at(value_at(json_of(install(claude(), "")), "/hooks/Stop/0"), "/matcher"));
}

BOOST_AUTO_TEST_CASE(kimis_settings_are_toml) {
    const auto& kimi = *find_agent_wiring("kimi");
    const auto text = install(kimi, "model = \"x\"\n");
    BOOST_TEST(text.find("[[hooks]]\nevent = \"PreToolUse\"\ncommand = \"" + command_for("kimi") +
                         "\"\ntimeout = 30\n") != std::string::npos);
    BOOST_TEST((wired_hooks(kimi, text, "PreToolUse").front().limit == milliseconds(30'000)));
    BOOST_TEST(*unwired(kimi, text + "more = 1\n") == "model = \"x\"\nmore = 1\n");
    // Two hooks of ours for an event are one again.
    BOOST_TEST(install(kimi, text) == text);
    for (const std::string bad : {"hooks = []\n[x]", "hooks = 1", "hooks = {}", "x = ", "[a"}) {
        BOOST_CHECK_THROW((void)install(kimi, bad), usage_error);
    }
    // Beyond what it accepts it would read nothing of its settings.
    BOOST_CHECK_THROW((void)wired(kimi, "", command_for("kimi"), milliseconds(590'001)), usage_error);
    BOOST_TEST(
        wired(kimi, "", command_for("kimi"), milliseconds(590'000)).find("timeout = 600\n") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(claudes_settings_name_no_agent_since_others_run_them_and_older_ones_that_do_are_ours) {
    BOOST_TEST(command_for("claude") == "/usr/bin/hookctl agent-hook --timeout 20s");
    BOOST_TEST(command_for("codex") == "/usr/bin/hookctl agent-hook --agent codex --timeout 20s");
    const std::string older = "/usr/bin/hookctl agent-hook --agent claude --timeout 20s";
    const auto before = wired(claude(), "{\"model\":\"x\"}", older, milliseconds(20'000));
    BOOST_TEST(
        commands_in(claude(), before, "Stop") == std::vector<std::string>{older}, boost::test_tools::per_element());
    BOOST_TEST(install(claude(), before) == install(claude(), "{\"model\":\"x\"}"));
    BOOST_TEST(*unwired(claude(), before) == "{\"model\":\"x\"}");
}

BOOST_AUTO_TEST_CASE(what_was_added_since_stays) {
    auto text = install(claude(), "{\n  \"model\": \"x\"\n}\n");
    text.insert(text.find("\"PreToolUse\": [") + 15, "{\"hooks\": [{\"command\": \"./theirs\"}]},");
    text.insert(2, "  \"new\": true,\n");
    const auto left = json_of(*unwired(claude(), text));
    BOOST_TEST(
        left == json_of(R"({"new":true,"model":"x","hooks":{"PreToolUse":[{"hooks":[{"command":"./theirs"}]}]}})"));
    // A hook of theirs beside ours in one element stays, and so does ours.
    const std::string mixed =
        R"({"hooks":{"Stop":[{"hooks":[{"command":"./theirs"},{"command":")" + command_for("claude") + R"("}]}]}})";
    BOOST_TEST(*unwired(claude(), mixed) == mixed);
}

BOOST_AUTO_TEST_CASE(settings_that_are_no_such_json_are_refused) {
    for (const std::string bad :
        {"[]", "{\"a\": 1} // note", "{", "{\"hooks\": []}", "{\"hooks\": {\"PreToolUse\": {}}}"}) {
        BOOST_CHECK_THROW((void)install(claude(), bad), usage_error);
    }
    const std::vector<std::pair<std::string, std::string>> causes{
        {"\xef\xbb\xbf{}", "it begins with a byte order mark: save it as UTF-8 without one"},
        {"{\"a\": \"caf\xe9\"}", "UTF-8"},
        {"{\"a\": [1,\n]}", "at byte 10: remove the comma before it"},
        {"{\"a\": 1, }", "at byte 9: remove the comma before it"},
        {"{\"a\": 1} // note", "at byte 9: this agent accepts no such comment"},
        {"{ /* note */ }", "at byte 2: this agent accepts no such comment"},
    };
    for (const auto& [bad, cause] : causes) {
        BOOST_CHECK_EXCEPTION((void)install(claude(), bad), usage_error, [&cause = cause](const usage_error& wrong) {
            return std::string(wrong.what()).find(cause) != std::string::npos;
        });
    }
}

BOOST_AUTO_TEST_SUITE_END()
