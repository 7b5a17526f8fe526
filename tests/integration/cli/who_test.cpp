// SPDX-License-Identifier: BSL-1.0
// CLI.md, `who`: whom emit --wait would ask; and what decides about them: --require, --policy chain.
#include "hookctl_program.hpp"

#include "support/fake_cluster.hpp"
#include "support/json_access.hpp"
#include "support/raw_json.hpp"
#include "support/temp_directory.hpp"

#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <string>

using namespace hookd::test;

namespace {}  // namespace

BOOST_AUTO_TEST_SUITE(cli_who)

BOOST_AUTO_TEST_CASE(it_prints_the_daemons_answer_for_programs_and_a_line_a_hook_for_people) {
    test_daemon daemon;
    auto late = daemon.connect();
    subscribe(late, "pre_*", R"("name":"late","order":5,"on_failure":"closed")");
    auto early = daemon.connect();
    subscribe(early, "pre_*", R"("name":"early")");
    auto observer = daemon.connect();
    subscribe(observer, "pre_*", R"("responds":false)");
    const auto answer = hookctl(daemon.socket_path(), {"who", "pre_push"});
    BOOST_TEST(answer.exit_status == 0);
    BOOST_TEST(text_at(json_of(answer.out), "/responders/0/name") == "early");
    BOOST_TEST(text_at(json_of(answer.out), "/responders/1/name") == "late");
    const auto shown =
        on_terminal("NO_COLOR=1 " + hookctl_binary() + " --socket " + daemon.socket_path() + " who pre_push");
    BOOST_TEST(mentions(shown.out, "2 hooks would be asked, 1 observer notified\r\n"), shown.out);
    BOOST_TEST(mentions(shown.out, "\r\n  early  session, pid "));
    BOOST_TEST(mentions(shown.out, "order 5, stops the operation if it is missing\r\n"));
    BOOST_TEST(mentions(shown.out,
                   "by default: policy first, failure policy open, 30 s; emit --wait, git and agents\r\n  ask with "
                   "policy veto"),
        shown.out);
    BOOST_TEST(mentions(on_terminal(hookctl_binary() + " --socket " + daemon.socket_path() + " who other").out,
        "no hook would be asked"));
}

BOOST_AUTO_TEST_CASE(a_hook_that_cannot_run_and_a_shadow_are_not_counted_as_asked) {
    const temp_directory directory;
    const auto script = directory / "guard";
    write_file(script, "#!/bin/sh\nexit 0\n");
    std::filesystem::permissions(script, std::filesystem::perms::owner_all);
    test_daemon daemon;
    BOOST_REQUIRE(hookctl(daemon.socket_path(), {"register", "guard", "--on", "e", "--", script}).exit_status == 0);
    BOOST_REQUIRE(
        hookctl(daemon.socket_path(), {"register", "trial", "--shadow", "--on", "e", "--", script}).exit_status == 0);
    write_file(script, "#!/bin/sh\nexit 1\n");
    const auto shown = on_terminal("NO_COLOR=1 " + hookctl_binary() + " --socket " + daemon.socket_path() + " who e");
    BOOST_TEST(mentions(shown.out, "no hook would be asked, 1 would be missing, 1 shadow, 0 observers notified\r\n"),
        shown.out);
    BOOST_TEST(
        mentions(shown.out, "untrusted: it is\r\n         missing until you run hookctl trust guard\r\n"), shown.out);
    BOOST_TEST(mentions(shown.out, "trial  registered, shadow: it decides nothing\r\n"), shown.out);
}

BOOST_AUTO_TEST_CASE(for_scope_cluster_people_are_told_where_the_link_to_other_hosts_is_not_up) {
    fake_cluster cluster;
    test_daemon daemon{cluster.arguments(), cluster.environment()};
    const auto link = cluster.accept();
    const auto who = [&daemon](const std::string& more) {
        return on_terminal("NO_COLOR=1 " + hookctl_binary() + " --socket " + daemon.socket_path() + " who " + more).out;
    };
    const std::string warning =
        "  the link to other hosts is down: their hooks are not asked, and \"cluster\" is missing";
    BOOST_TEST(mentions(who("--scope cluster pre_push"), warning));
    BOOST_TEST(!mentions(who("pre_push"), "the link"));
    (void)link->come_up();
    eventually("the link is up", [&] { return text_at(daemon.stats(), "/cluster/state") == "up"; });
    BOOST_TEST(!mentions(who("--scope cluster pre_push"), "the link"));
}

BOOST_AUTO_TEST_CASE(someone_who_is_required_and_absent_is_exit_status_1) {
    const temp_directory directory;
    const auto catalog = directory / "catalog";
    std::filesystem::create_directory(catalog);
    write_file(catalog + "/pre_push.json", R"({"name": "pre_push", "require": ["reviewer"]})");
    test_daemon daemon({"--catalog", catalog});
    BOOST_TEST(hookctl(daemon.socket_path(), {"who", "pre_push"}).exit_status == 1);
    const auto shown =
        on_terminal("NO_COLOR=1 " + hookctl_binary() + " --socket " + daemon.socket_path() + " who pre_push");
    BOOST_TEST(mentions(shown.out, "  reviewer is required, and absent\r\n"), shown.out);
    auto reviewer = daemon.connect();
    subscribe(reviewer, "pre_push", R"("name":"reviewer")");
    BOOST_TEST(hookctl(daemon.socket_path(), {"who", "pre_push"}).exit_status == 0);
}

BOOST_AUTO_TEST_CASE(the_payload_decides_who_is_asked) {
    test_daemon daemon;
    auto hook = daemon.connect();
    subscribe(hook, "e", R"("name":"shop","where":{"/cwd":"/src/shop*"})");
    const auto count = [&daemon](const std::string& payload) {
        return size_at(json_of(hookctl(daemon.socket_path(), {"who", "e", payload}).out), "/responders");
    };
    BOOST_TEST(count(R"({"cwd":"/src/shop/x"})") == 1U);
    BOOST_TEST(count("{}") == 0U);
    BOOST_TEST(hookctl(daemon.socket_path(), {"who", "e", "{"}).exit_status == 2);
}

BOOST_AUTO_TEST_CASE(without_a_hook_that_emit_requires_it_is_vetoed) {
    test_daemon daemon;
    auto hook = start_hook(daemon, {"--name", "lint", "e", "--", "true"});
    BOOST_TEST(hookctl(daemon.socket_path(), {"emit", "--wait", "--require", "lint", "e"}).exit_status == 0);
    const auto done =
        hookctl(daemon.socket_path(), {"emit", "--wait", "--require", "lint", "--require", "reviewer", "e"});
    BOOST_TEST(done.exit_status == 1);
    BOOST_TEST(mentions(done.err, "reviewer"));
    BOOST_TEST(text_at(json_of(done.out), "/missing/0/why") == "absent");
}

BOOST_AUTO_TEST_CASE(a_chain_hands_the_payload_from_hook_to_hook) {
    test_daemon daemon;
    auto hook =
        start_hook(daemon, {"--name", "one", "e", "--", "sh", "-c", R"(cat >/dev/null; echo '{"payload":{"n": 2}}')"});
    const auto done = hookctl(daemon.socket_path(), {"emit", "--wait", "--policy", "chain", "e", R"({"n":1})"});
    BOOST_TEST(done.exit_status == 0);
    BOOST_TEST(raw_member(done.out, "payload").value() == R"({"n": 2})");
}

BOOST_AUTO_TEST_SUITE_END()
