// SPDX-License-Identifier: BSL-1.0
// CLI.md, its last paragraph: what the end of a hook command means, whatever it does.
#include "hookctl_program.hpp"

#include "support/json_access.hpp"
#include "support/raw_json.hpp"

#include <boost/test/unit_test.hpp>

#include <sys/stat.h>

#include <chrono>
#include <csignal>
#include <string>
#include <vector>

using namespace hookd::test;

namespace {

constexpr std::size_t mebibyte = 1024 * 1024;

/// A daemon and a hook called `guard` for the event `e`.
struct fixture {
    explicit fixture(std::vector<std::string> argv, std::vector<std::string> options = {}) {
        options.insert(options.end(), {"--name", "guard", "e", "--"});
        options.insert(options.end(), argv.begin(), argv.end());
        hook = start_hook(daemon, std::move(options));
    }
    explicit fixture(const std::string& script, std::vector<std::string> options = {})
        : fixture(std::vector<std::string>{"sh", "-c", script}, std::move(options)) {}
    struct with_catalog {
        std::string path;
    };
    fixture(with_catalog catalog, const std::string& script) : daemon({"--catalog", catalog.path}) {
        hook = start_hook(daemon, {"--name", "guard", "e", "--", "sh", "-c", script});
    }

    finished_process emit(std::vector<std::string> options = {}, const std::string& payload = "{}") {
        options.insert(options.begin(), {"emit", "--wait"});
        options.insert(options.end(), {"e", "-"});
        return hookctl(daemon.socket_path(), options, payload);
    }

    /// That the hook counts as failed, for a reason that mentions `why`, and that the policy decides.
    void check_failed(const std::string& why, const std::string& payload = "{}") {
        const auto open = emit({}, payload);
        BOOST_TEST(open.exit_status == 0);
        const auto verdict = json_of(open.out);
        BOOST_TEST(text_at(verdict, "/outcome") == "abandoned");
        BOOST_TEST(size_at(verdict, "/responses") == 0U);
        BOOST_TEST(text_at(verdict, "/missing/0/responder") == "guard");
        const auto told = text_at(verdict, "/missing/0/why");
        BOOST_TEST(told.starts_with("failed: "));
        BOOST_TEST(told.find(why) != std::string::npos, told);
        hook->wait_for_err(why);
        const auto closed = emit({"--fail-closed"}, payload);
        BOOST_TEST(closed.exit_status == 1);
        BOOST_TEST(closed.err.find("guard") != std::string::npos);
    }

    test_daemon daemon{};
    std::unique_ptr<child_process> hook{};
};

std::string response_in(const finished_process& done) {
    const auto responses = raw_elements(raw_member(done.out, "responses").value());
    BOOST_REQUIRE(responses.size() == 1U);
    return std::string(raw_member(responses[0], "response").value());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(cli_hook_command)

BOOST_AUTO_TEST_CASE(exit_status_0_with_a_json_object_is_the_reply_byte_for_byte) {
    fixture setup(R"(printf '\n{ "n":1e999, "n":[ ],"abort" : "" }\n')");
    const auto done = setup.emit();
    BOOST_TEST(done.exit_status == 0);
    BOOST_TEST(response_in(done) == R"({ "n":1e999, "n":[ ],"abort" : "" })");
}

BOOST_AUTO_TEST_CASE(where_the_schema_has_no_room_for_a_note_the_reply_goes_without_it) {
    temp_directory catalog;
    write_file(catalog / "e.json",
        R"({"name":"e","response_schema":{"properties":{"abort":{}},"additionalProperties":false}})");
    fixture veto(fixture::with_catalog{catalog.path()}, R"(echo checking >&2; echo '{"abort":"no"}')");
    const auto done = veto.emit();
    BOOST_TEST(done.exit_status == 1);
    BOOST_TEST(response_in(done) == R"({"abort":"no"})");
    fixture other(fixture::with_catalog{catalog.path()}, R"(echo checking >&2; echo '{"other":1}')");
    other.check_failed("does not match its schema");
}

BOOST_AUTO_TEST_CASE(an_abort_in_the_reply_vetoes) {
    fixture setup(R"(echo '{"abort":"because"}')");
    const auto done = setup.emit();
    BOOST_TEST(done.exit_status == 1);
    BOOST_TEST(done.err == "because\n");
}

BOOST_AUTO_TEST_CASE(exit_status_0_without_output_is_no_objection) {
    fixture setup("exit 0");
    const auto done = setup.emit();
    BOOST_TEST(done.exit_status == 0);
    BOOST_TEST(response_in(done) == "{}");
    BOOST_TEST(setup.hook->err().empty());
}

BOOST_AUTO_TEST_CASE(exit_status_0_with_words_is_no_objection_and_they_become_the_note) {
    for (const std::string said : {"all fine", "\"no\"", "42"}) {
        fixture setup("echo " + shell_word(said));
        const auto done = setup.emit({"--fail-closed"});
        BOOST_TEST(done.exit_status == 0);
        BOOST_TEST(text_at(json_of(response_in(done)), "/note") == said);
        setup.hook->wait_for_err(said);
        setup.hook->wait_for_err("no objection");
    }
}

BOOST_AUTO_TEST_CASE(output_that_looks_like_json_and_is_not_one_object_is_a_hook_that_failed) {
    for (const std::string said : {"{\"abort\":\"no\"", "[1]", "{} {}"}) {
        fixture setup("echo " + shell_word(said));
        setup.check_failed("looks like JSON");
    }
    fixture setup("echo welcome; echo '{\"abort\":\"no\"}'");
    setup.check_failed("looks like JSON");
}

BOOST_AUTO_TEST_CASE(what_a_passing_command_says_on_its_standard_error_travels_as_the_note) {
    fixture setup(R"(echo '{"a":1}'; echo 'slow today' >&2)");
    const auto done = setup.emit();
    BOOST_TEST(done.exit_status == 0);
    BOOST_TEST(response_in(done) == R"({"a":1,"note":"slow today"})");
}

BOOST_AUTO_TEST_CASE(an_abort_that_is_no_string_is_a_hook_that_failed) {
    fixture setup(R"(echo '{"abort":true}')");
    setup.check_failed("abort");
}

BOOST_AUTO_TEST_CASE(exit_status_1_to_125_is_a_veto_with_the_standard_error_as_its_reason) {
    for (const int status : {1, 2, 125}) {
        fixture setup("echo '{}'; printf '\\n not on a Friday\\n\\n' >&2; exit " + std::to_string(status));
        const auto done = setup.emit();
        BOOST_TEST(done.exit_status == 1);
        BOOST_TEST(done.err == "not on a Friday\n");
    }
}

BOOST_AUTO_TEST_CASE(a_veto_without_a_word_names_the_hook_and_its_exit_status) {
    fixture setup("exit 7");
    BOOST_TEST(setup.emit().err == "hook guard exited 7\n");
}

BOOST_AUTO_TEST_CASE(exit_status_126_and_127_are_a_hook_that_failed) {
    for (const int status : {126, 127}) {
        fixture setup("exit " + std::to_string(status));
        setup.check_failed(std::to_string(status));
    }
}

BOOST_AUTO_TEST_CASE(death_by_signal_is_a_hook_that_failed) {
    fixture setup("kill -SEGV $$");
    setup.check_failed("signal 11");
}

BOOST_AUTO_TEST_CASE(a_command_that_does_not_exist_is_a_hook_that_failed) {
    fixture setup(std::vector<std::string>{"/no/such/hook"});
    setup.check_failed("could not start /no/such/hook: No such file or directory");
}

BOOST_AUTO_TEST_CASE(a_file_that_is_not_executable_is_a_hook_that_failed) {
    const temp_directory directory;
    write_file(directory / "hook", "#!/bin/sh\nexit 1\n");
    ::chmod((directory / "hook").c_str(), 0600);
    fixture setup(std::vector<std::string>{directory / "hook"});
    setup.check_failed("could not start " + directory / "hook: Permission denied");
}

BOOST_AUTO_TEST_CASE(a_command_that_outlives_its_own_time_is_a_hook_that_failed_although_the_emitter_would_wait) {
    fixture setup("exec sleep 1000", {"--timeout", "200ms"});
    setup.check_failed("its time was over");
}

BOOST_AUTO_TEST_CASE(a_command_that_outlives_the_emitters_time_is_stopped_as_well) {
    for (const auto& own : std::vector<std::vector<std::string>>{{}, {"--timeout", "20m"}}) {
        const temp_directory directory;
        const auto pid = directory / "pid";
        fixture setup("echo $$ >" + pid + "; exec sleep 1000", own);
        const auto done = setup.emit({"--timeout", "700ms"});
        BOOST_TEST(done.exit_status == 0);
        const auto command = static_cast<pid_t>(std::stol(wait_for_line(pid)));
        eventually("the command's end", [command] { return is_gone(command); });
        setup.hook->wait_for_err("its time was over");
    }
}

BOOST_AUTO_TEST_CASE(an_event_whose_emitter_waits_no_more_is_not_begun) {
    const temp_directory directory;
    const auto seen = directory / "seen";
    const auto go = directory / "go";
    fixture setup("echo $HOOK_SEQ >>" + seen + "; while ! [ -e " + go + " ]; do sleep 0.02; done");
    auto first = start_hookctl(setup.daemon.socket_path(), {"emit", "--wait", "e"});
    BOOST_TEST(wait_for_line(seen) == "1");
    // The second event waits behind the first one until its own time is over.
    BOOST_TEST(setup.emit({"--timeout", "100ms"}).exit_status == 0);
    write_file(go, "");
    BOOST_TEST(first->wait() == 0);
    BOOST_TEST(setup.emit().exit_status == 0);
    BOOST_TEST(read_file(seen) == "1\n3\n");
}

BOOST_AUTO_TEST_CASE(a_command_that_ignores_sigterm_is_killed) {
    const temp_directory directory;
    const auto pid = directory / "pid";
    fixture setup("trap '' TERM; echo $$ >" + pid + "; while :; do sleep 0.02; done", {"--timeout", "500ms"});
    const auto done = setup.emit();
    BOOST_TEST(text_at(json_of(done.out), "/outcome") == "abandoned");
    const auto command = static_cast<pid_t>(std::stol(wait_for_line(pid)));
    eventually("the command's end", [command] { return is_gone(command); });
}

BOOST_AUTO_TEST_CASE(its_whole_process_group_is_stopped) {
    const temp_directory directory;
    const auto pid = directory / "pid";
    fixture setup("sleep 1000 & echo $! >" + pid + "; wait", {"--timeout", "500ms"});
    BOOST_TEST(text_at(json_of(setup.emit().out), "/outcome") == "abandoned");
    const auto grandchild = static_cast<pid_t>(std::stol(wait_for_line(pid)));
    eventually("the grandchild's end", [grandchild] { return is_gone(grandchild); });
}

BOOST_AUTO_TEST_CASE(a_grandchild_that_holds_the_outputs_delays_nobody) {
    const temp_directory directory;
    const auto pid = directory / "pid";
    fixture setup("sleep 1000 & echo $! >" + pid + "; echo '{\"abort\":\"done\"}'");
    const auto done = setup.emit();  // would wait for the sleep
    BOOST_TEST(done.exit_status == 1);
    BOOST_TEST(done.err == "done\n");
    ::kill(static_cast<pid_t>(std::stol(wait_for_line(pid))), SIGKILL);
}

BOOST_AUTO_TEST_CASE(a_payload_that_nobody_reads_does_not_block) {
    fixture setup("exit 3");
    const auto done = setup.emit({}, "\"" + std::string(mebibyte, 'x') + "\"");
    BOOST_TEST(done.err == "hook guard exited 3\n");
}

BOOST_AUTO_TEST_CASE(payloads_of_megabytes_arrive_whole) {
    fixture setup("echo \"$(wc -c)\" >&2; exit 1");
    const auto done = setup.emit({}, "\"" + std::string(9 * mebibyte, 'x') + "\"");
    BOOST_TEST(done.err == std::to_string(9 * mebibyte + 2) + "\n");
}

BOOST_AUTO_TEST_CASE(a_reply_just_below_one_mebibyte_is_whole) {
    fixture setup("printf '{\"a\":\"'; head -c 1000000 /dev/zero | tr '\\0' x; printf '\"}'");
    const auto done = setup.emit();
    BOOST_TEST((response_in(done) == "{\"a\":\"" + std::string(1'000'000, 'x') + "\"}"));
}

BOOST_AUTO_TEST_CASE(output_past_one_mebibyte_is_cut_and_its_hook_has_failed) {
    fixture setup("printf '{\"a\":\"'; head -c 10485760 /dev/zero | tr '\\0' x; printf '\"}'");
    setup.check_failed("standard output was cut");
}

BOOST_AUTO_TEST_CASE(a_reason_past_one_mebibyte_is_cut_and_said_so) {
    fixture setup("head -c 10485760 /dev/zero | tr '\\0' x >&2; exit 1");
    const auto done = setup.emit();
    BOOST_TEST(done.exit_status == 1);
    BOOST_TEST((done.err == std::string(mebibyte, 'x') + "\n"));
    setup.hook->wait_for_err("cut");
}

BOOST_AUTO_TEST_CASE(chatter_past_one_mebibyte_is_cut_and_said_so) {
    fixture setup("head -c 10485760 /dev/zero | tr '\\0' x >&2");
    const auto done = setup.emit();
    BOOST_TEST(done.exit_status == 0);
    setup.hook->wait_for_err("standard error was cut");
}

BOOST_AUTO_TEST_SUITE_END()
