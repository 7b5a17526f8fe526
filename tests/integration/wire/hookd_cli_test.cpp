// SPDX-License-Identifier: BSL-1.0
// The `hookd` half of CLI.md: options and their precedence, exit statuses, logs, SIGHUP, service managers.
#include "support/json_access.hpp"
#include "support/raw_json.hpp"
#include "support/test_daemon.hpp"

#include <base/posix/unique_fd.hpp>

#include <boost/test/unit_test.hpp>

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <sstream>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

using namespace hookd::test;

namespace {

// The `max` that a daemon reports for frames: tells which of several settings is in force.
std::int64_t max_frame_of(test_daemon& daemon) {
    auto peer = daemon.connect();
    peer.send_raw(std::string{"\x08\x00\x00\x00", 4});
    return peer.receive().integer("/error/data/max");
}

hookd::base::unique_fd bound_socket(const std::string& path, int type) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    hookd::base::unique_fd socket{::socket(AF_UNIX, type | SOCK_CLOEXEC, 0)};
    BOOST_REQUIRE(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    return socket;
}

// A pipe through which a comment comes that has no end until end().
class slow_pipe {
public:
    explicit slow_pipe(const std::string& path) {
        BOOST_REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
        pipe_ = hookd::base::unique_fd{::open(path.c_str(), O_RDWR | O_CLOEXEC)};
        BOOST_REQUIRE(static_cast<bool>(pipe_));
        writer_ = std::jthread{[this](const std::stop_token& stopped) {
            while (!stopped.stop_requested()) {
                written_ += ::write(pipe_.get(), "#", 1) == 1 ? 1 : 0;
                std::this_thread::sleep_for(std::chrono::milliseconds{20});
            }
        }};
    }
    void wait_until_read() {
        eventually("the pipe is read", [this] {
            int unread = 1;
            return written_ > 0 && ::ioctl(pipe_.get(), FIONREAD, &unread) == 0 && unread == 0;
        });
    }
    void end() {
        writer_ = {};
        pipe_.reset();
    }

private:
    hookd::base::unique_fd pipe_{};
    std::atomic<int> written_{0};
    std::jthread writer_{};
};

}  // namespace

BOOST_AUTO_TEST_SUITE(hookd_cli_suite)

BOOST_AUTO_TEST_CASE(help_and_version_go_to_stdout) {
    const auto help = run_hookd({"--help"});
    BOOST_TEST(help.exit_status == 0);
    BOOST_TEST(help.err.empty());
    for (const char* option : {"--socket", "--config", "--threads", "--capacity", "--capacity-bytes", "--max-frame",
             "--max-connections", "--max-waiting", "--max-waiting-per-connection", "--max-reserved",
             "--write-stall-timeout", "--default-timeout", "--allow-user", "--allow-group", "--log-level",
             "--log-format", "--version", "--help", "--print-config", "--check"}) {
        BOOST_TEST(help.out.find(option) != std::string::npos, option);
    }
    const auto version = run_hookd({"--version"});
    BOOST_TEST(version.exit_status == 0);
    test_daemon daemon;
    const auto expected = text_at(daemon.connect().result("ping"), "/version");
    BOOST_TEST(version.out.starts_with("hookd " + expected + ", protocol 1, features: "), version.out);
}

BOOST_AUTO_TEST_CASE(a_text_that_cannot_be_written_is_an_error) {
    for (const std::string option : {"--version", "--help", "--print-config"}) {
        const auto done = run_program({"sh", "-c", hookd_binary() + " " + option + " >/dev/full"});
        BOOST_TEST(done.exit_status == 1, option);
        BOOST_TEST(done.err.find("cannot write to standard output") != std::string::npos, option << done.err);
    }
}

BOOST_AUTO_TEST_CASE(bad_options_exit_2_with_one_line_that_names_the_option) {
    temp_directory directory;
    const std::vector<std::vector<std::string>> cases{
        {"--no-such-option"},
        {"--threads", "0"},
        {"--threads", "-1"},
        {"--threads", "many"},
        {"--threads", "1.5"},
        {"--threads"},
        {"--capacity", "0"},
        {"--capacity", "-1"},
        {"--capacity", "x"},
        {"--capacity-bytes", "1XiB"},
        {"--capacity-bytes", "KiB"},
        {"--capacity-bytes", "-1KiB"},
        {"--capacity-bytes", "99999999999999999999GiB"},
        {"--max-frame", "0"},
        {"--max-frame", "129MiB"},
        {"--max-frame", "sixteen"},
        {"--max-connections", "0"},
        {"--max-waiting", "0"},
        {"--max-waiting-per-connection", "0"},
        {"--write-stall-timeout", "5"},
        {"--write-stall-timeout", "5h"},
        {"--write-stall-timeout", "-5s"},
        {"--write-stall-timeout", "0s"},
        {"--default-timeout", "0ms"},
        {"--default-timeout", "x"},
        {"--default-timeout", "1441m"},
        {"--allow-user", "no-such-user-here"},
        {"--allow-group", "no-such-group-here"},
        {"--log-level", "loud"},
        {"--log-format", "xml"},
        {"--config", directory / "missing.conf"},
    };
    for (const auto& arguments : cases) {
        std::string joined;
        auto all = arguments;
        for (const auto& argument : arguments) {
            joined += argument + " ";
        }
        all.insert(all.begin(), {"--socket", directory / "s"});
        BOOST_TEST_CONTEXT("hookd " << joined) {
            const auto ended = run_hookd(all);
            BOOST_TEST(ended.exit_status == 2);
            BOOST_TEST(ended.out.empty());
            BOOST_TEST(std::count(ended.err.begin(), ended.err.end(), '\n') == 1, ended.err);
            BOOST_TEST(ended.err.find(arguments[0].substr(2)) != std::string::npos, ended.err);
        }
    }
    BOOST_TEST(run_hookd({"stray"}).exit_status == 2);
    BOOST_TEST(run_hookd({"--check", "--print-config"}).exit_status == 2);
    BOOST_TEST(run_hookd({"\x9b"
                          "5m\xc2\x9b\xe2\x80\xae"})
                   .err.find("\"?5m??\"") != std::string::npos);  // nothing drives a terminal
    BOOST_TEST(!std::filesystem::exists(directory / "s"));
}

BOOST_AUTO_TEST_CASE(sizes_and_durations_take_their_units) {
    for (const auto& [text, bytes] :
        {std::pair{"4096", 4096}, std::pair{"4KiB", 4096}, std::pair{"2MiB", 2 * 1024 * 1024}}) {
        test_daemon daemon({"--max-frame", text});
        BOOST_TEST(max_frame_of(daemon) == bytes);
    }
    for (const auto& [text, milliseconds] :
        {std::pair{"1500ms", 1500}, std::pair{"2s", 2000}, std::pair{"3m", 180000}, std::pair{"1440m", 86400000}}) {
        test_daemon daemon({"--default-timeout", text});
        auto peer = daemon.connect();
        subscribe(peer);
        send_emit_and_wait(peer, "e");
        BOOST_TEST(peer.next_event().integer("/params/timeout_ms") == milliseconds);
    }
}

BOOST_AUTO_TEST_CASE(flag_beats_environment_beats_file) {
    temp_directory directory;
    const auto config = directory / "hookd.conf";
    write_file(config, "max-frame = 1KiB\nthreads = 2\n");
    {
        test_daemon daemon({"--config", config});
        BOOST_TEST(max_frame_of(daemon) == 1024);
    }
    spawn_options options;
    options.environment["HOOKD_MAX_FRAME"] = "2KiB";
    {
        test_daemon daemon({"--config", config}, options);
        BOOST_TEST(max_frame_of(daemon) == 2048);
    }
    {
        test_daemon daemon({"--config", config, "--max-frame", "3KiB"}, options);
        BOOST_TEST(max_frame_of(daemon) == 3072);
    }
    {
        test_daemon daemon({}, options);
        BOOST_TEST(max_frame_of(daemon) == 2048);
    }
    options.environment["HOOKD_MAX_FRAME"] = "rubbish";
    const auto ended = run_hookd({"--socket", directory / "s"}, options);
    BOOST_TEST(ended.exit_status == 2);
    BOOST_TEST(std::count(ended.err.begin(), ended.err.end(), '\n') == 1);
}

BOOST_AUTO_TEST_CASE(socket_path_comes_from_flag_environment_file_or_default) {
    temp_directory directory;
    const auto config = directory / "hookd.conf";
    write_file(config, "socket = \"" + directory / "from-file" + "\"\n");
    spawn_options options;
    const auto starts_at = [&](std::vector<std::string> arguments, const std::string& path) {
        arguments.insert(arguments.begin(), hookd_binary());
        child_process daemon(arguments, options);
        wait_until_it_accepts(daemon, path);
        wire_client(path).result("ping");  // ThreadSanitizer may lose a signal that comes before the event loop waits
        daemon.signal(SIGTERM);
        BOOST_TEST(daemon.wait() == 0);
    };
    options.environment["XDG_RUNTIME_DIR"] = directory.path();
    options.environment["XDG_STATE_HOME"] = directory / "state";  // no journal of the person who runs the tests
    starts_at({}, directory / "hookd/hookd.sock");
    starts_at({"--config", config}, directory / "from-file");
    options.environment["HOOKD_SOCKET"] = directory / "from-environment";
    starts_at({}, directory / "from-environment");
    starts_at({"--config", config}, directory / "from-environment");
    starts_at({"--config", config, "--socket", directory / "from-flag"}, directory / "from-flag");
    const auto user = std::to_string(::geteuid());
    const auto last = std::filesystem::is_directory("/run/user/" + user) ? "/run/user/" + user + "/hookd/hookd.sock"
                                                                         : "/tmp/hookd-" + user + "/hookd.sock";
    const auto printed = run_hookd({"--print-config"});
    BOOST_TEST(printed.out.find(last) != std::string::npos, printed.out);
}

BOOST_AUTO_TEST_CASE(a_daemon_whose_journal_is_refused_never_says_that_it_listens) {
    temp_directory directory;
    write_file(directory / "journal", "no database\n");
    BOOST_TEST_REQUIRE(::chmod((directory / "journal").c_str(), 0600) == 0);
    const auto ended = run_hookd({"--socket", directory / "s", "--journal", directory / "journal"});
    BOOST_TEST(ended.exit_status == 2);
    BOOST_TEST(std::count(ended.err.begin(), ended.err.end(), '\n') == 1, ended.err);
    BOOST_TEST(ended.err.find("is not a SQLite database") != std::string::npos, ended.err);
    BOOST_TEST(!std::filesystem::exists(directory / "s"));
}

BOOST_AUTO_TEST_CASE(print_config_shows_what_is_in_force_and_can_be_read_back) {
    temp_directory directory;
    const auto printed =
        run_hookd({"--print-config", "--socket", directory / "s", "--max-frame", "3KiB", "--threads", "2"});
    BOOST_TEST(printed.exit_status == 0);
    BOOST_TEST(printed.err.empty());
    for (const char* key :
        {"socket", "threads", "capacity", "capacity-bytes", "max-frame", "max-connections", "max-waiting",
            "max-waiting-per-connection", "write-stall-timeout", "default-timeout", "log-level", "log-format"}) {
        BOOST_TEST(printed.out.find(key) != std::string::npos, key);
    }
    BOOST_TEST(!std::filesystem::exists(directory / "s"));  // it prints, and starts nothing
    const auto config = directory / "hookd.conf";
    write_file(config, printed.out);
    test_daemon daemon({"--config", config});
    BOOST_TEST(max_frame_of(daemon) == 3072);
}

BOOST_AUTO_TEST_CASE(check_validates_and_exits) {
    temp_directory directory;
    const auto config = directory / "hookd.conf";
    write_file(config, "max-frame = 1KiB\n");
    BOOST_TEST(run_hookd({"--check", "--socket", directory / "s", "--config", config}).exit_status == 0);
    BOOST_TEST(!std::filesystem::exists(directory / "s"));
    for (const char* text : {"max-frame = 1XiB\n", "no-such-key = 1\n", "log-level = loud\n", "max-frame\n[[[\n"}) {
        write_file(config, text);
        const auto ended = run_hookd({"--check", "--socket", directory / "s", "--config", config});
        BOOST_TEST(ended.exit_status == 2, text);
        BOOST_TEST(std::count(ended.err.begin(), ended.err.end(), '\n') == 1, ended.err);
    }
    // It may run beside a live daemon.
    test_daemon daemon;
    BOOST_TEST(run_hookd({"--check", "--socket", daemon.socket_path()}).exit_status == 0);
}

BOOST_AUTO_TEST_CASE(stdout_stays_empty) {
    test_daemon daemon({"--log-level", "debug"});
    auto peer = daemon.connect(framing::line);
    peer.send("rubbish");
    peer.receive();
    BOOST_TEST(daemon.stop() == 0);
    const auto outputs = daemon.process().finish();
    BOOST_TEST(outputs.out.empty());
    BOOST_TEST(!outputs.err.empty());
}

BOOST_AUTO_TEST_CASE(json_logs_are_one_object_a_line) {
    test_daemon daemon({"--log-level", "debug", "--log-format", "json"});
    auto peer = daemon.connect(framing::line);
    subscribe(peer, "*", R"("name":"quo\"ted \\ n\u00e9e")");
    emit(peer, "e");
    peer.send("rub\"bish\x01");
    BOOST_TEST(daemon.stop() == 0);
    const auto outputs = daemon.process().finish();
    std::istringstream lines(outputs.err);
    int count = 0;
    for (std::string line; std::getline(lines, line); ++count) {
        BOOST_TEST(json_of(line).is_object(), line);
    }
    BOOST_TEST(count > 0);
}

BOOST_AUTO_TEST_CASE(sighup_reloads_the_log_level) {
    temp_directory directory;
    const auto config = directory / "hookd.conf";
    write_file(config, "log-level = error\n");
    test_daemon daemon({"--config", config});
    // What a debug log tells of: a peer that subscribes and talks rubbish.
    const auto make_noise = [&] {
        auto peer = daemon.connect(framing::line);
        subscribe(peer, "*", R"("name":"noisy")");
        peer.send("rubbish");
        peer.receive();
    };
    make_noise();
    BOOST_TEST(daemon.log().empty(), daemon.log());
    write_file(config, "log-level = debug\n");
    daemon.process().signal(SIGHUP);
    const auto it_logs_on = [&] {
        const auto before = daemon.log().size();
        make_noise();
        return daemon.log().find("noisy", before) != std::string::npos;
    };
    eventually("it logs in detail", it_logs_on);
    // A bad file leaves the old level in force, and says so.
    write_file(config, "log-level = loud\n");
    auto before = daemon.log().size();
    daemon.process().signal(SIGHUP);
    eventually("it complains about the level", [&] { return daemon.log().find("loud", before) != std::string::npos; });
    eventually("it logs as before", it_logs_on);
    // So does a missing one.
    std::filesystem::remove(config);
    before = daemon.log().size();
    daemon.process().signal(SIGHUP);
    eventually("it names the file", [&] { return daemon.log().find(config, before) != std::string::npos; });
    eventually("it logs as before", it_logs_on);
    write_file(config, "log-level = error\n");
    daemon.process().signal(SIGHUP);
    eventually("it falls silent", [&] { return !it_logs_on(); });
}

BOOST_AUTO_TEST_CASE(peers_are_served_while_a_sighup_reads_a_file_that_comes_slowly) {
    temp_directory directory;
    const auto config = directory / "hookd.conf";
    const auto next_config = directory / "next.conf";
    write_file(config, "log-level = error\n");
    test_daemon daemon({"--config", config});
    auto peer = daemon.connect();
    std::filesystem::remove(config);
    slow_pipe pipe{config};
    daemon.process().signal(SIGHUP);
    pipe.wait_until_read();
    peer.result("ping");
    // Another one meanwhile is not forgotten.
    write_file(next_config, "log-level = loud\n");
    std::filesystem::rename(next_config, config);
    daemon.process().signal(SIGHUP);
    peer.result("ping");
    pipe.end();
    eventually("it complains about the last file", [&] { return daemon.log().find("loud") != std::string::npos; });
}

BOOST_AUTO_TEST_CASE(a_daemon_stops_in_the_middle_of_a_sighup) {
    temp_directory directory;
    const auto config = directory / "hookd.conf";
    write_file(config, "log-level = error\n");
    test_daemon daemon({"--config", config});
    std::filesystem::remove(config);
    slow_pipe pipe{config};
    daemon.process().signal(SIGHUP);
    pipe.wait_until_read();
    daemon.process().signal(SIGTERM);
    eventually("it listens no longer", [&] { return !std::filesystem::exists(daemon.socket_path()); });
    pipe.end();
    BOOST_TEST(daemon.wait() == 0);
}

BOOST_AUTO_TEST_CASE(sighup_without_a_file_is_harmless) {
    test_daemon daemon;
    auto peer = daemon.connect();
    for (int i = 0; i < 5; ++i) {
        daemon.process().signal(SIGHUP);
        peer.result("ping");
    }
}

BOOST_AUTO_TEST_CASE(socket_handed_over_by_a_service_manager_is_used) {
    temp_directory directory;
    const auto path = directory / "activated.sock";
    const auto listening = bound_socket(path, SOCK_STREAM);
    BOOST_REQUIRE(::listen(listening.get(), 16) == 0);
    spawn_options options;
    options.listen_fds = {listening.get()};
    // A peer that came before the daemon did waits in the queue.
    wire_client early(path);
    early.send_request("ping");
    child_process daemon({hookd_binary(), "--socket", directory / "unused.sock"}, options);
    BOOST_TEST(early.response_to("1").integer("/result/pid") == daemon.pid());
    wire_client(path).result("ping");
    BOOST_TEST(!std::filesystem::exists(directory / "unused.sock"));
    daemon.signal(SIGTERM);
    BOOST_TEST(daemon.wait() == 0);
    // The socket is the service manager's: it stays for the next start.
    BOOST_TEST(std::filesystem::is_socket(path));
}

BOOST_AUTO_TEST_CASE(descriptors_meant_for_another_process_are_left_alone) {
    spawn_options options;
    options.environment["LISTEN_FDS"] = "1";
    options.environment["LISTEN_PID"] = "1";
    test_daemon daemon({}, options);
    daemon.connect().result("ping");
}

BOOST_AUTO_TEST_CASE(service_manager_is_told_when_it_is_ready) {
    temp_directory directory;
    const auto notify = bound_socket(directory / "notify", SOCK_DGRAM);
    const timeval limit{30, 0};
    ::setsockopt(notify.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    spawn_options options;
    options.environment["NOTIFY_SOCKET"] = directory / "notify";
    child_process daemon({hookd_binary(), "--socket", directory / "s"}, options);
    char text[4096];
    const auto size = ::recv(notify.get(), text, sizeof text, 0);
    BOOST_REQUIRE(size > 0);
    BOOST_TEST(std::string(text, static_cast<std::size_t>(size)).find("READY=1") != std::string::npos);
    wire_client(directory / "s").result("ping");  // at once: that is what ready means
    daemon.signal(SIGTERM);
    BOOST_TEST(daemon.wait() == 0);
}

// How soon, tests/bench measures ("start").
BOOST_AUTO_TEST_CASE(daemon_gets_ready_each_time_that_it_starts) {
    temp_directory directory;
    for (int i = 0; i < 10; ++i) {
        test_daemon daemon(directory / "s", {});
        BOOST_TEST(int_at(wire_client(daemon.socket_path()).result("ping"), "/pid") == daemon.pid());
    }
}

BOOST_AUTO_TEST_SUITE_END()
