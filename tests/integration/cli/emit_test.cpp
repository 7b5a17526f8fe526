// SPDX-License-Identifier: BSL-1.0
// CLI.md, `emit`: firing, waiting for the verdict, exit statuses.
#include "hookctl_program.hpp"

#include "support/json_access.hpp"
#include "support/raw_json.hpp"

#include <boost/test/unit_test.hpp>

#include <csignal>
#include <cstdint>
#include <string>
#include <vector>

using namespace hookd::test;

namespace {

std::int64_t head_seq(test_daemon& daemon) { return int_at(daemon.stats(), "/head_seq"); }

/// A responder that vetoes, or does not, the next event.
std::string answer_next(wire_client& responder, const std::string& response) {
    const auto event = responder.next_event();
    respond(responder, event.string("/params/hook_event_id"), "\"response\":" + response);
    return event.text;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(cli_emit)

BOOST_AUTO_TEST_CASE(emit_prints_the_result_as_one_line_of_json) {
    test_daemon daemon;
    auto subscriber = daemon.connect();
    subscribe(subscriber);
    const auto done = hookctl(daemon.socket_path(), {"emit", "note", R"({"a":1})"});
    BOOST_TEST(done.exit_status == 0);
    BOOST_TEST(done.err.empty());
    BOOST_REQUIRE(lines_of(done.out).size() == 1U);
    const auto result = json_of(done.out);
    BOOST_TEST(members_of(result) == "hook_event_id seq subscribers");
    BOOST_TEST(int_at(result, "/seq") == 1);
    BOOST_TEST(int_at(result, "/subscribers") == 1);
    BOOST_TEST(text_at(result, "/hook_event_id") == subscriber.next_event().string("/params/hook_event_id"));
}

BOOST_AUTO_TEST_CASE(a_payload_arrives_byte_for_byte_from_argument_file_and_standard_input) {
    test_daemon daemon;
    auto subscriber = daemon.connect();
    subscribe(subscriber);
    const std::string payload = R"({"z":123456789012345678901234567890.10e-2, "a" : "\u00e4\/", "a":[ ],"n":-0})";
    write_file(daemon.directory() / "payload.json", payload);
    for (const auto& [argument, input] : std::vector<std::pair<std::string, std::string>>{
             {payload, ""}, {"@" + daemon.directory() / "payload.json", ""}, {"-", payload}}) {
        BOOST_TEST(hookctl(daemon.socket_path(), {"emit", "note", argument}, input).exit_status == 0);
        BOOST_TEST(subscriber.next_event().raw({"params", "payload"}) == payload);
    }
}

BOOST_AUTO_TEST_CASE(any_json_value_is_a_payload) {
    test_daemon daemon;
    auto subscriber = daemon.connect();
    subscribe(subscriber);
    for (const std::string payload : {"null", "true", "-1.5e3", "\"--wait\"", "[1,2]", "[]", "{}", "\"\""}) {
        BOOST_TEST(hookctl(daemon.socket_path(), {"emit", "note", payload}).exit_status == 0);
        BOOST_TEST(subscriber.next_event().raw({"params", "payload"}) == payload);
    }
}

BOOST_AUTO_TEST_CASE(without_a_payload_it_is_an_empty_object) {
    test_daemon daemon;
    auto subscriber = daemon.connect();
    subscribe(subscriber);
    BOOST_TEST(hookctl(daemon.socket_path(), {"emit", "note"}).exit_status == 0);
    BOOST_TEST(subscriber.next_event().raw({"params", "payload"}) == "{}");
}

BOOST_AUTO_TEST_CASE(a_payload_of_megabytes_passes_through_standard_input) {
    test_daemon daemon;
    auto subscriber = daemon.connect();
    subscribe(subscriber);
    const std::string payload = "\"" + std::string(9'000'000, 'x') + "\"";
    BOOST_TEST(hookctl(daemon.socket_path(), {"emit", "note", "-"}, payload).exit_status == 0);
    BOOST_TEST((subscriber.next_event().raw({"params", "payload"}) == payload));
}

BOOST_AUTO_TEST_CASE(a_payload_over_the_frame_limit_is_told_as_the_daemons_error) {
    test_daemon daemon({"--max-frame", "64KiB"});
    const auto done = hookctl(daemon.socket_path(), {"emit", "note", "-"}, "\"" + std::string(3'000'000, 'x') + "\"");
    BOOST_TEST(done.exit_status == 4);
    BOOST_TEST(done.out.empty());
    check_one_error(done, {"-32001"});
}

BOOST_AUTO_TEST_CASE(a_payload_that_is_not_json_is_wrong_usage_and_nothing_is_sent) {
    test_daemon daemon;
    write_file(daemon.directory() / "bad.json", "{'a':1}");
    for (const auto& [argument, input] :
        std::vector<std::pair<std::string, std::string>>{{"hello", ""}, {"{\"a\":1", ""}, {"", ""}, {"01", ""},
            {"@" + daemon.directory() / "bad.json", ""}, {"-", "oops"}, {"-", ""}}) {
        for (const auto& wait : {std::vector<std::string>{}, {"--wait"}}) {
            std::vector<std::string> arguments{"emit"};
            arguments.insert(arguments.end(), wait.begin(), wait.end());
            arguments.insert(arguments.end(), {"note", argument});
            const auto done = hookctl(daemon.socket_path(), arguments, input);
            BOOST_TEST(done.exit_status == 2);
            BOOST_TEST(done.out.empty());
            check_one_error(done, {"PAYLOAD", "not JSON", "nothing was sent"});
        }
    }
    BOOST_TEST(head_seq(daemon) == 0);
    // Wrong usage is found before anybody looks for a daemon.
    BOOST_TEST(hookctl(daemon.directory() / "nobody.sock", {"emit", "note", "hello"}).exit_status == 2);
}

BOOST_AUTO_TEST_CASE(a_payload_file_that_is_missing_is_wrong_usage) {
    test_daemon daemon;
    const auto done = hookctl(daemon.socket_path(), {"emit", "note", "@" + daemon.directory() / "missing.json"});
    BOOST_TEST(done.exit_status == 2);
    check_one_error(done, {"missing.json", "No such file or directory"});
    BOOST_TEST(head_seq(daemon) == 0);
}

BOOST_AUTO_TEST_CASE(no_objection_is_exit_status_0_with_the_verdict_on_standard_output) {
    test_daemon daemon;
    auto responder = daemon.connect();
    subscribe(responder, "*", R"("name":"guard")");
    auto emitter = start_hookctl(daemon.socket_path(), {"emit", "--wait", "pre_push", "{}"});
    answer_next(responder, R"({ "extra" : 1e400 })");
    const auto done = emitter->finish();
    BOOST_TEST(done.exit_status == 0);
    BOOST_TEST(done.err.empty());
    BOOST_REQUIRE(lines_of(done.out).size() == 1U);
    BOOST_TEST(raw_member(done.out, "outcome").value() == "\"answered\"");
    BOOST_TEST(raw_member(done.out, "abort").value() == "\"\"");
    const auto responses = raw_elements(raw_member(done.out, "responses").value());
    BOOST_REQUIRE(responses.size() == 1U);
    BOOST_TEST(raw_member(responses[0], "response").value() == R"({ "extra" : 1e400 })");
    BOOST_TEST(raw_member(responses[0], "responder").value() == "\"guard\"");
}

BOOST_AUTO_TEST_CASE(a_veto_is_exit_status_1_with_the_reason_alone_on_standard_error) {
    test_daemon daemon;
    auto responder = daemon.connect();
    subscribe(responder);
    auto emitter = start_hookctl(daemon.socket_path(), {"emit", "--wait", "pre_push"});
    answer_next(responder, R"({"abort":"not on a \"Friday\" \u00e4\nreally"})");
    const auto done = emitter->finish();
    BOOST_TEST(done.exit_status == 1);
    BOOST_TEST(done.err == "not on a \"Friday\" \xc3\xa4\nreally\n");
    BOOST_REQUIRE(lines_of(done.out).size() == 1U);
    BOOST_TEST(text_at(json_of(done.out), "/abort") == "not on a \"Friday\" \xc3\xa4\nreally");
}

BOOST_AUTO_TEST_CASE(the_exit_status_of_a_veto_can_be_chosen) {
    test_daemon daemon;
    auto responder = daemon.connect();
    subscribe(responder);
    for (const std::string response : {R"({"abort":"no"})", "{}"}) {
        auto emitter = start_hookctl(daemon.socket_path(), {"emit", "--wait", "--abort-exit-code", "77", "pre_push"});
        answer_next(responder, response);
        BOOST_TEST(emitter->finish().exit_status == (response == "{}" ? 0 : 77));
    }
}

BOOST_AUTO_TEST_CASE(the_policy_decides_whose_reply_counts) {
    test_daemon daemon;
    auto fast = daemon.connect();
    auto slow = daemon.connect();
    subscribe(fast);
    subscribe(slow);
    const auto run = [&](const std::string& policy, const std::string& first, const std::string& second) {
        auto emitter = start_hookctl(daemon.socket_path(), {"emit", "--wait", "--policy", policy, "pre_push"});
        answer_next(fast, first);
        answer_next(slow, second);
        return emitter->finish();
    };
    const std::string veto = R"({"abort":"no"})";
    BOOST_TEST(run("first", "{}", veto).exit_status == 0);
    BOOST_TEST(run("veto", "{}", veto).exit_status == 1);
    BOOST_TEST(run("veto", "{}", "{}").exit_status == 0);
    const auto all = run("all", veto, R"({"abort":"never"})");
    BOOST_TEST(all.exit_status == 1);
    BOOST_TEST(all.err == "no\n");
    BOOST_TEST(size_at(json_of(all.out), "/responses") == 2U);
}

BOOST_AUTO_TEST_CASE(unless_told_otherwise_a_fast_reply_does_not_overtake_a_veto) {
    test_daemon daemon;
    auto fast = daemon.connect();
    auto slow = daemon.connect();
    subscribe(fast);
    subscribe(slow);
    auto emitter = start_hookctl(daemon.socket_path(), {"emit", "--wait", "pre_push"});
    answer_next(fast, "{}");
    answer_next(slow, R"({"abort":"no"})");
    const auto done = emitter->finish();
    BOOST_TEST(done.exit_status == 1);
    BOOST_TEST(done.err == "no\n");
}

BOOST_AUTO_TEST_CASE(quiet_prints_nothing_but_the_reason_of_a_veto) {
    test_daemon daemon;
    auto hook = start_hook(daemon, shell_hook("pre_*", "[ $HOOK_EVENT = pre_fine ] || { echo no >&2; exit 1; }"));
    for (const std::vector<std::string>& arguments : {std::vector<std::string>{"emit", "-q", "note"},
             {"emit", "-q", "--wait", "pre_fine"}, {"--json", "emit", "--quiet", "--wait", "pre_fine"}}) {
        const auto done = hookctl(daemon.socket_path(), arguments);
        BOOST_TEST(done.exit_status == 0);
        BOOST_TEST(done.out + done.err == "");
    }
    const auto vetoed = hookctl(daemon.socket_path(), {"emit", "-q", "--wait", "pre_push"});
    BOOST_TEST(vetoed.exit_status == 1);
    BOOST_TEST(vetoed.out.empty());
    BOOST_TEST(vetoed.err == "no\n");
    BOOST_TEST(hookctl(daemon.directory() / "nobody.sock", {"emit", "-q", "--no-daemon", "proceed", "e"}).out.empty());
}

BOOST_AUTO_TEST_CASE(the_time_out_is_the_one_that_was_asked_for) {
    test_daemon daemon;
    auto responder = daemon.connect();
    subscribe(responder, "*", R"("name":"sleeper")");
    const auto done = hookctl(daemon.socket_path(), {"emit", "--wait", "--timeout", "120ms", "pre_push"});
    BOOST_TEST(done.exit_status == 0);
    BOOST_TEST(done.err.empty());
    BOOST_TEST(text_at(json_of(done.out), "/outcome") == "timeout");
    BOOST_TEST(text_at(json_of(done.out), "/missing/0/why") == "timeout");
    BOOST_TEST(responder.next_event().integer("/params/timeout_ms") == 120);
    // Before the command it means the same.
    BOOST_TEST(hookctl(daemon.socket_path(), {"--timeout", "121ms", "emit", "--wait", "pre_push"}).exit_status == 0);
    BOOST_TEST(responder.next_event().integer("/params/timeout_ms") == 121);
}

BOOST_AUTO_TEST_CASE(without_a_time_out_the_daemons_default_holds) {
    test_daemon daemon({"--default-timeout", "150ms"});
    auto responder = daemon.connect();
    subscribe(responder);
    const auto done = hookctl(daemon.socket_path(), {"emit", "--wait", "pre_push"});
    BOOST_TEST(text_at(json_of(done.out), "/outcome") == "timeout");
    BOOST_TEST(responder.next_event().integer("/params/timeout_ms") == 150);
}

BOOST_AUTO_TEST_CASE(fail_closed_vetoes_where_no_hook_has_decided) {
    test_daemon daemon;
    const auto alone = hookctl(daemon.socket_path(), {"emit", "--wait", "--fail-closed", "pre_push"});
    BOOST_TEST(alone.exit_status == 1);
    BOOST_TEST(alone.err == text_at(json_of(alone.out), "/abort") + "\n");
    auto responder = daemon.connect();
    subscribe(responder, "*", R"("name":"sleeper")");
    const auto silent =
        hookctl(daemon.socket_path(), {"emit", "--wait", "--fail-closed", "--timeout", "100ms", "pre_push"});
    BOOST_TEST(silent.exit_status == 1);
    BOOST_TEST(silent.err.find("sleeper") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(without_a_hook_it_proceeds_at_once) {
    test_daemon daemon;
    const auto done = hookctl(daemon.socket_path(), {"emit", "--wait", "pre_push"});
    BOOST_TEST(done.exit_status == 0);
    BOOST_TEST(done.err.empty());
    BOOST_TEST(text_at(json_of(done.out), "/outcome") == "no_subscribers");
}

BOOST_AUTO_TEST_CASE(it_can_wait_for_a_hook_to_come) {
    test_daemon daemon;
    auto emitter = start_hookctl(daemon.socket_path(), {"emit", "--wait", "--wait-for-subscriber", "pre_push"});
    daemon.wait_for_stat("/waiting", 1);
    auto responder = daemon.connect();
    subscribe(responder);
    answer_next(responder, R"({"abort":"just in time"})");
    const auto done = emitter->finish();
    BOOST_TEST(done.exit_status == 1);
    BOOST_TEST(done.err == "just in time\n");
}

BOOST_AUTO_TEST_CASE(an_emitter_that_is_interrupted_gives_its_wait_up) {
    test_daemon daemon;
    auto responder = daemon.connect();
    subscribe(responder);
    auto emitter = start_hookctl(daemon.socket_path(), {"emit", "--wait", "pre_push"});
    const auto event = responder.next_event();
    emitter->signal(SIGINT);
    BOOST_TEST(emitter->wait() == 128 + SIGINT);
    daemon.wait_for_stat("/waiting", 0);
    BOOST_TEST(text_at(respond(responder, event.string("/params/hook_event_id")), "/reason") == "cancelled");
}

BOOST_AUTO_TEST_CASE(a_daemon_that_stops_answers_its_waiters) {
    test_daemon daemon;
    auto responder = daemon.connect();
    subscribe(responder);
    auto open = start_hookctl(daemon.socket_path(), {"emit", "--wait", "pre_push"});
    auto closed = start_hookctl(daemon.socket_path(), {"emit", "--wait", "--fail-closed", "pre_push"});
    daemon.wait_for_stat("/waiting", 2);
    BOOST_TEST(daemon.stop() == 0);
    const auto proceeds = open->finish();
    BOOST_TEST(proceeds.exit_status == 0);
    BOOST_TEST(text_at(json_of(proceeds.out), "/outcome") == "shutdown");
    BOOST_TEST(closed->finish().exit_status == 1);
}

BOOST_AUTO_TEST_CASE(without_a_daemon_the_message_names_the_path_and_how_to_start_one) {
    const temp_directory directory;
    const auto path = directory / "nobody.sock";
    for (const auto& arguments : std::vector<std::vector<std::string>>{
             {"emit", "note"}, {"emit", "--wait", "note"}, {"emit", "--wait", "--no-daemon", "fail", "note"}}) {
        const auto done = hookctl(path, arguments);
        BOOST_TEST(done.exit_status == 3);
        BOOST_TEST(done.out.empty());
        check_one_error(done, {path, "hookd --socket " + path});
    }
}

BOOST_AUTO_TEST_CASE(a_socket_file_that_nobody_listens_on_is_no_daemon) {
    test_daemon daemon;
    daemon.kill();
    const auto done = hookctl(daemon.socket_path(), {"emit", "--wait", "note"});
    BOOST_TEST(done.exit_status == 3);
    check_one_error(done, {daemon.socket_path(), "hookd --socket"});
}

BOOST_AUTO_TEST_CASE(no_daemon_decides_alone_what_an_absent_daemon_means) {
    const temp_directory directory;
    const auto path = directory / "nobody.sock";
    const auto proceeds = hookctl(path, {"emit", "--wait", "--no-daemon", "proceed", "--fail-closed", "note"});
    BOOST_TEST(proceeds.exit_status == 0);
    BOOST_TEST(proceeds.err.empty());
    BOOST_TEST(text_at(json_of(proceeds.out), "/outcome") == "no_daemon");
    BOOST_TEST(text_at(json_of(proceeds.out), "/abort") == "");
    BOOST_TEST(hookctl(path, {"emit", "--no-daemon", "proceed", "note"}).exit_status == 0);
    BOOST_TEST(hookctl(path, {"emit", "--wait", "--no-daemon", "fail", "--fail-closed", "note"}).exit_status == 3);
    BOOST_TEST(hookctl(path, {"emit", "--wait", "--no-daemon", "fail", "note"}).exit_status == 3);
}

BOOST_AUTO_TEST_CASE(a_name_that_no_event_can_have_is_wrong_usage_whether_or_not_a_daemon_is_there) {
    test_daemon daemon;
    const temp_directory directory;
    for (const auto& socket : {daemon.socket_path(), directory / "nobody.sock"}) {
        const auto done = hookctl(socket, {"emit", "--no-daemon", "proceed", "not a name"});
        BOOST_TEST(done.exit_status == 2);
        BOOST_TEST(done.out.empty());
        check_one_error(done, {"'not a name'", "1 to 128 characters of A-Z a-z 0-9"});
    }
}

BOOST_AUTO_TEST_CASE(an_error_of_the_daemon_is_exit_status_4_with_its_message_and_code) {
    test_daemon daemon;
    spawn_options led_to_itself;
    led_to_itself.environment["HOOK_CAUSE"] = "note";
    const auto done = hookctl(daemon.socket_path(), {"emit", "note"}, {}, led_to_itself);
    BOOST_TEST(done.exit_status == 4);
    BOOST_TEST(done.out.empty());
    check_one_error(done, {"cause", "-32602"});
}

BOOST_AUTO_TEST_CASE(a_connection_that_breaks_is_exit_status_5) {
    test_daemon daemon;
    auto responder = daemon.connect();
    subscribe(responder);
    auto emitter = start_hookctl(daemon.socket_path(), {"emit", "--wait", "pre_push"});
    responder.next_event();
    daemon.kill();
    const auto done = emitter->finish();
    BOOST_TEST(done.exit_status == 5);
    BOOST_TEST(done.out.empty());
    check_one_error(done, {"connection"});
}

BOOST_AUTO_TEST_CASE(the_exit_status_tells_although_nobody_reads_the_output) {
    test_daemon daemon;
    auto hook = start_hook(daemon, shell_hook("pre_push", "echo no >&2; exit 1"));
    const auto status = daemon.directory() / "status";
    const auto done = run_program({"sh", "-c",
        "{ " + hookctl_binary() + " --socket " + daemon.socket_path() + " emit --wait pre_push; echo $? >" + status +
            "; } | true"});
    BOOST_TEST(wait_for_line(status) == "1");
    BOOST_TEST(done.err == "no\n");
}

BOOST_AUTO_TEST_CASE(a_veto_is_one_although_the_output_cannot_be_written) {
    test_daemon daemon;
    auto hook = start_hook(daemon, shell_hook("e", "echo no >&2; exit 1"));
    for (const std::string redirection : {">/dev/full", ">&-"}) {
        const auto done = run_program(
            {"sh", "-c", hookctl_binary() + " --socket " + daemon.socket_path() + " emit --wait e " + redirection});
        BOOST_TEST(done.exit_status == 1, redirection);
        BOOST_TEST(done.err == "no\n", redirection);
    }
}

BOOST_AUTO_TEST_CASE(a_daemon_that_hangs_is_given_up_with_and_without_a_time) {
    test_daemon daemon({"--default-timeout", "1440m"});
    auto responder = daemon.connect();
    subscribe(responder);
    daemon.process().signal(SIGSTOP);
    const auto unlimited = start_hookctl(daemon.socket_path(), {"emit", "--wait", "pre_push"});
    const auto limited = hookctl(daemon.socket_path(), {"emit", "--wait", "--timeout", "100ms", "pre_push"});
    BOOST_TEST(limited.exit_status == 5);
    check_one_error(limited, {"did not answer", daemon.socket_path()});
    const auto done = unlimited->finish();
    daemon.process().signal(SIGCONT);
    BOOST_TEST(done.exit_status == 5);
    check_one_error(done, {"did not answer", daemon.socket_path()});
}

BOOST_AUTO_TEST_SUITE_END()
