// SPDX-License-Identifier: BSL-1.0
// Section 4 of the wire contract: who may talk, who owns a path, and what is never touched.
#include "support/json_access.hpp"
#include "support/preconditions.hpp"
#include "support/raw_json.hpp"
#include "support/test_daemon.hpp"

#include <base/posix/unique_fd.hpp>

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <string>

using namespace hookd::test;
namespace data = boost::unit_test::data;
namespace fs = std::filesystem;

namespace {

constexpr std::string_view ping = R"({"jsonrpc":"2.0","id":1,"method":"ping"})";

unsigned mode_of(const std::string& path) {
    struct stat status {};
    BOOST_REQUIRE(::lstat(path.c_str(), &status) == 0);
    return status.st_mode & 07777U;
}

// Starts a daemon that must refuse to start, and returns what it said.
finished_process refusal(const std::string& socket_path, const spawn_options& options = {}) {
    auto ended = run_program({hookd_binary(), "--socket", socket_path}, {}, options);
    BOOST_TEST(ended.exit_status != 0);
    BOOST_TEST(ended.exit_status < 128);
    BOOST_TEST(ended.out.empty());
    BOOST_TEST(!ended.err.empty());
    return ended;
}

bool says(const finished_process& process, const std::string& text) {
    return process.err.find(text) != std::string::npos;
}

void check_not_allowed(wire_client& peer) {
    const auto response = peer.receive();
    BOOST_TEST(response.error_code() == -32003);
    BOOST_TEST(response.raw({"id"}) == "null");
    BOOST_TEST(!response.error_message().empty());
    BOOST_TEST(peer.wait_for_close());  // an end, no reset
    BOOST_TEST(peer.kept_messages() == 0U);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(trust_suite)

// --- modes ---

BOOST_AUTO_TEST_CASE(socket_and_made_directories_are_private_whatever_the_umask) {
    for (const char* umask : {"0", "022", "077"}) {
        temp_directory directory;
        const auto path = directory / "deep/er/hookd.sock";
        child_process daemon(
            {"/bin/sh", "-c", std::string{"umask "} + umask + "; exec \"$0\" --socket \"$1\"", hookd_binary(), path});
        wait_until_it_accepts(daemon, path);
        BOOST_TEST(mode_of(path) == 0600U);
        BOOST_TEST(mode_of(directory / "deep/er") == 0700U);
        BOOST_TEST(mode_of(directory / "deep") == 0700U);
        BOOST_TEST((mode_of(path + ".lock") & 077U) == 0U);
        daemon.signal(SIGTERM);
        BOOST_TEST(daemon.wait() == 0);
    }
}

BOOST_AUTO_TEST_CASE(directory_that_others_may_write_to_is_refused_and_not_touched) {
    for (const unsigned mode : {0770U, 0707U, 0777U, 0720U, 0702U}) {
        temp_directory directory;
        const auto open = directory / "open";
        fs::create_directory(open);
        ::chmod(open.c_str(), mode);
        for (const char* rest : {"/hookd.sock", "/made/hookd.sock"}) {
            const auto ended = refusal(open + rest);
            BOOST_TEST(says(ended, open), ended.err);
        }
        BOOST_TEST(mode_of(open) == mode);
        BOOST_TEST(fs::is_empty(open));
    }
}

BOOST_AUTO_TEST_CASE(directory_that_is_only_readable_by_others_or_sticky_and_roots_is_accepted) {
    for (const unsigned mode : {0700U, 0755U, 01777U, 01770U, 0711U}) {
        if ((mode & 01000U) != 0 && !runs_as_root()) {
            continue;
        }
        temp_directory directory;
        const auto existing = directory / "existing";
        fs::create_directory(existing);
        ::chmod(existing.c_str(), mode);
        {
            test_daemon daemon(existing + "/hookd.sock", {});
            wire_client(daemon.socket_path()).result("ping");
        }
        BOOST_TEST(mode_of(existing) == mode);
    }
}

BOOST_AUTO_TEST_CASE(directory_of_another_user_is_refused, *boost::unit_test::precondition(as_root)) {
    temp_directory directory;
    const auto foreign = directory / "foreign";
    fs::create_directory(foreign);
    BOOST_REQUIRE(::chown(foreign.c_str(), stranger, stranger) == 0);
    ::chmod(foreign.c_str(), 0755);
    BOOST_TEST(says(refusal(foreign + "/hookd.sock"), foreign));
    BOOST_TEST(fs::is_empty(foreign));
    BOOST_TEST(mode_of(foreign) == 0755U);
    // Sticky, it is its owner's all the same, who can take the socket away.
    ::chmod(foreign.c_str(), 01777);
    BOOST_TEST(says(refusal(foreign + "/hookd.sock"), foreign));
}

// --- what it is configured by ---

BOOST_AUTO_TEST_CASE(configuration_that_others_may_change_is_refused) {
    temp_directory directory;
    const auto file = directory / "hookd.conf";
    write_file(file, "log-level = \"info\"\n");
    const auto check = [&] { return run_program({hookd_binary(), "--config", file, "--check"}); };
    BOOST_TEST(check().exit_status == 0);
    for (const unsigned mode : {0620U, 0602U, 0666U}) {
        ::chmod(file.c_str(), mode);
        const auto refused = check();
        BOOST_TEST(refused.exit_status == 2);
        BOOST_TEST(says(refused, file), refused.err);
    }
    ::chmod(file.c_str(), 0644);
    ::chmod(directory.path().c_str(), 0777);
    const auto replaceable = check();
    BOOST_TEST(replaceable.exit_status == 2);
    BOOST_TEST(says(replaceable, directory.path()), replaceable.err);
    ::chmod(directory.path().c_str(), 0700);
    // A pipe has no directory, and is its maker's.
    const auto piped =
        run_program({"bash", "-c", "exec \"$0\" --config <(echo 'capacity = 7') --print-config", hookd_binary()});
    BOOST_TEST(piped.exit_status == 0, piped.err);
    BOOST_TEST(piped.out.find("capacity = 7") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(catalog_that_others_may_change_is_refused) {
    temp_directory directory;
    fs::create_directory(directory / "catalog");
    fs::create_directory(directory / "shared");
    const auto file = directory / "catalog/e.json";
    write_file(file, R"({"name":"e"})");
    write_file(directory / "shared/f.json", R"({"name":"f"})");
    fs::create_symlink("../shared/f.json", directory / "catalog/f.json");
    const auto check = [&] { return run_program({hookd_binary(), "--catalog", directory / "catalog", "--check"}); };
    BOOST_TEST(check().exit_status == 0, check().err);
    for (const auto& each : {file, directory / "shared/f.json", directory / "shared", directory / "catalog"}) {
        const auto before = fs::status(each).permissions();
        fs::permissions(each, fs::perms::others_write, fs::perm_options::add);
        const auto refused = check();
        BOOST_TEST(refused.exit_status == 2);
        BOOST_TEST(says(refused, "/" + fs::path{each}.filename().string()), refused.err);
        fs::permissions(each, before);
    }
    BOOST_TEST(check().exit_status == 0);
}

BOOST_AUTO_TEST_CASE(configuration_and_catalog_of_another_user_are_refused, *boost::unit_test::precondition(as_root)) {
    temp_directory directory;
    fs::create_directory(directory / "catalog");
    write_file(directory / "hookd.conf", "");
    write_file(directory / "catalog/e.json", R"({"name":"e"})");
    for (const auto& each : {directory / "hookd.conf", directory / "catalog/e.json", directory / "catalog"}) {
        BOOST_REQUIRE(::chown(each.c_str(), stranger, stranger) == 0);
        const auto refused = run_program(
            {hookd_binary(), "--config", directory / "hookd.conf", "--catalog", directory / "catalog", "--check"});
        BOOST_TEST(refused.exit_status == 2);
        BOOST_TEST(says(refused, each), refused.err);
        BOOST_REQUIRE(::chown(each.c_str(), 0, 0) == 0);
    }
}

// --- who owns a path ---

BOOST_AUTO_TEST_CASE(second_daemon_refuses_to_start_and_names_the_pid) {
    test_daemon daemon;
    const auto peer_before = text_at(daemon.connect().result("ping"), "/instance");
    const auto second = refusal(daemon.socket_path());
    BOOST_TEST(second.exit_status == 3);
    BOOST_TEST(says(second, std::to_string(daemon.pid())), second.err);
    BOOST_TEST(std::count(second.err.begin(), second.err.end(), '\n') == 1);
    BOOST_TEST(text_at(daemon.connect().result("ping"), "/instance") == peer_before);
}

BOOST_AUTO_TEST_CASE(lock_and_not_a_pid_decides) {
    temp_directory directory;
    const auto path = directory / "hookd.sock";
    // A lock file with the pid of a living process, which nobody holds: stale.
    write_file(path + ".lock", std::to_string(::getpid()) + "\n");
    {
        test_daemon daemon(path, {});
        daemon.connect().result("ping");  // as in socket_path_comes_from_flag_environment_file_or_default
    }
    // One that is held, without any socket: somebody owns the path.
    const hookd::base::unique_fd lock{::open((path + ".lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)};
    BOOST_REQUIRE(::flock(lock.get(), LOCK_EX | LOCK_NB) == 0);
    BOOST_TEST(refusal(path).exit_status == 3);
}

BOOST_AUTO_TEST_CASE(daemon_holds_the_lock_while_it_runs) {
    test_daemon daemon;
    const hookd::base::unique_fd lock{::open((daemon.socket_path() + ".lock").c_str(), O_RDWR | O_CLOEXEC)};
    BOOST_REQUIRE(static_cast<bool>(lock));
    BOOST_TEST(::flock(lock.get(), LOCK_EX | LOCK_NB) != 0);
    BOOST_TEST(daemon.stop() == 0);
}

BOOST_AUTO_TEST_CASE(stale_socket_of_a_killed_daemon_is_replaced) {
    temp_directory directory;
    const auto path = directory / "hookd.sock";
    for (int i = 0; i < 3; ++i) {
        test_daemon killed(path, {});
        wire_client(path).result("ping");
        killed.kill();
        BOOST_TEST(fs::is_socket(path));
    }
    test_daemon daemon(path, {});
    BOOST_TEST(int_at(wire_client(path).result("ping"), "/pid") == daemon.pid());
    BOOST_TEST(mode_of(path) == 0600U);
}

BOOST_AUTO_TEST_CASE(path_that_is_no_socket_is_refused_and_never_removed) {
    temp_directory directory;
    const auto file = directory / "file";
    write_file(file, "precious");
    const auto folder = directory / "folder";
    fs::create_directory(folder);
    const auto fifo = directory / "fifo";
    BOOST_REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
    const auto link = directory / "link";
    fs::create_symlink(file, link);
    const auto dangling = directory / "dangling";
    fs::create_symlink(directory / "nowhere", dangling);
    for (const auto& path : {file, folder, fifo, link, dangling}) {
        BOOST_TEST(says(refusal(path), path), path);
    }
    BOOST_TEST(read_file(file) == "precious");
    BOOST_TEST(fs::is_directory(folder));
    BOOST_TEST(fs::is_fifo(fifo));
    BOOST_TEST(fs::is_symlink(link));
    BOOST_TEST(fs::is_symlink(dangling));
    BOOST_TEST(!fs::exists(directory / "nowhere"));
}

BOOST_AUTO_TEST_CASE(path_longer_than_107_bytes_is_refused_with_that_number) {
    temp_directory directory;
    const auto fitting = directory / std::string(107 - directory.path().size() - 1, 's');
    BOOST_REQUIRE(fitting.size() == 107U);
    {
        test_daemon daemon(fitting, {});
        wire_client(fitting).result("ping");
    }
    const auto ended = refusal(fitting + "s");
    BOOST_TEST(ended.exit_status == 2);
    BOOST_TEST(says(ended, "107"), ended.err);
    BOOST_TEST(std::count(ended.err.begin(), ended.err.end(), '\n') == 1);
}

// --- other users ---

BOOST_TEST_DECORATOR(*boost::unit_test::precondition(as_root))
BOOST_DATA_TEST_CASE(another_user_is_refused_in_its_framing, data::make(all_framings), kind) {
    test_daemon daemon;
    open_to_others(daemon);
    wire_client peer(connect_as(stranger, daemon.socket_path()), kind);
    peer.send(ping);
    check_not_allowed(peer);
    // Its first byte is all that is looked at: rubbish is refused for who sent it, not for what it is.
    wire_client rude(connect_as(stranger, daemon.socket_path()), kind);
    rude.send("{{{{ no json");
    check_not_allowed(rude);
    wire_client terse(connect_as(stranger, daemon.socket_path()), kind);
    terse.send_raw(encode_frame(kind, ping).substr(0, 1));
    check_not_allowed(terse);
    const auto stats = daemon.stats();
    BOOST_TEST(int_at(stats, "/head_seq") == 0);
}

BOOST_AUTO_TEST_CASE(another_user_who_says_nothing_is_closed_after_a_second, *boost::unit_test::precondition(as_root)) {
    test_daemon daemon;
    open_to_others(daemon);
    const auto start = std::chrono::steady_clock::now();
    wire_client peer(connect_as(stranger, daemon.socket_path()));
    BOOST_TEST(peer.read_to_end().empty());
    const auto passed = std::chrono::steady_clock::now() - start;
    BOOST_TEST((passed >= std::chrono::milliseconds(900)));
    BOOST_TEST((passed < patience / 2));
}

BOOST_AUTO_TEST_CASE(
    another_user_who_tries_again_and_again_does_not_fill_the_log, *boost::unit_test::precondition(as_root)) {
    test_daemon daemon;
    open_to_others(daemon);
    const auto start = std::chrono::steady_clock::now();
    int tries = 0;
    eventually("it is told how many were not", [&] {
        wire_client peer(connect_as(stranger, daemon.socket_path()));
        peer.send(ping);
        check_not_allowed(peer);
        ++tries;
        return daemon.log().find("like it before, not logged") != std::string::npos;
    });
    const auto log = daemon.log();
    const std::string words = "is not allowed: connection refused";
    std::int64_t lines = 0;
    for (auto at = log.find(words); at != std::string::npos; at = log.find(words, at + 1)) {
        ++lines;
    }
    // One each second that this took.
    const auto most =
        std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now() - start).count() + 1;
    BOOST_TEST(lines <= most, lines << " lines, at most " << most << " expected, of " << tries << " tries");
}

BOOST_AUTO_TEST_CASE(users_and_groups_of_the_configuration_are_let_in, *boost::unit_test::precondition(as_root)) {
    for (const auto& [option, value] : {std::pair{"--allow-user", "65534"}, std::pair{"--allow-user", "nobody"},
             std::pair{"--allow-group", "65534"}, std::pair{"--allow-group", "nogroup"}}) {
        test_daemon daemon({option, value});
        open_to_others(daemon);
        wire_client peer(connect_as(stranger, daemon.socket_path()));
        BOOST_TEST(int_at(peer.result("ping"), "/protocol") == 1);
        subscribe(peer, "*", R"("name":"guest")");
        BOOST_TEST(int_at(daemon.stats(), "/sessions/0/uid") == stranger);
        wire_client other(connect_as(4242, daemon.socket_path()));
        other.send(ping);
        check_not_allowed(other);
    }
}

BOOST_AUTO_TEST_CASE(several_users_may_be_named, *boost::unit_test::precondition(as_root)) {
    test_daemon daemon({"--allow-user", "4242", "--allow-user", "4343", "--allow-group", "4444"});
    open_to_others(daemon);
    for (const uid_t user : {4242U, 4343U}) {
        wire_client(connect_as(user, daemon.socket_path())).result("ping");
    }
    wire_client(connect_as(5555, 4444, daemon.socket_path())).result("ping");
    wire_client other(connect_as(4444, 5555, daemon.socket_path()));  // a user's number is no group's
    other.send(ping);
    check_not_allowed(other);
}

BOOST_AUTO_TEST_CASE(named_users_and_groups_have_the_roles_that_are_given, *boost::unit_test::precondition(as_root)) {
    test_daemon daemon({"--allow-user", "4242", "--allow-user", "4343:emit", "--allow-user", "4444:observe",
        "--allow-user", "4545:answer", "--allow-group", "5000:emit", "--allow-group", "5001:answer"});
    open_to_others(daemon);
    struct row {
        uid_t user;
        gid_t group;
        bool emits, observes, answers;
    };
    for (const auto& each : {row{0, 0, true, true, true}, row{4242, 4242, true, true, false},
             row{4343, 4343, true, false, false}, row{4444, 4444, false, true, false},
             row{4545, 4545, false, true, true}, row{4646, 5000, true, false, false},
             row{4646, 5001, false, true, true}, row{4242, 5001, true, true, false}}) {
        BOOST_TEST_CONTEXT("user " << each.user << ", group " << each.group) {
            wire_client peer(connect_as(each.user, each.group, daemon.socket_path()));
            peer.result("ping");
            peer.result("stats");
            const auto check = [&peer](const std::string& method, const std::string& params, bool may) {
                const auto got = peer.call(method, params);
                BOOST_TEST(got.error_code() == (may ? 0 : -32003), method);
                if (!may) {
                    BOOST_TEST(got.error_message().find("--allow-user") != std::string::npos, got.error_message());
                }
            };
            check("emit", R"({"event":"e"})", each.emits);
            check("emit_and_wait", R"({"event":"e"})", each.emits);
            check("await_response", R"({"hook_event_id":"x"})", each.emits);
            check("respond", R"({"hook_event_id":"x"})", each.answers);
            check("subscribe", R"({"events":["asked"]})", each.observes);
            // Without the role `answer`, nobody waits for a session.
            const auto verdict = daemon.connect().result("emit_and_wait", R"({"event":"asked","timeout_ms":1})");
            BOOST_TEST(text_at(verdict, "/outcome") == (each.answers ? "timeout" : "no_subscribers"));
        }
    }
}

BOOST_AUTO_TEST_CASE(one_named_user_takes_half_of_what_there_is, *boost::unit_test::precondition(as_root)) {
    test_daemon daemon({"--allow-user", "4242", "--allow-user", "4343", "--max-connections", "40", "--max-waiting",
        "600", "--max-waiting-per-connection", "600"});
    open_to_others(daemon);
    auto own = daemon.connect();
    own.result("ping");
    std::vector<wire_client> crowd;
    for (int i = 0; i < 20; ++i) {
        crowd.emplace_back(connect_as(4242, daemon.socket_path())).result("ping");
    }
    wire_client refused(connect_as(4242, daemon.socket_path()));
    refused.send(ping);
    const auto too_many = refused.receive();
    BOOST_TEST(too_many.raw({"error", "data"}) == R"({"limit":"max_connections","max":20})");
    BOOST_TEST(too_many.error_message().find("user") != std::string::npos);
    wire_client other(connect_as(4343, daemon.socket_path()));
    const auto waits = [](wire_client& peer, int count) {
        for (int i = 0; i < count; ++i) {
            peer.send_request("emit_and_wait", R"({"event":"e","require_subscriber":false})");
        }
    };
    waits(crowd.front(), 300);
    BOOST_TEST(crowd.front().call("emit_and_wait", R"({"event":"e"})").raw({"error", "data"}) ==
               R"({"limit":"max_waiting","max":300})");
    waits(other, 44);
    BOOST_TEST(other.call("emit_and_wait", R"({"event":"e"})").raw({"error", "data"}) ==
               R"({"limit":"max_waiting","max":344})");
    BOOST_TEST(text_at(own.result("emit_and_wait", R"({"event":"e"})"), "/outcome") == "no_subscribers");
}

BOOST_AUTO_TEST_CASE(
    root_may_talk_to_the_daemon_of_any_user, *boost::unit_test::precondition(as_root_with_reachable_binary)) {
    temp_directory directory;
    ::chmod(directory.path().c_str(), 0711);
    const auto home = directory / "home";
    fs::create_directory(home);
    BOOST_REQUIRE(::chown(home.c_str(), stranger, stranger) == 0);
    ::chmod(home.c_str(), 0711);
    spawn_options options;
    options.user = stranger;
    test_daemon daemon(home + "/hookd.sock", {}, options);
    BOOST_TEST(int_at(wire_client(daemon.socket_path()).result("ping"), "/protocol") == 1);
    ::chmod(daemon.socket_path().c_str(), 0666);
    wire_client(connect_as(stranger, daemon.socket_path())).result("ping");
    wire_client other(connect_as(4242, daemon.socket_path()));
    other.send(ping);
    check_not_allowed(other);
}

BOOST_AUTO_TEST_CASE(refused_users_take_no_place, *boost::unit_test::precondition(as_root)) {
    test_daemon daemon({"--max-connections", "2"});
    open_to_others(daemon);
    auto inside = daemon.connect();
    inside.result("ping");
    std::vector<wire_client> crowd;
    for (int i = 0; i < 20; ++i) {
        auto& peer = crowd.emplace_back(connect_as(stranger, daemon.socket_path()));
        try {
            peer.send(ping);  // at once: a silent peer is refused after a second
        } catch (const connection_closed&) {
            // Refused for its number before it could speak: the refusal is there to read.
        }
    }
    int answered = 0;
    for (auto& peer : crowd) {
        try {
            // Refused for who it is, or, in a crowd, for its number; never let in.
            const auto code = peer.receive().error_code();
            BOOST_TEST((code == -32003 || code == -32001));
            ++answered;
        } catch (const connection_closed&) {
            // On a busy machine its first byte came after that second: closed without an answer.
        }
    }
    BOOST_TEST(answered > 0);
    inside.result("ping");
}

BOOST_AUTO_TEST_SUITE_END()
