// SPDX-License-Identifier: BSL-1.0
// CLI.md, `bypass`: the operation goes on, and whoever waits is told.
#include "git_repository.hpp"

#include "support/json_access.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

using namespace hookd::test;

namespace {

finished_process bypass(const test_daemon& daemon, std::vector<std::string> words) {
    words.insert(words.begin(), "bypass");
    return hookctl(daemon.socket_path(), std::move(words));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(cli_bypass)

BOOST_AUTO_TEST_CASE(emit_goes_on_and_says_why_until_it_ends) {
    test_daemon daemon;
    const auto hook = start_hook(daemon, shell_hook("e", "echo no >&2; exit 1"));
    const auto begun = bypass(daemon, {"e", "--for", "10m", "--reason", "it's broken"});
    BOOST_TEST(begun.exit_status == 0, begun.err);
    BOOST_TEST(int_at(json_of(begun.out), "/bypass/left_ms") == 600'000);
    const auto done = hookctl(daemon.socket_path(), {"emit", "--wait", "e"});
    BOOST_TEST(done.exit_status == 0);
    BOOST_TEST(done.err == "hookctl: e proceeds by a bypass: it's broken (hookctl bypass --end ends it)\n");
    BOOST_TEST(text_at(json_of(done.out), "/bypassed") == "it's broken");
    BOOST_TEST(
        mentions(on_terminal(hookctl_binary() + " --socket " + daemon.socket_path() + " stats").out, "by user "));
    BOOST_TEST(bypass(daemon, {"--end"}).exit_status == 0);
    BOOST_TEST(hookctl(daemon.socket_path(), {"emit", "--wait", "e"}).exit_status == 1);
    const auto none = bypass(daemon, {"--end"});
    BOOST_TEST(none.exit_status == 1);
    BOOST_TEST(none.err == "hookctl: no bypass is in force\n");
}

BOOST_AUTO_TEST_CASE(git_and_agents_go_on_and_say_why) {
    test_daemon daemon;
    const git_repository repository(daemon.socket_path());
    repository.install();
    const auto hook = start_hook(daemon, {"*", "--", "sh", "-c", "echo no >&2; exit 1"});
    BOOST_TEST(bypass(daemon, {"git.*", "agent.*", "--for", "10m", "--reason", "broken"}).exit_status == 0);
    const auto committed = repository.commit("one");
    BOOST_TEST(committed.exit_status == 0);
    BOOST_TEST(mentions(committed.err, "hookctl: git.pre_commit proceeds by a bypass: broken "));
    const auto agent = hookctl(daemon.socket_path(), {"agent-hook"}, agent_input_of("claude_pre_tool_use"));
    BOOST_TEST(agent.exit_status == 0);
    BOOST_TEST(!mentions(agent.out, "deny"), agent.out);
    BOOST_TEST(mentions(agent.err + agent.out, "agent.pre_tool_use proceeds by a bypass: broken "));
}

BOOST_AUTO_TEST_CASE(wrong_usage_is_refused) {
    test_daemon daemon;
    for (const auto& words : std::vector<std::vector<std::string>>{{}, {"e"}, {"e", "--for", "1m"},
             {"e", "--reason", "x"}, {"--for", "1m", "--reason", "x"}, {"e", "--for", "1441m", "--reason", "x"},
             {"e", "--for", "1", "--reason", "x"}, {"e", "--for", "1m", "--reason", ""}, {"e", "--end"},
             {"--end", "--for", "1m"}}) {
        BOOST_TEST(bypass(daemon, words).exit_status == 2);
    }
}

BOOST_AUTO_TEST_SUITE_END()
