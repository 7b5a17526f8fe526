// SPDX-License-Identifier: BSL-1.0
// CLI.md, `listen`: an observer that prints each event's params as a line, and resumes by itself.
#include "hookctl_program.hpp"

#include "support/json_access.hpp"
#include "support/raw_json.hpp"

#include <boost/test/unit_test.hpp>

#include <memory>
#include <string>
#include <vector>

using namespace hookd::test;

namespace {

std::unique_ptr<child_process> start_listener(test_daemon& daemon, std::vector<std::string> arguments = {}) {
    arguments.insert(arguments.begin(), "listen");
    auto listener = start_hookctl(daemon.socket_path(), std::move(arguments));
    daemon.wait_for_stat("/subscribers", 1);
    return listener;
}

std::string payload_of(const std::string& line) { return std::string(raw_member(line, "payload").value()); }

}  // namespace

BOOST_AUTO_TEST_SUITE(cli_listen)

BOOST_AUTO_TEST_CASE(each_event_is_its_params_byte_for_byte_on_a_line_that_is_flushed) {
    test_daemon daemon;
    auto subscriber = daemon.connect();
    subscribe(subscriber, "*", R"("responds":false)");
    auto listener = start_hookctl(daemon.socket_path(), {"listen"});
    daemon.wait_for_stat("/subscribers", 2);
    auto emitter = daemon.connect();
    for (const std::string payload : {R"({"z":1e999, "a" : "\u00e4\/", "a":[ ]})", "null", "\"x\""}) {
        emit(emitter, "note", payload);
        const auto line = listener->next_line();  // it still runs: nothing waits in a buffer
        BOOST_TEST(line == subscriber.next_event().raw({"params"}));
        BOOST_TEST(payload_of(line) == payload);
    }
    BOOST_TEST(!listener->has_ended());
}

BOOST_AUTO_TEST_CASE(line_ends_inside_a_payload_become_spaces) {
    test_daemon daemon;
    auto listener = start_listener(daemon);
    auto emitter = daemon.connect();
    emit(emitter, "note", "{\r\n \"a\":\n1}");
    BOOST_TEST(payload_of(listener->next_line()) == "{   \"a\": 1}");
}

BOOST_AUTO_TEST_CASE(it_is_an_observer_that_no_emitter_waits_for) {
    test_daemon daemon;
    auto listener = start_listener(daemon);
    const auto done = hookctl(daemon.socket_path(), {"emit", "--wait", "pre_push"});
    BOOST_TEST(text_at(json_of(done.out), "/outcome") == "no_subscribers");
    BOOST_TEST(raw_member(listener->next_line(), "event").value() == "\"pre_push\"");
}

BOOST_AUTO_TEST_CASE(patterns_choose_and_an_event_that_matches_two_comes_once) {
    test_daemon daemon;
    auto listener = start_listener(daemon, {"pre_*", "*push", "only"});
    auto emitter = daemon.connect();
    for (const auto* event : {"other", "pre_push", "pre_commit", "post_push", "nothing", "only"}) {
        emit(emitter, event);
    }
    for (const auto* event : {"pre_push", "pre_commit", "post_push", "only"}) {
        BOOST_TEST(text_at(json_of(listener->next_line()), "/event") == event);
    }
}

BOOST_AUTO_TEST_CASE(count_ends_it) {
    test_daemon daemon;
    auto listener = start_listener(daemon, {"--count", "3"});
    auto emitter = daemon.connect();
    for (int i = 0; i < 10; ++i) {
        emit(emitter, "note");
    }
    const auto done = listener->finish();
    BOOST_TEST(done.exit_status == 0);
    BOOST_TEST(lines_of(done.out).size() == 3U);
    BOOST_TEST(done.err.empty());
}

BOOST_AUTO_TEST_CASE(after_seq_prints_first_what_has_happened_since) {
    test_daemon daemon;
    auto emitter = daemon.connect();
    for (int i = 0; i < 5; ++i) {
        emit(emitter, "note");
    }
    const auto done = hookctl(daemon.socket_path(), {"listen", "--after-seq", "2", "--count", "3"});
    BOOST_TEST(done.exit_status == 0);
    std::string seqs;
    for (const auto& line : lines_of(done.out)) {
        seqs += std::to_string(int_at(json_of(line), "/seq")) + " ";
    }
    BOOST_TEST(seqs == "3 4 5 ");
}

BOOST_AUTO_TEST_CASE(events_that_the_daemon_has_no_more_are_its_error) {
    test_daemon daemon({"--capacity", "2"});
    auto emitter = daemon.connect();
    for (int i = 0; i < 5; ++i) {
        emit(emitter, "note");
    }
    for (const auto* number : {"1", "6"}) {  // dropped; not there yet
        const auto done = hookctl(daemon.socket_path(), {"listen", "--after-seq", number});
        BOOST_TEST(done.exit_status == 4);
        BOOST_TEST(done.out.empty());
        check_one_error(done, {"-32005", "could not resume after event " + std::string(number)});
        BOOST_TEST(done.err.find("going on") == std::string::npos);  // it does not
    }
}

BOOST_AUTO_TEST_CASE(without_a_daemon_at_its_start_it_ends_with_exit_status_3) {
    const temp_directory directory;
    const auto done = hookctl(directory / "nobody.sock", {"listen"});
    BOOST_TEST(done.exit_status == 3);
    BOOST_TEST(done.out.empty());
    check_one_error(done, {directory / "nobody.sock", "hookd --socket"});
}

BOOST_AUTO_TEST_CASE(a_signal_that_asks_to_end_ends_it_with_exit_status_0) {
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
        test_daemon daemon;
        auto listener = start_listener(daemon);
        listener->signal(signal);
        const auto done = listener->finish();
        BOOST_TEST(done.exit_status == 0);
        BOOST_TEST(done.err.empty());
    }
}

BOOST_AUTO_TEST_CASE(a_signal_that_it_was_started_to_ignore_does_not_end_it) {
    test_daemon daemon;
    child_process listener(
        {"bash", "-c", "trap '' HUP INT; exec " + hookctl_binary() + " --socket " + daemon.socket_path() + " listen"});
    daemon.wait_for_stat("/subscribers", 1);
    listener.signal(SIGHUP);
    listener.signal(SIGINT);
    auto emitter = daemon.connect();
    emit(emitter, "note");
    BOOST_TEST(text_at(json_of(listener.next_line()), "/event") == "note");
    listener.signal(SIGTERM);
    BOOST_TEST(listener.wait() == 0);
}

BOOST_AUTO_TEST_CASE(it_ends_quietly_when_nobody_reads_it_any_more_even_without_another_event) {
    test_daemon daemon;
    const auto status = daemon.directory() / "status";
    child_process pipeline({"sh", "-c",
        "{ " + hookctl_binary() + " --socket " + daemon.socket_path() + " listen; echo $? >" + status +
            "; } | head -n 1"});
    daemon.wait_for_stat("/subscribers", 1);
    auto emitter = daemon.connect();
    emit(emitter, "note");
    const auto done = pipeline.finish();
    BOOST_TEST(wait_for_line(status) == "0");
    BOOST_TEST(lines_of(done.out).size() == 1U);
    BOOST_TEST(done.err.empty());
}

BOOST_AUTO_TEST_CASE(a_reader_that_does_not_read_does_not_keep_it_from_ending) {
    test_daemon daemon;
    const auto pid_file = daemon.directory() / "pid";
    // Standard output is a pipe whose reader sleeps.
    child_process pipeline({"bash", "-c",
        "exec 3> >(exec sleep 1000); " + hookctl_binary() + " --socket " + daemon.socket_path() +
            " listen >&3 & listener=$!; echo $! >" + pid_file +
            "; wait $listener; status=$?; kill %% 2>/dev/null; exit $status"});
    daemon.wait_for_stat("/subscribers", 1);
    auto emitter = daemon.connect();
    for (int i = 0; i < 20; ++i) {
        emit(emitter, "note", "\"" + std::string(20'000, 'x') + "\"");
    }
    const auto listener = static_cast<pid_t>(std::stol(wait_for_line(pid_file)));
    // The pipe is full once it blocks in the middle of an event.
    eventually("a full pipe", [&] { return int_at(daemon.stats(), "/totals/bytes_out") > 300'000; });
    ::kill(listener, SIGTERM);
    BOOST_TEST(pipeline.wait() == 0);
}

BOOST_AUTO_TEST_CASE(after_a_restart_of_the_daemon_it_goes_on_and_says_that_events_may_be_missing) {
    const temp_directory directory;
    const auto path = directory / "hookd.sock";
    auto daemon = std::make_unique<test_daemon>(path, std::vector<std::string>{});
    auto listener = start_listener(*daemon);
    {
        auto emitter = daemon->connect();
        emit(emitter, "before");
    }
    BOOST_TEST(text_at(json_of(listener->next_line()), "/event") == "before");
    daemon->kill();
    daemon = std::make_unique<test_daemon>(path, std::vector<std::string>{});
    daemon->wait_for_stat("/subscribers", 1);
    auto emitter = daemon->connect();
    emit(emitter, "after");
    const auto line = json_of(listener->next_line());
    BOOST_TEST(text_at(line, "/event") == "after");
    BOOST_TEST(int_at(line, "/seq") == 1);
    listener->wait_for_err("missed");
    listener->signal(SIGTERM);
    BOOST_TEST(listener->wait() == 0);
}

BOOST_AUTO_TEST_CASE(after_a_broken_connection_it_resumes_without_missing_an_event) {
    test_daemon daemon;
    const auto path = daemon.directory() / "relay.sock";
    const auto start_relay = [&] {
        auto relay = std::make_unique<child_process>(
            std::vector<std::string>{
                "socat", "UNIX-LISTEN:" + path + ",fork,unlink-early", "UNIX-CONNECT:" + daemon.socket_path()},
            spawn_options{.new_session = true});
        eventually("the relay listens", [&] {
            try {
                static_cast<void>(connect_to(path));
                return true;
            } catch (const std::system_error&) {
                return false;
            }
        });
        return relay;
    };
    auto relay = start_relay();
    auto listener = start_hookctl(path, {"listen"});
    daemon.wait_for_stat("/subscribers", 1);
    auto emitter = daemon.connect();
    emit(emitter, "first");
    BOOST_TEST(text_at(json_of(listener->next_line()), "/event") == "first");

    ::kill(-relay->pid(), SIGKILL);  // the relay and its connections, which are processes of their own
    daemon.wait_for_stat("/subscribers", 0);
    emit(emitter, "meanwhile");
    relay = start_relay();
    emit(emitter, "afterwards");
    BOOST_TEST(text_at(json_of(listener->next_line()), "/event") == "meanwhile");
    BOOST_TEST(text_at(json_of(listener->next_line()), "/event") == "afterwards");
    BOOST_TEST(listener->err().find("missed") == std::string::npos);
    ::kill(-relay->pid(), SIGKILL);
}

BOOST_AUTO_TEST_SUITE_END()
