// SPDX-License-Identifier: BSL-1.0
// CLI.md: `ping`, `call`, `stats`, and what all commands have in common.
#include "hookctl_program.hpp"

#include "support/json_access.hpp"
#include "support/preconditions.hpp"
#include "support/raw_json.hpp"

#include <boost/test/unit_test.hpp>

#include <unistd.h>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

using namespace hookd::test;

BOOST_AUTO_TEST_SUITE(cli_requests)

BOOST_AUTO_TEST_CASE(ping_prints_who_the_daemon_is) {
    test_daemon daemon;
    const auto done = hookctl(daemon.socket_path(), {"ping"});
    BOOST_TEST(done.exit_status == 0);
    BOOST_TEST(done.err.empty());
    BOOST_TEST(lines_of(done.out).size() == 1U);
    const auto result = json_of(done.out);
    BOOST_TEST(members_of(result) == "host instance pid protocol socket version");
    BOOST_TEST(text_at(result, "/socket") == daemon.socket_path());
    BOOST_TEST(int_at(result, "/pid") == daemon.pid());
}

BOOST_AUTO_TEST_CASE(call_sends_any_request_and_prints_the_raw_result) {
    test_daemon daemon;
    auto subscriber = daemon.connect();
    subscribe(subscriber);
    const auto emitted = hookctl(daemon.socket_path(), {"call", "emit", R"({"event":"e","payload":{ "a":1e999 }})"});
    BOOST_TEST(emitted.exit_status == 0);
    BOOST_TEST(int_at(json_of(emitted.out), "/subscribers") == 1);
    BOOST_TEST(subscriber.next_event().raw({"params", "payload"}) == "{ \"a\":1e999 }");

    auto peer = daemon.connect();
    const auto document = peer.call("rpc.discover").raw({"result"});
    BOOST_TEST(hookctl(daemon.socket_path(), {"call", "rpc.discover"}).out == document + "\n");
    BOOST_TEST(hookctl(daemon.socket_path(), {"call", "rpc.discover", "-"}, "{}").out == document + "\n");
}

BOOST_AUTO_TEST_CASE(call_prints_replies_byte_for_byte_line_ends_included) {
    test_daemon daemon;
    auto responder = daemon.connect();
    subscribe(responder);
    auto caller = start_hookctl(daemon.socket_path(), {"call", "emit_and_wait", R"({"event":"e"})"});
    const auto id = responder.next_event().string("/params/hook_event_id");
    respond(responder, id, "\"response\":{\n\"a\" :\r\n1e999}");
    BOOST_TEST(caller->finish().out.find("{\n\"a\" :\r\n1e999}") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(call_waits_as_long_as_the_request_does_unless_it_is_told_otherwise) {
    test_daemon daemon;
    auto responder = daemon.connect();
    subscribe(responder);
    const auto done =
        hookctl(daemon.socket_path(), {"call", "--timeout", "100ms", "emit_and_wait", R"({"event":"e"})"});
    BOOST_TEST(done.exit_status == 5);
    auto patient =
        start_hookctl(daemon.socket_path(), {"call", "emit_and_wait", R"({"event":"e","timeout_ms":86400000})"});
    daemon.wait_for_stat("/waiting", 1);
    BOOST_TEST(!patient->has_ended());
}

BOOST_AUTO_TEST_CASE(an_error_of_the_daemon_is_exit_status_4_with_message_and_code) {
    test_daemon daemon;
    const auto unknown = hookctl(daemon.socket_path(), {"call", "no_such_method"});
    BOOST_TEST(unknown.exit_status == 4);
    BOOST_TEST(unknown.out.empty());
    check_one_error(unknown, {"no_such_method", "-32601"});
    const auto typo = hookctl(daemon.socket_path(), {"call", "emit", R"({"event":"e","payloda":1})"});
    BOOST_TEST(typo.exit_status == 4);
    check_one_error(typo, {"payloda", "-32602"});
}

BOOST_AUTO_TEST_CASE(params_that_are_no_json_object_are_wrong_usage) {
    test_daemon daemon;
    for (const auto* params : {"nonsense", "[]", "1", "{"}) {
        const auto done = hookctl(daemon.socket_path(), {"call", "ping", params});
        BOOST_TEST(done.exit_status == 2);
        check_one_error(done, {"PARAMS", "nothing was sent"});
    }
}

BOOST_AUTO_TEST_CASE(stats_prints_one_json_value_into_a_pipe) {
    test_daemon daemon;
    const auto done = hookctl(daemon.socket_path(), {"stats"});
    BOOST_TEST(done.exit_status == 0);
    BOOST_TEST(lines_of(done.out).size() == 1U);
    BOOST_TEST(int_at(json_of(done.out), "/connections") == 1);
}

BOOST_AUTO_TEST_CASE(stats_watch_prints_a_line_again_and_again_until_nobody_reads) {
    test_daemon daemon;
    auto watcher = start_hookctl(daemon.socket_path(), {"stats", "--watch"});
    BOOST_TEST(has_at(json_of(watcher->next_line()), "/totals/events"));
    auto emitter = daemon.connect();
    emit(emitter, "e");
    eventually("the next line", [&] { return int_at(json_of(watcher->next_line()), "/head_seq") == 1; });
    watcher->signal(SIGTERM);
    watcher->wait();

    const auto piped = run_program(
        {"sh", "-c", hookctl_binary() + " --socket " + daemon.socket_path() + " stats --watch | head -n 1"});
    BOOST_TEST(lines_of(piped.out).size() == 1U);
    BOOST_TEST(piped.err.empty());
}

BOOST_AUTO_TEST_CASE(stats_speaks_prometheus) {
    test_daemon daemon;
    auto subscriber = daemon.connect();
    subscribe(subscriber, "*", R"("name":"guard")");
    emit(subscriber, "e");
    const auto done = hookctl(daemon.socket_path(), {"stats", "--prometheus"});
    BOOST_TEST(done.exit_status == 0);
    BOOST_TEST(done.out.find("# TYPE hookd_events_total counter\nhookd_events_total 1\n") != std::string::npos);
    BOOST_TEST(done.out.find("hookd_events_by_name_total{event=\"e\"} 1\n") != std::string::npos);
    BOOST_TEST(done.out.find("hookd_session_queued_events{name=\"guard\",") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(wrong_usage_is_one_line_that_says_what_to_do) {
    test_daemon daemon;
    const std::vector<std::pair<std::vector<std::string>, std::vector<std::string>>> cases{
        {{}, {"emit", "listen", "on"}},
        {{"emti", "e"}, {"did you mean emit?"}},
        {{"emit"}, {"emit EVENT [PAYLOAD]"}},
        {{"emit", "e", "--wiat"}, {"did you mean --wait?"}},
        {{"emit", "e", "--timeout", "5"}, {"--timeout", "5m", "ms"}},
        {{"emit", "e", "--policy", "veto"}, {"--wait"}},
        {{"on", "e", "true"}, {"--", "CMD"}},
        {{"respond"}, {"ID"}},
        {{"stats", "--prometheus", "--watch"}, {"--prometheus"}},
        {{"top", "--json"}, {"stats --watch"}},
        {{"top"}, {"terminal", "stats --watch"}},
        {{"ping", "now"}, {"'now'"}},
    };
    for (const auto& [arguments, parts] : cases) {
        const auto done = hookctl(daemon.socket_path(), arguments);
        BOOST_TEST(done.exit_status == 2);
        BOOST_TEST(done.out.empty());
        check_one_error(done, parts);
    }
    BOOST_TEST(int_at(daemon.stats(), "/head_seq") == 0);
}

BOOST_AUTO_TEST_CASE(every_command_ends_with_exit_status_3_where_no_daemon_is) {
    const temp_directory directory;
    const auto path = directory / "nobody.sock";
    for (const auto& arguments : std::vector<std::vector<std::string>>{{"ping"}, {"call", "ping"}, {"stats"},
             {"stats", "--watch"}, {"stats", "--prometheus"}, {"respond", "id"}}) {
        const auto done = hookctl(path, arguments);
        BOOST_TEST(done.exit_status == 3);
        BOOST_TEST(done.out.empty());
        check_one_error(done, {path, "hookd --socket " + path});
    }
}

BOOST_AUTO_TEST_CASE(a_path_where_no_socket_can_be_is_told_as_such) {
    const temp_directory directory;
    const auto file = directory / "file";
    write_file(file, "");
    for (const auto& [path, why] :
        {std::pair{file, "that is not a socket"}, std::pair{directory.path(), "that is not a socket"},
            std::pair{file + "/hookd.sock", "part of the path is not a directory"}}) {
        const auto done = hookctl(path, {"ping"});
        BOOST_TEST(done.exit_status == 3);
        check_one_error(done, {path, why});
        BOOST_TEST(done.err.find("hookd --socket") == std::string::npos, done.err);
    }
}

BOOST_AUTO_TEST_CASE(
    another_users_daemon_is_exit_status_4_whatever_an_absent_one_means, *boost::unit_test::precondition(as_root)) {
    const temp_directory directory;
    BOOST_REQUIRE(::chown(directory.path().c_str(), 61666, 61666) == 0);
    spawn_options theirs;
    theirs.user = 61666;
    test_daemon daemon(directory / "run/s", {}, theirs);
    for (const auto& arguments : std::vector<std::vector<std::string>>{{"ping"},
             {"emit", "--wait", "--fail-closed", "--no-daemon", "proceed", "x"},
             {"emit", "--no-daemon", "proceed", "x"}, {"listen"}, {"on", "x", "--", "true"}}) {
        const auto done = hookctl(daemon.socket_path(), arguments);
        BOOST_TEST(done.exit_status == 4);
        BOOST_TEST(done.out.empty());
        check_one_error(done, {"61666", "--daemon-user"});
    }
    BOOST_TEST(int_at(daemon.stats(), "/head_seq") == 0);
    BOOST_TEST(hookctl(daemon.socket_path(), {"--daemon-user", "61666", "ping"}).exit_status == 0);
    spawn_options told;
    told.environment = {{"HOOKD_DAEMON_USER", "61666"}};
    BOOST_TEST(hookctl(daemon.socket_path(), {"ping"}, {}, told).exit_status == 0);
    const auto unknown = hookctl(daemon.socket_path(), {"--daemon-user", "nobody-of-that-name", "ping"});
    BOOST_TEST(unknown.exit_status == 2);
    check_one_error(unknown, {"nobody-of-that-name", "--daemon-user"});
    BOOST_TEST(hookctl(daemon.socket_path(), {"--daemon-user", "nobody", "ping"}).exit_status == 4,
        "a name is looked up, and is another's");
}

BOOST_AUTO_TEST_CASE(wrong_usage_repeats_nothing_that_drives_a_terminal) {
    const auto done = hookctl("s", {"emit", "x", "--wait", "--policy",
                                       "\x9b"
                                       "5m\xc2\x9b\xe2\x80\xae"});
    BOOST_TEST(done.exit_status == 2);
    check_one_error(done, {"?5m??"});
}

BOOST_AUTO_TEST_CASE(a_daemon_that_does_not_answer_is_given_up_after_the_time_out) {
    const temp_directory directory;
    const auto listener = silent_listener(directory / "silent.sock");
    for (const auto& arguments :
        std::vector<std::vector<std::string>>{{"ping"}, {"stats"}, {"call", "ping"}, {"emit", "e"}, {"listen"}}) {
        auto timed = arguments;
        timed.insert(timed.begin(), {"--timeout", "100ms"});
        const auto done = hookctl(directory / "silent.sock", timed);
        BOOST_TEST(done.exit_status == 5);
        check_one_error(done, {"answer"});
    }
}

BOOST_AUTO_TEST_CASE(a_path_that_is_too_long_is_wrong_usage_with_the_limit) {
    const auto done = hookctl("/tmp/" + std::string(120, 'x'), {"ping"});
    BOOST_TEST(done.exit_status == 2);
    check_one_error(done, {"107"});
}

BOOST_AUTO_TEST_CASE(the_environment_says_where_the_daemon_is_unless_an_option_does) {
    const temp_directory directory;
    test_daemon daemon(directory / "hookd.sock", {});
    const auto ping = [](const std::map<std::string, std::optional<std::string>>& environment,
                          std::vector<std::string> arguments) {
        spawn_options options;
        options.environment = environment;
        arguments.insert(arguments.begin(), hookctl_binary());
        return run_program(std::move(arguments), {}, options).exit_status;
    };
    const auto nobody = directory / "nobody.sock";
    BOOST_TEST(ping({{"HOOKD_SOCKET", daemon.socket_path()}}, {"ping"}) == 0);
    BOOST_TEST(ping({{"HOOKD_SOCKET", nobody}}, {"ping"}) == 3);
    BOOST_TEST(ping({{"HOOKD_SOCKET", nobody}}, {"--socket", daemon.socket_path(), "ping"}) == 0);
    BOOST_TEST(ping({{"HOOKD_SOCKET", daemon.socket_path()}}, {"ping", "--socket", nobody}) == 3);
}

BOOST_AUTO_TEST_CASE(without_a_socket_given_it_is_in_the_runtime_directory) {
    const temp_directory directory;
    test_daemon daemon(directory / "hookd/hookd.sock", {});
    spawn_options options;
    options.environment = {{"XDG_RUNTIME_DIR", directory.path()}};
    BOOST_TEST(run_program({hookctl_binary(), "ping"}, {}, options).exit_status == 0);
}

BOOST_AUTO_TEST_CASE(what_is_printed_to_a_closed_descriptor_is_an_error_and_never_reaches_the_daemon) {
    test_daemon daemon;
    const auto run = [&](const std::string& arguments) {
        return run_program({"sh", "-c", hookctl_binary() + " --socket " + daemon.socket_path() + " " + arguments});
    };
    for (const std::string arguments : {"ping >&-", "ping <&- >&-", "stats >&-", "call ping >&-"}) {
        const auto done = run(arguments);
        BOOST_TEST(done.exit_status == 5, arguments);
        check_one_error(done, {"standard output"});
    }
    BOOST_TEST(run("call nosuch 2>&-").exit_status == 4);
    BOOST_TEST(run("call nosuch <&- >&- 2>&-").exit_status == 4);
    daemon.wait_for_stat("/connections", 1);
    daemon.wait_for_stat("/totals/protocol_errors", 0);
}

BOOST_AUTO_TEST_CASE(version_and_help_go_to_standard_output_and_need_no_daemon) {
    const auto version = run_program({hookctl_binary(), "--version"});
    BOOST_TEST(version.exit_status == 0);
    BOOST_TEST(version.out.starts_with("hookctl "));
    const auto help = run_program({hookctl_binary(), "--help"});
    BOOST_TEST(help.exit_status == 0);
    BOOST_TEST(help.err.empty());
    for (const auto* command : {"emit", "listen", "on", "respond", "stats", "top", "ping", "call"}) {
        BOOST_TEST(help.out.find(std::string("\n  ") + command) != std::string::npos);
        const auto own = run_program({hookctl_binary(), command, "--help"});
        BOOST_TEST(own.exit_status == 0);
        BOOST_TEST(own.out.find("example:") != std::string::npos);
    }
}

BOOST_AUTO_TEST_SUITE_END()
