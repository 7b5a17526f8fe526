// SPDX-License-Identifier: BSL-1.0
// Registered hooks that misbehave: whatever they do, the emitter has its verdict in time, and the daemon goes on.
#include "support/json_access.hpp"
#include "support/test_daemon.hpp"

#include <boost/json/serialize.hpp>
#include <boost/test/unit_test.hpp>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

using namespace hookd::test;

namespace {

using words = std::vector<std::string>;

words shell(const std::string& script) { return {"sh", "-c", script}; }

constexpr std::chrono::milliseconds generous = 10s;

/// A daemon with one registered hook, `h`, for the event `e`.
struct fixture {
    explicit fixture(const words& command, const std::string& more = {}, std::vector<std::string> options = {})
        : daemon(with_registry(std::move(options))), peer(daemon.connect()) {
        boost::json::array argv(command.begin(), command.end());
        peer.result("register_hook", R"({"name":"h","events":["e"],"command":)" + boost::json::serialize(argv) +
                                         (more.empty() ? "" : ",") + more + "}");
    }
    std::vector<std::string> with_registry(std::vector<std::string> options) {
        options.insert(options.end(), {"--registry", directory / "registry.json"});
        return options;
    }

    boost::json::value verdict_within(std::chrono::milliseconds timeout, const std::string& more = {}) {
        const auto id = send_emit_and_wait(
            peer, "e", R"("timeout_ms":)" + std::to_string(timeout.count()) + (more.empty() ? "" : ",") + more);
        return peer.response_to(id).at("/result");
    }
    /// For trouble that is over long before the emitter's deadline.
    boost::json::value verdict(const std::string& more = {}) { return verdict_within(generous, more); }
    void check_failed(const std::string& why, const std::string& more = {}) {
        const auto said = verdict(more);
        BOOST_TEST(text_at(said, "/outcome") == "abandoned");
        const auto told = text_at(said, "/missing/0/why");
        BOOST_TEST(told.starts_with("failed: "), told);
        BOOST_TEST(told.find(why) != std::string::npos, told);
    }
    /// That the hook was stopped when its time was over. How late that was says as much of the machine as of the
    /// daemon.
    void check_stopped_after(std::chrono::milliseconds allowed) {
        const auto said = verdict();
        BOOST_TEST(text_at(said, "/outcome") == "abandoned");
        const auto told = text_at(said, "/missing/0/why");
        constexpr std::string_view before = "its time was over after ";
        const auto at = told.find(before);
        BOOST_REQUIRE_MESSAGE(at != std::string::npos, told);
        BOOST_TEST(std::stol(told.substr(at + before.size())) >= allowed.count(), told);
    }
    /// That the emitter has its verdict although the command goes on, and that it says that the hook is missing.
    void check_verdict_without_the_hook(std::chrono::milliseconds timeout) {
        const auto said = verdict_within(timeout, R"("failure_policy":"closed")");
        BOOST_TEST(text_at(said, "/missing/0/responder") == "h");
        BOOST_TEST(text_at(said, "/abort") != "");
    }

    temp_directory directory{};
    test_daemon daemon;
    wire_client peer;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(hook_trouble_suite)

BOOST_AUTO_TEST_CASE(a_command_that_cannot_run_is_not_registered) {
    temp_directory directory;
    test_daemon daemon({"--registry", directory / "registry.json"});
    auto peer = daemon.connect();
    const auto refusal = [&](const std::string& program) {
        const auto refused =
            peer.failure("register_hook", R"({"name":"h","events":["e"],"command":[")" + program + "\"]}");
        BOOST_TEST(refused.error_code() == -32602);
        return refused.error_message();
    };
    write_secret(directory / "plain", "#!/bin/sh\n");
    BOOST_TEST(refusal(directory / "plain").find("chmod +x " + directory / "plain") != std::string::npos);
    write_script(directory / "script", "#!/no/interpreter\n");
    BOOST_TEST(refusal(directory / "script").find("/no/interpreter") != std::string::npos);
    BOOST_TEST(refusal("/no/such/command").find("/no/such/command does not exist") != std::string::npos);
    BOOST_TEST(size_at(peer.result("list_hooks"), "/hooks") == 0U);
}

BOOST_AUTO_TEST_CASE(a_command_that_is_gone_has_failed_until_it_is_back) {
    temp_directory directory;
    const auto program = directory / "program";
    write_script(program, "#!/bin/sh\nexit 0\n");
    fixture setup(words{program});
    std::filesystem::rename(program, directory / "away");
    setup.check_failed("could not start " + program + ": No such file or directory: put it back");
    std::filesystem::rename(directory / "away", program);
    BOOST_TEST(text_at(setup.verdict(), "/outcome") == "answered");
}

BOOST_AUTO_TEST_CASE(a_script_learns_where_it_lies_and_finds_what_lies_beside_it) {
    temp_directory directory;
    const auto program = directory / "guard.sh";
    write_file(directory / "words.sh", "reason=because\n");
    write_script(program, "#!/bin/sh\n. \"$(dirname \"$0\")/words.sh\"; echo \"$reason $HOOK_DIR\" >&2; exit 1\n");
    BOOST_TEST(text_at(fixture(words{program}).verdict(), "/abort") == "because " + directory.path());
    BOOST_TEST(text_at(fixture(words{"sh", program}).verdict(), "/abort") == "because " + directory.path());
}

BOOST_AUTO_TEST_CASE(what_a_shell_could_not_start_has_failed_and_any_other_status_is_a_veto) {
    fixture(shell("exit 126")).check_failed("exited 126");
    fixture(shell("exit 127")).check_failed("exited 127");
    BOOST_TEST(text_at(fixture(shell("exit 42")).verdict(), "/abort") == "hook h exited 42");
}

BOOST_AUTO_TEST_CASE(a_command_that_dies_by_a_signal_has_failed) {
    fixture(shell("kill -SEGV $$")).check_failed("killed by signal 11");
}

BOOST_AUTO_TEST_CASE(a_command_that_ignores_sigterm_is_killed_and_delays_no_verdict) {
    fixture setup(shell("trap '' TERM; while :; do sleep 0.05; done"), R"("timeout_ms":100)");
    setup.check_stopped_after(100ms);
    setup.check_verdict_without_the_hook(100ms);
    // Neither a process of it nor a zombie.
    eventually("no child is left", [&] {
        const auto done = run_program({"ps", "--no-headers", "--ppid", std::to_string(setup.daemon.pid())});
        return done.out.empty();
    });
}

BOOST_AUTO_TEST_CASE(a_grandchild_that_holds_the_output_delays_nobody) {
    fixture setup(shell("sleep 60 & echo '{\"abort\":\"no\"}'"));
    BOOST_TEST(text_at(setup.verdict(), "/abort") == "no");
}

BOOST_AUTO_TEST_CASE(a_command_that_never_reads_a_mebibyte_of_input_answers) {
    fixture setup(shell("echo no >&2; exit 1"));
    BOOST_TEST(text_at(setup.verdict(R"("payload":")" + std::string(1024 * 1024, 'x') + "\""), "/abort") == "no");
}

BOOST_AUTO_TEST_CASE(a_command_that_writes_10_mib_before_it_reads_is_cut_and_has_failed) {
    fixture setup(shell("head -c 10485760 /dev/zero | tr '\\0' ' '; cat >/dev/null"));
    setup.check_failed("standard output was cut after", R"("payload":")" + std::string(1024 * 1024, 'x') + "\"");
}

BOOST_AUTO_TEST_CASE(half_a_json_and_json_that_is_no_object_have_failed) {
    fixture(shell(R"(printf '{"abort":"no')")).check_failed("looks like JSON");
    fixture(shell("echo '[\"abort\"]'")).check_failed("looks like JSON");
    fixture(shell("echo welcome; echo '{\"abort\":\"no\"}'")).check_failed("looks like JSON");
    fixture(shell(R"(echo '{"abort":7}')")).check_failed("its reply is not valid");
}

BOOST_AUTO_TEST_CASE(words_are_no_objection_and_become_the_note) {
    const auto said = fixture(shell("echo all fine; echo slow today >&2")).verdict(R"("failure_policy":"closed")");
    BOOST_TEST(text_at(said, "/outcome") == "answered");
    BOOST_TEST(text_at(said, "/abort") == "");
    BOOST_TEST(text_at(said, "/responses/0/response/note") == "all fine\nslow today");
}

BOOST_AUTO_TEST_CASE(where_the_schema_has_no_room_for_a_note_the_reply_goes_without_it) {
    temp_directory catalog;
    write_file(catalog / "e.json",
        R"({"name":"e","response_schema":{"properties":{"abort":{}},"additionalProperties":false}})");
    const auto verdict_of = [&catalog](const std::string& script) {
        return fixture(shell(script), {}, {"--catalog", catalog.path()}).verdict();
    };
    const auto veto = verdict_of(R"(echo checking >&2; echo '{"abort":"no"}')");
    BOOST_TEST(text_at(veto, "/responses/0/response/abort") == "no");
    BOOST_TEST(text_at(veto, "/abort") == "no");
    BOOST_TEST(text_at(verdict_of("echo all fine"), "/outcome") == "answered");
    BOOST_TEST(
        text_at(verdict_of(R"(echo '{"other":1}')"), "/missing/0/why").starts_with("failed: its reply was refused: "));
}

BOOST_AUTO_TEST_CASE(a_command_that_sleeps_past_a_deadline_ends_at_the_smaller_one) {
    fixture own(shell("exec sleep 30"), R"("timeout_ms":100)");
    own.check_stopped_after(100ms);
    fixture(shell("exec sleep 30")).check_verdict_without_the_hook(100ms);
}

BOOST_AUTO_TEST_CASE(two_hundred_events_at_once_for_a_slow_command_all_have_their_verdict) {
    fixture setup(shell("exec sleep 0.3"), {}, {"--hook-jobs", "2"});
    std::vector<std::string> ids;
    for (int each = 0; each < 200; ++each) {
        ids.push_back(send_emit_and_wait(setup.peer, "e", R"("timeout_ms":1000,"failure_policy":"closed")"));
    }
    // Two places take half a minute for all of them.
    int insisted = 0;
    for (const auto& id : ids) {
        const auto said = setup.peer.response_to(id).at("/result");
        const bool answered = text_at(said, "/outcome") == "answered";
        BOOST_TEST((answered || text_at(said, "/missing/0/responder") == "h"));
        BOOST_TEST((text_at(said, "/abort") == "") == answered);
        insisted += answered ? 0 : 1;
    }
    BOOST_TEST(insisted > 0);
    setup.daemon.wait_for_stat("/waiting", 0);
}

BOOST_AUTO_TEST_CASE(a_full_queue_answers_at_once) {
    fixture setup(words{"sleep", "30"}, {}, {"--hook-jobs", "1"});
    std::vector<std::string> ids;
    for (int each = 0; each < 257; ++each) {
        ids.push_back(send_emit_and_wait(setup.peer, "e"));
    }
    const auto last = setup.peer.response_to(ids.back());  // long before its time-out of 30 s
    BOOST_TEST(last.string("/result/missing/0/why").find("it is busy") != std::string::npos);
}

// Each command waits for the next one's: with one place for all of them, none would ever come to an end.
BOOST_AUTO_TEST_CASE(commands_that_wait_for_each_others_verdicts_all_end) {
    const auto waits_for = [](const std::string& next) {
        return hookctl_binary() + " emit --wait --timeout 10s " + next + " || exit 1";
    };
    fixture setup(shell(waits_for("second")), {}, {"--hook-jobs", "1"});
    for (const auto& [name, script] :
        {std::pair{"second", waits_for("third")}, {"third", std::string("echo no >&2; exit 1")}}) {
        setup.peer.result("register_hook",
            boost::json::serialize(boost::json::value{{"name", name}, {"events", boost::json::array{name}},
                {"command", boost::json::array{"sh", "-c", script}}}));
    }
    const auto said = setup.verdict();
    BOOST_TEST(text_at(said, "/outcome") == "answered");
    BOOST_TEST(text_at(said, "/abort") == "no");
}

BOOST_AUTO_TEST_CASE(events_that_nobody_waits_for_are_not_missed_in_silence) {
    fixture setup(words{"sleep", "30"}, {}, {"--hook-jobs", "1"});
    for (int each = 0; each < 256 + 2; ++each) {
        emit(setup.peer, "e");
    }
    setup.daemon.process().wait_for_err("hook h: is busy, and has missed");
}

BOOST_AUTO_TEST_CASE(a_busy_hook_leaves_the_others_their_turn) {
    fixture setup(words{"sleep", "0.2"}, {}, {"--hook-jobs", "1"});
    setup.peer.result("register_hook", R"({"name":"quick","events":["q"],"command":["true"]})");
    for (int each = 0; each < 100; ++each) {
        emit(setup.peer, "e");
    }
    const auto said = setup.peer.response_to(send_emit_and_wait(setup.peer, "q", R"("timeout_ms":10000)"));
    BOOST_TEST(said.string("/result/outcome") == "answered");
}

BOOST_AUTO_TEST_CASE(a_slow_hook_takes_no_place_of_another) {
    fixture setup(words{"sleep", "300"}, {}, {"--hook-jobs", "1"});
    setup.peer.result(
        "register_hook", R"({"name":"guard","events":["q"],"command":["sh","-c","echo no >&2; exit 1"]})");
    for (int each = 0; each < 300; ++each) {
        emit(setup.peer, "e");
    }
    const auto waiting = send_emit_and_wait(setup.peer, "e");
    BOOST_TEST(setup.peer.response_to(send_emit_and_wait(setup.peer, "q")).string("/result/abort") == "no");
}

BOOST_AUTO_TEST_CASE(events_that_no_emitter_waits_for_take_no_place_of_a_question) {
    fixture setup(
        shell("read payload; [ \"$payload\" = 1 ] && exec sleep 300; echo no >&2; exit 1"), {}, {"--hook-jobs", "1"});
    for (int each = 0; each < 300; ++each) {
        emit(setup.peer, "e", "1");
    }
    BOOST_TEST(text_at(setup.verdict(), "/abort") == "no");
}

BOOST_AUTO_TEST_CASE(a_daemon_that_stops_leaves_no_command_behind) {
    for (const std::string threads : {"1", "4"}) {
        temp_directory directory;
        const auto pids = directory / "pids";
        fixture setup(
            words{"sh", "-c", "echo $$ >>" + pids + "; trap '' TERM; sleep 60 & wait"}, {}, {"--threads", threads});
        const auto waiting = send_emit_and_wait(setup.peer, "e");
        emit(setup.peer, "e");
        eventually("both run", [&] {
            return ::access(pids.c_str(), F_OK) == 0 && read_file(pids).find('\n') != read_file(pids).rfind('\n');
        });
        setup.daemon.process().signal(SIGTERM);
        BOOST_TEST(setup.peer.response_to(waiting).string("/result/outcome") == "shutdown");
        BOOST_TEST(setup.daemon.wait() == 0);
        const auto text = read_file(pids);
        for (const auto& pid : {text.substr(0, text.find('\n')),
                 text.substr(text.find('\n') + 1, text.rfind('\n') - text.find('\n') - 1)}) {
            eventually("the process group " + pid + " is no more", [&] { return ::kill(-std::stoi(pid), 0) != 0; });
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()
