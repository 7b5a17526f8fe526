// SPDX-License-Identifier: BSL-1.0
// CLI.md, `on`: which commands run, what they find, when, and how it ends. What their ends mean: hook_command_test.cpp.
#include "hookctl_program.hpp"

#include "support/json_access.hpp"
#include "support/raw_json.hpp"

#include <boost/test/unit_test.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <vector>

using namespace hookd::test;

namespace {

finished_process emit_wait(test_daemon& daemon, const std::string& event, std::vector<std::string> options = {},
    const std::string& payload = "{}") {
    options.insert(options.begin(), {"emit", "--wait"});
    options.insert(options.end(), {event, "-"});
    return hookctl(daemon.socket_path(), options, payload);
}

void touch(const std::string& path) { write_file(path, "\n"); }

/// For a script: waits until a file is there.
std::string until_there(const std::string& path) { return "while ! [ -e " + path + " ]; do sleep 0.02; done; "; }

}  // namespace

BOOST_AUTO_TEST_SUITE(cli_on)

BOOST_AUTO_TEST_CASE(the_command_finds_payload_and_event_in_its_input_and_environment) {
    test_daemon daemon;
    const auto seen = daemon.directory() / "seen";
    const auto input = daemon.directory() / "input";
    auto hook = start_hook(
        daemon, shell_hook("pre_*", "cat >" + input + "; echo \"$HOOK_EVENT $HOOK_EVENT_ID $HOOK_SEQ\" >" + seen));
    const std::string payload = R"({ "z":1e999,"a" : [ ],"a":"\u00e4" })";
    const auto done = emit_wait(daemon, "pre_push", {}, payload);
    BOOST_TEST(done.exit_status == 0);
    BOOST_TEST(wait_for_line(seen) == "pre_push " + text_at(json_of(done.out), "/hook_event_id") + " 1");
    BOOST_TEST(read_file(input) == payload);
}

BOOST_AUTO_TEST_CASE(the_command_inherits_what_is_listed_and_asked_for_but_no_socket) {
    test_daemon daemon;
    spawn_options options;
    options.environment = {{"HOOK_EVENT", "stale"}, {"HOOK_MINE", "kept"}, {"SECRET", "kept back"}, {"ASKED", "for"}};
    auto hook = start_hookctl(daemon.socket_path(),
        {"on", "pre_push", "--env", "ASKED", "--env", "GIVEN=a=b", "--", "sh", "-c",
            "echo \"$HOOK_MINE $HOOK_EVENT $(env | grep -c ^HOOK_EVENT=) $ASKED $GIVEN ${SECRET-none}"
            " $(ls -l /proc/self/fd | grep -c socket)\" >&2; exit 1"},
        options);
    daemon.wait_for_stat("/subscribers", 1);
    BOOST_TEST(emit_wait(daemon, "pre_push").err == "kept pre_push 1 for a=b none 0\n");
}

BOOST_AUTO_TEST_CASE(a_variable_that_says_which_event_it_is_for_cannot_be_given) {
    for (const std::string wrong : {"HOOK_EVENT=x", "HOOK_CAUSE", "=x", ""}) {
        check_one_error(hookctl("/nowhere", {"on", "--env", wrong, "e", "--", "true"}), {"--env"});
    }
}

BOOST_AUTO_TEST_CASE(a_hook_that_fires_an_event_reaches_the_same_daemon_with_its_cause) {
    test_daemon daemon;
    auto watcher = daemon.connect();
    subscribe(watcher, "pre_test", R"("responds":false)");
    auto hook = start_hook(daemon, shell_hook("pre_push", shell_word(hookctl_binary()) + " emit pre_test"), 2);
    BOOST_TEST(emit_wait(daemon, "pre_push").exit_status == 0);
    BOOST_TEST(watcher.next_event().string("/params/cause") == "pre_push");
}

BOOST_AUTO_TEST_CASE(a_hook_that_fires_its_own_event_again_is_refused_as_a_recursion) {
    test_daemon daemon;
    const auto emit_again = shell_word(hookctl_binary()) + " emit --wait ";
    auto first = start_hook(daemon, shell_hook("a", emit_again + "b"));
    auto second = start_hook(daemon, shell_hook("b", emit_again + "a || { echo \"status $?\" >&2; exit 1; }"), 2);
    const auto done = emit_wait(daemon, "a");
    BOOST_TEST(done.exit_status == 1);
    BOOST_TEST(done.err.find("recursion") != std::string::npos, done.err);
    BOOST_TEST(done.err.find("status 4") != std::string::npos, done.err);
    BOOST_TEST(int_at(daemon.stats(), "/head_seq") == 2);
}

BOOST_AUTO_TEST_CASE(it_runs_for_matching_events_only_in_their_order) {
    test_daemon daemon;
    const auto seen = daemon.directory() / "seen";
    auto hook = start_hook(daemon, {"a*", "*z", "--", "sh", "-c", "echo $HOOK_EVENT >>" + seen});
    auto emitter = daemon.connect();
    for (const auto* event : {"a1", "b", "az", "c", "xz", "a2"}) {
        emit(emitter, event);
    }
    eventually(
        "each has run", [&] { return ::access(seen.c_str(), F_OK) == 0 && read_file(seen) == "a1\naz\nxz\na2\n"; });
}

BOOST_AUTO_TEST_CASE(an_event_that_nobody_waits_for_runs_the_command_and_gets_no_reply) {
    test_daemon daemon;
    const auto seen = daemon.directory() / "seen";
    auto hook = start_hook(daemon, shell_hook("note", "echo ran >" + seen + "; exit 1"));
    auto emitter = daemon.connect();
    emit(emitter, "note");
    BOOST_TEST(wait_for_line(seen) == "ran");
    BOOST_TEST(emit_wait(daemon, "other").exit_status == 0);
    const auto stats = daemon.stats();
    BOOST_TEST(int_at(stats, "/totals/accepted") == 0);
    for (const auto* reason : {"answered", "expired", "cancelled", "unknown"}) {
        BOOST_TEST(int_at(stats, std::string("/totals/refused/") + reason) == 0);
    }
    BOOST_TEST(hook->err().empty());
}

BOOST_AUTO_TEST_CASE(one_command_runs_at_a_time_unless_more_are_asked_for) {
    test_daemon daemon;
    const auto lock = daemon.directory() / "lock";
    auto hook = start_hook(daemon, shell_hook("e", "mkdir " + lock + " || exit 1; sleep 0.05; rmdir " + lock));
    std::vector<std::unique_ptr<child_process>> emitters;
    for (int i = 0; i < 5; ++i) {
        emitters.push_back(start_hookctl(daemon.socket_path(), {"emit", "--wait", "e"}));
    }
    for (auto& emitter : emitters) {
        const auto done = emitter->finish();
        BOOST_TEST(done.exit_status == 0, done.err);
    }
}

BOOST_AUTO_TEST_CASE(jobs_run_at_a_time) {
    test_daemon daemon;
    const auto here = daemon.directory() / "here-";
    // Each of three ends only once all three run.
    auto hook = start_hook(daemon, {"--jobs", "3", "e", "--", "sh", "-c",
                                       "touch " + here + "$HOOK_SEQ; " + until_there(here + "1") +
                                           until_there(here + "2") + until_there(here + "3")});
    std::vector<std::unique_ptr<child_process>> emitters;
    for (int i = 0; i < 3; ++i) {
        emitters.push_back(start_hookctl(daemon.socket_path(), {"emit", "--wait", "e"}));
    }
    for (auto& emitter : emitters) {
        const auto done = emitter->finish();
        BOOST_TEST(done.exit_status == 0);
        BOOST_TEST(text_at(json_of(done.out), "/outcome") == "answered");
    }
}

BOOST_AUTO_TEST_CASE(more_events_than_jobs_wait_and_none_is_lost) {
    test_daemon daemon;
    const auto seen = daemon.directory() / "seen";
    const auto go = daemon.directory() / "go";
    auto hook = start_hook(daemon, shell_hook("e", until_there(go) + "echo $HOOK_SEQ >>" + seen));
    auto emitter = daemon.connect();
    for (int i = 0; i < 50; ++i) {
        emit(emitter, "e");
    }
    touch(go);
    std::string expected;
    for (int i = 1; i <= 50; ++i) {
        expected += std::to_string(i) + "\n";
    }
    eventually(
        "each has run, in its order", [&] { return ::access(seen.c_str(), F_OK) == 0 && read_file(seen) == expected; });
}

BOOST_AUTO_TEST_CASE(a_question_waits_for_no_command_that_no_emitter_waits_for) {
    test_daemon daemon;
    auto hook = start_hook(
        daemon, shell_hook("e", "read -r payload; [ \"$payload\" = 1 ] && exec sleep 300; echo no >&2; exit 1"));
    auto emitter = daemon.connect();
    for (int i = 0; i < 200; ++i) {
        emit(emitter, "e", "1");
    }
    BOOST_TEST(emit_wait(daemon, "e").err == "no\n");
}

BOOST_AUTO_TEST_CASE(a_command_is_stopped_where_another_reply_has_decided) {
    test_daemon daemon;
    const auto started = daemon.directory() / "started";
    const auto go = daemon.directory() / "go";
    auto hook = start_hook(daemon, shell_hook("e", "echo $HOOK_EVENT_ID >" + started + "; " + until_there(go)));
    auto emitter = start_hookctl(daemon.socket_path(), {"emit", "--wait", "--policy", "first", "e"});
    const auto id = wait_for_line(started);
    BOOST_TEST(hookctl(daemon.socket_path(), {"respond", id}).exit_status == 0);
    BOOST_TEST(emitter->wait() == 0);
    hook->wait_for_err("no emitter waits for it any longer");
    // It goes on with the next event.
    touch(go);
    BOOST_TEST(text_at(json_of(emit_wait(daemon, "e").out), "/outcome") == "answered");
}

BOOST_AUTO_TEST_CASE(verdicts_and_stats_call_it_by_its_name) {
    test_daemon daemon;
    auto named = start_hook(daemon, {"--name", "guard", "e", "--", "true"});
    auto unnamed = start_hook(daemon, {"f", "--", "/bin/true"}, 2);
    BOOST_TEST(text_at(json_of(emit_wait(daemon, "e").out), "/responses/0/responder") == "guard");
    BOOST_TEST(text_at(json_of(emit_wait(daemon, "f").out), "/responses/0/responder") == "true");
    BOOST_TEST(text_at(daemon.stats(), "/sessions/0/name") == "guard");
}

BOOST_AUTO_TEST_CASE(into_a_pipe_it_prints_nothing_and_with_json_a_line_an_event) {
    test_daemon daemon;
    auto silent = start_hook(daemon, shell_hook("silent", "echo '{\"note\":1}'"));
    auto telling = start_hook(daemon, {"--json", "told", "--", "sh", "-c", "echo '{\"note\":1}'"}, 2);
    auto vetoing = start_hook(daemon, {"--json", "vetoed", "--", "sh", "-c", "echo no >&2; exit 1"}, 3);
    BOOST_TEST(emit_wait(daemon, "silent").exit_status == 0);
    BOOST_TEST(emit_wait(daemon, "told").exit_status == 0);
    BOOST_TEST(emit_wait(daemon, "vetoed").exit_status == 1);
    const auto line = telling->next_line();
    BOOST_TEST(members_of(json_of(line)) == "elapsed_ms event hook_event_id response seq");
    BOOST_TEST(raw_member(line, "response").value() == R"({"note":1})");
    BOOST_TEST(raw_member(vetoing->next_line(), "veto").value() == "\"no\"");
    silent->signal(SIGTERM);
    BOOST_TEST(silent->finish().out.empty());
}

BOOST_AUTO_TEST_CASE(what_a_command_says_on_standard_error_is_passed_on_unless_it_is_a_reason) {
    test_daemon daemon;
    auto hook = start_hook(daemon, shell_hook("*", "echo \"about $HOOK_EVENT\" >&2; [ $HOOK_EVENT = fine ]"));
    BOOST_TEST(emit_wait(daemon, "fine").exit_status == 0);
    BOOST_TEST(emit_wait(daemon, "wrong").err == "about wrong\n");
    hook->signal(SIGTERM);
    BOOST_TEST(hook->finish().err == "about fine\n");
}

BOOST_AUTO_TEST_CASE(without_a_daemon_at_its_start_it_ends_with_exit_status_3) {
    const temp_directory directory;
    const auto done = hookctl(directory / "nobody.sock", {"on", "e", "--", "true"});
    BOOST_TEST(done.exit_status == 3);
    check_one_error(done, {directory / "nobody.sock", "hookd --socket"});
}

BOOST_AUTO_TEST_CASE(a_subscription_that_the_daemon_refuses_is_exit_status_4) {
    test_daemon daemon;
    std::vector<std::string> arguments{"on"};
    for (int i = 0; i < 257; ++i) {
        arguments.push_back("e" + std::to_string(i));
    }
    arguments.insert(arguments.end(), {"--", "true"});
    const auto done = hookctl(daemon.socket_path(), arguments);
    BOOST_TEST(done.exit_status == 4);
    check_one_error(done, {"events", "-32001"});
}

BOOST_AUTO_TEST_CASE(after_a_restart_of_the_daemon_it_still_vetoes) {
    const temp_directory directory;
    const auto path = directory / "hookd.sock";
    auto daemon = std::make_unique<test_daemon>(path, std::vector<std::string>{});
    auto hook = start_hook(*daemon, shell_hook("e", "exit 1"));
    BOOST_TEST(emit_wait(*daemon, "e").exit_status == 1);
    daemon->kill();
    daemon = std::make_unique<test_daemon>(path, std::vector<std::string>{});
    daemon->wait_for_stat("/subscribers", 1);
    BOOST_TEST(emit_wait(*daemon, "e").exit_status == 1);
    hook->wait_for_err("missed");
}

BOOST_AUTO_TEST_CASE(told_to_end_it_does_so_with_exit_status_0) {
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
        test_daemon daemon;
        auto hook = start_hook(daemon, {"e", "--", "true"});
        hook->signal(signal);
        const auto done = hook->finish();
        BOOST_TEST(done.exit_status == 0);
        BOOST_TEST(done.err.empty());
        daemon.wait_for_stat("/subscribers", 0);
    }
}

BOOST_AUTO_TEST_CASE(told_to_end_it_stops_what_runs_and_nobody_waits_in_vain) {
    test_daemon daemon;
    const auto pid = daemon.directory() / "pid";
    auto hook = start_hook(daemon, {"--name", "guard", "e", "--", "sh", "-c", "echo $$ >" + pid + "; exec sleep 1000"});
    auto emitter = start_hookctl(daemon.socket_path(), {"emit", "--wait", "e"});
    const auto command = static_cast<pid_t>(std::stol(wait_for_line(pid)));
    hook->signal(SIGTERM);
    const auto verdict = json_of(emitter->finish().out);
    BOOST_TEST(text_at(verdict, "/outcome") == "abandoned");
    BOOST_TEST(text_at(verdict, "/missing/0/responder") == "guard");
    BOOST_TEST(text_at(verdict, "/missing/0/why").starts_with("failed: "));
    BOOST_TEST(hook->wait() == 0);
    BOOST_TEST(is_gone(command));
}

BOOST_AUTO_TEST_CASE(told_to_end_twice_it_kills_what_does_not_want_to) {
    test_daemon daemon;
    const auto pid = daemon.directory() / "pid";
    auto hook = start_hook(daemon, shell_hook("e", "trap '' TERM; echo $$ >" + pid + "; while :; do sleep 0.02; done"));
    auto emitter = start_hookctl(daemon.socket_path(), {"emit", "--wait", "e"});
    const auto command = static_cast<pid_t>(std::stol(wait_for_line(pid)));
    hook->signal(SIGTERM);
    BOOST_TEST(emitter->wait() == 0);
    hook->signal(SIGTERM);
    BOOST_TEST(hook->wait() == 0);
    BOOST_TEST(is_gone(command));
}

BOOST_AUTO_TEST_CASE(a_guard_stays_although_nobody_reads_what_it_prints) {
    test_daemon daemon;
    const auto pid_file = daemon.directory() / "pid";
    child_process pipeline({"sh", "-c",
        "sh -c 'echo $$ >" + pid_file + "; exec " + hookctl_binary() + " --socket " + daemon.socket_path() +
            " on --json e -- false' | true"});
    daemon.wait_for_stat("/subscribers", 1);
    for (int i = 0; i < 3; ++i) {
        BOOST_TEST(emit_wait(daemon, "e").exit_status == 1);
    }
    ::kill(static_cast<pid_t>(std::stol(wait_for_line(pid_file))), SIGTERM);
    pipeline.wait();
}

BOOST_AUTO_TEST_CASE(a_guard_stays_although_what_it_prints_cannot_be_written) {
    test_daemon daemon;
    child_process hook({"sh", "-c",
        "exec " + hookctl_binary() + " --socket " + daemon.socket_path() + " on --json e -- false >/dev/full"});
    daemon.wait_for_stat("/subscribers", 1);
    for (int i = 0; i < 3; ++i) {
        BOOST_TEST(emit_wait(daemon, "e").exit_status == 1);
    }
    hook.wait_for_err("standard output");
    hook.signal(SIGTERM);
    BOOST_TEST(hook.wait() == 5);
}

BOOST_AUTO_TEST_CASE(exit_statuses_are_known_although_the_parent_ignores_sigchld) {
    test_daemon daemon;
    child_process hook({"bash", "-c",
        "trap '' CHLD; exec " + hookctl_binary() + " --socket " + daemon.socket_path() + " on e -- sh -c 'exit 9'"});
    daemon.wait_for_stat("/subscribers", 1);
    const auto done = emit_wait(daemon, "e");
    BOOST_TEST(done.exit_status == 1);
    BOOST_TEST(done.err == "hook sh exited 9\n");
}

BOOST_AUTO_TEST_CASE(it_works_without_standard_input_and_outputs) {
    test_daemon daemon;
    child_process hook({"bash", "-c",
        "exec " + hookctl_binary() + " --socket " + daemon.socket_path() +
            " on e -- sh -c 'read -r line; echo \"got $line\" >&2; exit 1' <&- >&- 2>&-"});
    daemon.wait_for_stat("/subscribers", 1);
    BOOST_TEST(emit_wait(daemon, "e", {}, "\"word\"\n").err == "got \"word\"\n");
}

BOOST_AUTO_TEST_SUITE_END()
