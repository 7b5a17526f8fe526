// SPDX-License-Identifier: BSL-1.0
// CLI.md, `log`, `trace`, `replay`: what the journal holds, for people and for programs.
#include "hookctl_program.hpp"

#include "support/json_access.hpp"

#include <boost/test/unit_test.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

using namespace hookd::test;

namespace {

/// A daemon that keeps a journal, and a guard that objects to pre_push.
struct guarded {
    temp_directory directory{};
    std::optional<test_daemon> daemon{
        std::in_place, directory / "s", std::vector<std::string>{"--journal", directory / "journal.db"}};
    std::unique_ptr<child_process> guard = start_hook(*daemon,
        {"--name", "guard", "*", "--", "sh", "-c",
            "[ $HOOK_EVENT = pre_push ] && { echo 'not on Friday' >&2; exit 1; }; echo '{\"note\":\"fine\"}'"});

    [[nodiscard]] finished_process run(std::vector<std::string> arguments) const {
        return hookctl(daemon->socket_path(), std::move(arguments));
    }
    void ask(const std::string& event, const std::string& payload = "{}") const {
        (void)run({"emit", "--wait", event, payload});
    }
    [[nodiscard]] std::string terminal(const std::string& arguments) const {
        return on_terminal(
            "TZ=UTC NO_COLOR=1 " + hookctl_binary() + " --socket " + daemon->socket_path() + " " + arguments)
            .out;
    }
    [[nodiscard]] std::string id_of(const std::string& event) const {
        return text_at(json_of(lines_of(run({"log", "--event", event}).out).at(0)), "/hook_event_id");
    }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(cli_log)

BOOST_AUTO_TEST_CASE(log_prints_verdicts_newest_last_and_selects_among_them) {
    guarded with;
    with.ask("pre_commit");
    with.ask("pre_push");
    const auto all = lines_of(with.run({"log"}).out);
    BOOST_REQUIRE(all.size() == 2U);
    BOOST_TEST(text_at(json_of(all[0]), "/event") == "pre_commit");
    BOOST_TEST(text_at(json_of(all[1]), "/abort") == "not on Friday");
    BOOST_TEST(lines_of(with.run({"log", "--vetoed"}).out).size() == 1U);
    BOOST_TEST(lines_of(with.run({"log", "--event", "pre_c*"}).out).size() == 1U);
    BOOST_TEST(lines_of(with.run({"log", "--hook", "guard"}).out).size() == 2U);
    BOOST_TEST(with.run({"log", "--hook", "other"}).out.empty());
    BOOST_TEST(lines_of(with.run({"log", "--since", "1h"}).out).size() == 2U);
    BOOST_TEST(with.run({"log", "--since", "2100-01-01T00:00:00Z"}).out.empty());
    BOOST_TEST(with.terminal("log --event other").starts_with("no verdict yet that matches: "));
}

BOOST_AUTO_TEST_CASE(log_shows_people_a_line_a_verdict) {
    guarded with;
    with.ask("pre_commit");
    with.ask("pre_push");
    const auto shown = lines_of(with.terminal("log"));
    BOOST_REQUIRE(shown.size() == 2U);
    BOOST_TEST(mentions(shown[0], with.id_of("pre_commit").substr(0, 8) + "  pre_commit    ✓  guard"));
    BOOST_TEST(mentions(shown[0], " ms  fine"));
    BOOST_TEST(mentions(shown[1], with.id_of("pre_push").substr(0, 8) + "  pre_push      ✗  guard"));
    BOOST_TEST(mentions(shown[1], " ms  not on Friday"));
    BOOST_TEST(
        mentions(on_terminal(hookctl_binary() + " --socket " + with.daemon->socket_path() + " log").out, "\x1b[31m"));
}

BOOST_AUTO_TEST_CASE(log_pages_through_all_since_a_time) {
    guarded with;
    auto emitter = with.daemon->connect();
    for (int i = 0; i < 1100; ++i) {
        emitter.result("emit_and_wait", R"({"event":"e","require":["nobody"],"timeout_ms":1})");
    }
    BOOST_TEST(lines_of(with.run({"log"}).out).size() == 100U);
    const auto all = lines_of(with.run({"log", "--since", "1d"}).out);
    BOOST_TEST(all.size() == 1100U);
    BOOST_TEST(int_at(json_of(all.front()), "/seq") == 1);
    BOOST_TEST(int_at(json_of(all.back()), "/seq") == 1100);
}

BOOST_AUTO_TEST_CASE(log_refuses_a_time_that_is_none) {
    guarded with;
    for (const std::string time : {"yesterday", "5", "5w", "2026-11-23", ""}) {
        const auto refused = with.run({"log", "--since", time});
        BOOST_TEST(refused.exit_status == 2);
        check_one_error(refused, {"--since"});
    }
    BOOST_TEST(with.run({"log", "--event", "a b"}).exit_status == 2);
    BOOST_TEST(with.run({"log", "word"}).exit_status == 2);
}

BOOST_AUTO_TEST_CASE(log_follows_across_a_restart_of_the_daemon) {
    guarded with;
    with.ask("before");
    auto follower = start_hookctl(with.daemon->socket_path(), {"log", "-f"});
    BOOST_TEST(text_at(json_of(follower->next_line()), "/event") == "before");
    with.daemon->wait_for_stat("/subscribers", 2);
    with.ask("live");
    const auto live = json_of(follower->next_line());
    BOOST_TEST(text_at(live, "/event") == "live");
    BOOST_TEST(!text_at(live, "/emitted_at").empty());
    with.daemon->stop();
    with.daemon.emplace(with.directory / "s", std::vector<std::string>{"--journal", with.directory / "journal.db"});
    with.daemon->wait_for_stat("/subscribers", 2);
    with.ask("after");
    BOOST_TEST(text_at(json_of(follower->next_line()), "/event") == "after");
    follower->signal(SIGTERM);
    BOOST_TEST(follower->wait() == 0);
}

BOOST_AUTO_TEST_CASE(log_follows_without_a_journal_and_says_so) {
    test_daemon daemon;
    auto follower = start_hookctl(daemon.socket_path(), {"log", "-f", "--vetoed"});
    follower->wait_for_err("there is no journal");
    (void)hookctl(daemon.socket_path(), {"emit", "--wait", "a"});
    (void)hookctl(daemon.socket_path(), {"emit", "--wait", "--fail-closed", "b"});
    BOOST_TEST(text_at(json_of(follower->next_line()), "/event") == "b");
    const auto refused = hookctl(daemon.socket_path(), {"log"});
    BOOST_TEST(refused.exit_status == 4);
    check_one_error(refused, {"--journal"});
}

BOOST_AUTO_TEST_CASE(two_that_read_at_once_both_have_it_all) {
    guarded with;
    with.ask("a");
    auto one = start_hookctl(with.daemon->socket_path(), {"log"});
    auto two = start_hookctl(with.daemon->socket_path(), {"log"});
    BOOST_TEST(one->finish().out == two->finish().out);
}

BOOST_AUTO_TEST_CASE(trace_and_replay_take_the_first_digits_of_an_id_as_log_prints_them) {
    guarded with;
    with.ask("pre_commit");
    with.ask("pre_push");
    const auto digits = with.id_of("pre_commit").substr(0, 8);
    BOOST_TEST(mentions(lines_of(with.terminal("log"))[0], "  " + digits + "  "));
    BOOST_TEST(text_at(json_of(with.run({"trace", digits}).out), "/event") == "pre_commit");
    BOOST_TEST(with.run({"replay", digits, "--to", "guard"}).exit_status == 0);
    for (const std::string unknown : {"00000000", "0000"}) {
        const auto refused = with.run({"trace", unknown});
        BOOST_TEST(refused.exit_status == 4);
        check_one_error(refused, {"hook_event_id"});
    }
}

BOOST_AUTO_TEST_CASE(trace_is_a_time_line_with_bars_on_a_terminal) {
    guarded with;
    with.ask("pre_push", R"({"ref":"main"})");
    const auto id = with.id_of("pre_push");
    BOOST_TEST(text_at(json_of(with.run({"trace", id}).out), "/emitter/program") == "hookctl");
    const auto shown = with.terminal("trace " + id);
    BOOST_TEST(mentions(shown, "pre_push #1, "), shown);
    BOOST_TEST(mentions(shown, "by hookctl (pid "), shown);
    BOOST_TEST(mentions(shown, "█"), shown);
    BOOST_TEST(mentions(shown, "vetoes: not on Friday"), shown);
    BOOST_TEST(mentions(shown, "✗ stopped after "), shown);
    BOOST_TEST(mentions(shown, R"(payload {"ref":"main"})"), shown);
    const auto unknown = with.run({"trace", "00000000-0000-4000-8000-000000000000"});
    BOOST_TEST(unknown.exit_status == 4);
    check_one_error(unknown, {"journal.db"});
    BOOST_TEST(with.run({"trace"}).exit_status == 2);
}

BOOST_AUTO_TEST_CASE(log_and_trace_say_why_nothing_stopped_an_operation) {
    guarded with;
    BOOST_REQUIRE(with.run({"register", "lint", "--on", "pre_commit", "--", "false"}).exit_status == 0);
    BOOST_REQUIRE(with.run({"disable", "lint"}).exit_status == 0);
    with.ask("pre_commit");
    const auto id = with.id_of("pre_commit");
    const auto trace = json_of(with.run({"trace", id}).out);
    BOOST_TEST(text_at(trace, "/passed_over/0/responder") == "lint");
    BOOST_TEST(text_at(trace, "/passed_over/0/why") == "disabled");
    BOOST_TEST(mentions(with.terminal("log"), "lint is disabled"));
    const auto shown = with.terminal("trace " + id);
    BOOST_TEST(mentions(shown, "lint  not asked: it is disabled: hookctl enable lint"), shown);
    BOOST_TEST(mentions(shown, "✓ proceeded after "), shown);
    BOOST_TEST(mentions(shown, ": no hook objected"), shown);
    BOOST_TEST(mentions(with.terminal("who pre_commit"), "lint  not asked: it is disabled: hookctl enable lint"));
    BOOST_TEST(mentions(with.terminal("hooks"), "disabled"));
}

BOOST_AUTO_TEST_CASE(replay_asks_one_hook_again) {
    guarded with;
    with.ask("pre_push");
    const auto id = with.id_of("pre_push");
    const auto again = with.run({"replay", id, "--to", "guard"});
    BOOST_TEST(again.exit_status == 0);
    BOOST_TEST(text_at(json_of(again.out), "/response/abort") == "not on Friday");
    BOOST_TEST(mentions(with.terminal("replay " + id + " --to guard"), "would veto: not on Friday"));
    BOOST_TEST(lines_of(with.run({"log"}).out).size() == 1U);
    check_one_error(with.run({"replay", id, "--to", "gone"}), {"'gone'"});
    BOOST_TEST(with.run({"replay", id, "--to", "gone"}).exit_status == 4);
    check_one_error(with.run({"replay", id}), {"--to NAME"});
    auto broken = start_hook(*with.daemon, {"--name", "broken", "pre_push", "--", "sh", "-c", "kill -9 $$"}, 2);
    const auto failed = with.run({"replay", id, "--to", "broken"});
    BOOST_TEST(failed.exit_status == 1);
    BOOST_TEST(!text_at(json_of(failed.out), "/failed").empty());
}

BOOST_AUTO_TEST_CASE(names_and_reasons_cannot_drive_the_terminal) {
    guarded with;
    auto evil = with.daemon->connect();
    subscribe(evil, "x", R"("name":"evil")");
    auto emitter = with.daemon->connect();
    const auto request = send_emit_and_wait(emitter, "x", R"("policy":"all")");
    const auto id = evil.next_event().string("/params/hook_event_id");
    respond(evil, id, R"("response":{"abort":"\u001b[2Jgone\u0007","note":"\u009b31m"})");
    emitter.response_to(request);
    for (const auto& command : {std::string{"log"}, "trace " + id}) {
        const auto shown = with.terminal(command);
        BOOST_TEST(mentions(shown, "gone"), shown);
        BOOST_TEST(!mentions(shown, "\x1b"), shown);
        BOOST_TEST(!mentions(shown, "\x07"), shown);
    }
}

BOOST_AUTO_TEST_SUITE_END()
