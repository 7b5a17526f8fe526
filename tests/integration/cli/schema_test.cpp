// SPDX-License-Identifier: BSL-1.0
// CLI.md: `schema`, and what a catalog means for the other commands.
#include "hookctl_program.hpp"

#include "support/json_access.hpp"
#include "support/temp_directory.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

using namespace hookd::test;

namespace {

struct catalogued_daemon {
    temp_directory directory{};
    test_daemon daemon;

    catalogued_daemon() : daemon((prepare(), std::vector<std::string>{"--catalog", directory.path()})) {}

    void prepare() const {
        write_file(directory / "a.json", R"({"name":"pre_push","description":"about to push",
            "payload_schema":{"required":["branch"]},"response_schema":{"properties":{"n":{"type":"integer"}}}})");
    }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(cli_schema)

BOOST_AUTO_TEST_CASE(schema_prints_one_line_of_json_into_a_pipe) {
    catalogued_daemon with;
    for (const auto& arguments : {std::vector<std::string>{"schema"}, std::vector<std::string>{"schema", "pre_push"}}) {
        const auto done = hookctl(with.daemon.socket_path(), arguments);
        BOOST_TEST(done.exit_status == 0);
        BOOST_TEST(lines_of(done.out).size() == 1U);
        BOOST_TEST(text_at(json_of(done.out), "/schemas/0/payload_schema/required/0") == "branch");
    }
}

BOOST_AUTO_TEST_CASE(schema_prints_for_people_on_a_terminal) {
    catalogued_daemon with;
    const auto program =
        shell_word(hookctl_binary()) + " --socket " + shell_word(with.daemon.socket_path()) + " schema";
    BOOST_TEST(on_terminal(program).out.find("about to push") != std::string::npos);
    const auto one = on_terminal(program + " pre_push").out;
    BOOST_TEST(one.find("payload: {\"required\":[\"branch\"]}") != std::string::npos, one);
}

BOOST_AUTO_TEST_CASE(schema_of_an_unknown_event_is_an_error) {
    catalogued_daemon with;
    const auto done = hookctl(with.daemon.socket_path(), {"schema", "pre_psuh"});
    BOOST_TEST(done.exit_status == 4);
    BOOST_TEST(done.err == "hookctl: the catalog has no event \"pre_psuh\"; did you mean \"pre_push\"?\n");
}

BOOST_AUTO_TEST_CASE(a_typo_in_an_event_is_an_error_at_once) {
    catalogued_daemon with;
    for (const auto& arguments :
        {std::vector<std::string>{"emit", "pre_psuh"}, std::vector<std::string>{"emit", "--wait", "pre_psuh"},
            std::vector<std::string>{"listen", "pre_psuh"}, std::vector<std::string>{"on", "pre_psuh", "--", "true"}}) {
        const auto done = hookctl(with.daemon.socket_path(), arguments);
        BOOST_TEST(done.exit_status == 4, arguments.front());
        BOOST_TEST(done.err.find("did you mean \"pre_push\"?") != std::string::npos, done.err);
    }
}

BOOST_AUTO_TEST_CASE(a_payload_that_breaks_its_schema_is_an_error_with_the_place) {
    catalogued_daemon with;
    const auto done = hookctl(with.daemon.socket_path(), {"emit", "--wait", "pre_push", "{}"});
    BOOST_TEST(done.exit_status == 4);
    check_one_error(done, {"branch", "required"});
}

BOOST_AUTO_TEST_CASE(a_hook_whose_reply_breaks_its_schema_has_failed) {
    catalogued_daemon with;
    const auto hook = start_hook(with.daemon, shell_hook("pre_push", R"(echo '{"n":"one"}')"));
    const auto done = hookctl(with.daemon.socket_path(), {"emit", "--wait", "pre_push", R"({"branch":"a"})"});
    BOOST_TEST(done.exit_status == 0);
    const auto verdict = json_of(done.out);
    BOOST_TEST(text_at(verdict, "/outcome") == "abandoned");
    BOOST_TEST(text_at(verdict, "/missing/0/why").starts_with("failed: "));
    BOOST_TEST(text_at(verdict, "/missing/0/why").find("/n must be an integer") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(what_silence_means_for_git_and_for_an_agent_is_the_catalogs_to_say) {
    const temp_directory catalog;
    for (const std::string event : {"git.pre_commit", "agent.pre_tool_use", "agent.stop"}) {
        write_file(catalog / (event + ".json"),
            R"({"name":")" + event + R"(","description":"guarded","failure_policy":"closed"})");
    }
    test_daemon daemon({"--catalog", catalog.path()});
    const auto commit = hookctl(daemon.socket_path(), {"git", "run", "pre-commit"});
    BOOST_TEST(commit.exit_status == 1);
    BOOST_TEST(commit.err.find("no_subscribers") != std::string::npos);
    const auto tool = hookctl(daemon.socket_path(), {"agent-hook", "--agent", "claude"},
        R"({"hook_event_name":"PreToolUse","tool_name":"Bash"})");
    BOOST_TEST(text_at(json_of(tool.out), "/hookSpecificOutput/permissionDecision") == "deny");
    // An agent that could not end would go on for good.
    const auto end = hookctl(daemon.socket_path(), {"agent-hook"}, R"({"hook_event_name":"Stop"})");
    BOOST_TEST(end.exit_status == 0);
    BOOST_TEST(end.out.empty());
}

BOOST_AUTO_TEST_SUITE_END()
