// SPDX-License-Identifier: BSL-1.0
// PROTOCOL.md, "Who may talk": the daemon keeps its path, or ends and says so.
#include "support/deadline.hpp"
#include "support/json_access.hpp"
#include "support/process.hpp"
#include "support/test_daemon.hpp"

#include <base/posix/unique_fd.hpp>

#include <boost/test/unit_test.hpp>

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

using namespace hookd::test;
namespace fs = std::filesystem;

namespace {

hookd::base::unique_fd listening_socket(const std::string& path) {
    hookd::base::unique_fd made{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    if (::bind(made.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        ::listen(made.get(), 16) != 0) {
        throw std::system_error(errno, std::generic_category(), path);
    }
    return made;
}

/// The pid of the daemon that is reached by the path; 0 where none is, or something that does not answer.
std::int64_t pid_at(const std::string& path) {
    try {
        wire_client peer{path};
        return peer.response_to(peer.send_request("ping"), deadline{1s}).integer("/result/pid");
    } catch (const std::exception&) {
        return 0;
    }
}

void wait_until_it_is_back(const test_daemon& daemon) {
    eventually("the daemon is reached by its path", [&] { return pid_at(daemon.socket_path()) == daemon.pid(); });
}

/// In a directory that a test may remove.
class daemon_in_a_directory {
public:
    daemon_in_a_directory() {
        fs::create_directory(place());
        daemon = std::make_unique<test_daemon>(
            place() + "/hookd.sock", std::vector<std::string>{"--registry", directory_ / "registry.json"});
        subscriber = std::make_unique<wire_client>(daemon->socket_path());
        subscribe(*subscriber, "*", R"("name":"guard")");
    }

    [[nodiscard]] std::string place() const { return directory_ / "place"; }

    /// It ends with 4, has told the subscriber, and says why.
    void check_its_end(const std::string& why) {
        BOOST_TEST(daemon->wait() == 4);
        BOOST_TEST(subscriber->next_closed().string("/params/reason") == "shutdown");
        daemon->process().wait_for_err("the socket " + daemon->socket_path() + " is lost");
        daemon->process().wait_for_err(why);
    }

private:
    temp_directory directory_{};

public:
    std::unique_ptr<test_daemon> daemon{};
    std::unique_ptr<wire_client> subscriber{};
};

spawn_options with_socket(const hookd::base::unique_fd& socket) {
    spawn_options options;
    options.listen_fds = {socket.get()};
    return options;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(path_suite)

BOOST_AUTO_TEST_CASE(socket_that_is_removed_is_put_back_and_sessions_go_on) {
    daemon_in_a_directory there;
    for (int i = 0; i < 2; ++i) {
        fs::remove(there.daemon->socket_path());
        wait_until_it_is_back(*there.daemon);
        struct stat found {};
        BOOST_TEST(::stat(there.daemon->socket_path().c_str(), &found) == 0);
        BOOST_TEST((found.st_mode & 07777U) == 0600U);
        auto emitter = there.daemon->connect();
        const auto asked = send_emit_and_wait(emitter, "e");
        respond(*there.subscriber, there.subscriber->next_event().string("/params/hook_event_id"),
            R"("response":{"abort":"no"})");
        BOOST_TEST(emitter.response_to(asked).string("/result/abort") == "no");
    }
    there.daemon->process().wait_for_err("put back");
    BOOST_TEST(there.daemon->stop() == 0);
    BOOST_TEST(!fs::exists(there.daemon->socket_path()));
}

BOOST_AUTO_TEST_CASE(socket_that_is_replaced_by_another_is_put_back) {
    test_daemon daemon;
    fs::remove(daemon.socket_path());
    const auto other = listening_socket(daemon.socket_path());
    wait_until_it_is_back(daemon);
    fs::remove(daemon.socket_path());
    listening_socket(daemon.socket_path()).reset();  // a stale one
    wait_until_it_is_back(daemon);
}

BOOST_AUTO_TEST_CASE(who_waits_in_the_queue_of_the_old_socket_is_served) {
    test_daemon daemon;
    daemon.process().signal(SIGSTOP);
    wire_client early{daemon.socket_path()};
    early.send_request("ping");
    fs::remove(daemon.socket_path());
    daemon.process().signal(SIGCONT);
    BOOST_TEST(early.response_to("1").integer("/result/pid") == daemon.pid());
    wait_until_it_is_back(daemon);
}

BOOST_AUTO_TEST_CASE(something_else_in_its_place_ends_it) {
    daemon_in_a_directory there;
    fs::remove(there.daemon->socket_path());
    std::ofstream{there.daemon->socket_path()} << "precious";
    there.check_its_end("is not a socket");
    BOOST_TEST(fs::file_size(there.daemon->socket_path()) == 8U);
}

BOOST_AUTO_TEST_CASE(directory_that_is_gone_ends_it_and_the_path_is_free_for_the_next) {
    daemon_in_a_directory there;
    fs::remove_all(there.place());
    there.check_its_end("No such file or directory");
    BOOST_TEST(!fs::exists(there.place()));
    test_daemon next(there.daemon->socket_path(), {});
    wire_client{next.socket_path()}.result("ping");
}

BOOST_AUTO_TEST_CASE(directory_that_is_moved_away_with_the_one_above_ends_it) {
    temp_directory directory;
    fs::create_directories(directory / "a/b");
    test_daemon daemon(directory / "a/b/hookd.sock", {});
    fs::rename(directory / "a", directory / "elsewhere");
    BOOST_TEST(daemon.wait() == 4);
}

// --- handed-over sockets ---

BOOST_AUTO_TEST_CASE(daemon_of_a_socket_unit_is_refused_where_one_runs_by_hand) {
    test_daemon daemon;
    fs::remove(daemon.socket_path());
    const auto handed_over = listening_socket(daemon.socket_path());
    const auto second = run_program({hookd_binary()}, {}, with_socket(handed_over));
    BOOST_TEST(second.exit_status == 3);
    BOOST_TEST(second.err.find("pid " + std::to_string(daemon.pid())) != std::string::npos, second.err);
    wait_until_it_is_back(daemon);
}

BOOST_AUTO_TEST_CASE(daemon_by_hand_is_refused_where_one_of_a_socket_unit_runs) {
    temp_directory directory;
    const auto path = directory / "s";
    const auto handed_over = listening_socket(path);
    child_process daemon({hookd_binary()}, with_socket(handed_over));
    BOOST_TEST(pid_at(path) == daemon.pid());
    const auto second = run_program({hookd_binary(), "--socket", path});
    BOOST_TEST(second.exit_status == 3);
    BOOST_TEST(second.err.find("pid " + std::to_string(daemon.pid())) != std::string::npos, second.err);
    // It keeps its path, too; what it has made itself it takes away.
    fs::remove(path);
    eventually("it is reached again", [&] { return pid_at(path) == daemon.pid(); });
    daemon.signal(SIGTERM);
    BOOST_TEST(daemon.wait() == 0);
    BOOST_TEST(!fs::exists(path));
}

// --- abstract names ---

BOOST_AUTO_TEST_CASE(abstract_name_is_served_and_held_by_one) {
    temp_directory directory;
    const auto name = "hookd-path-test-" + std::to_string(::getpid());
    spawn_options options;
    options.directory = directory.path();
    const std::string registry = directory / "registry/r.json";
    child_process daemon({hookd_binary(), "--socket", "@" + name, "--registry", registry}, options);
    const auto connect = [&] {
        hookd::base::unique_fd peer{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::memcpy(address.sun_path + 1, name.data(), name.size());
        const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
        return ::connect(peer.get(), reinterpret_cast<const sockaddr*>(&address), size) == 0 ? std::move(peer)
                                                                                             : hookd::base::unique_fd{};
    };
    hookd::base::unique_fd peer;
    eventually("it listens", [&] { return static_cast<bool>(peer = connect()); });
    BOOST_TEST(int_at(wire_client{std::move(peer)}.result("ping"), "/pid") == daemon.pid());
    BOOST_TEST(run_program({hookd_binary(), "--socket", "@" + name, "--registry", registry}).exit_status == 3);
    const bool has_file = std::any_of(fs::directory_iterator{directory.path()}, fs::directory_iterator{},
        [](const fs::directory_entry& each) { return each.path().filename().string().starts_with('@'); });
    BOOST_TEST(!has_file);
    daemon.signal(SIGTERM);
    BOOST_TEST(daemon.wait() == 0);
}

// --- how it was started ---

BOOST_AUTO_TEST_CASE(signals_that_were_blocked_when_it_started_end_it) {
    constexpr const char* start =
        "import os, signal, sys; signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals()); "
        "os.execv(sys.argv[1], sys.argv[1:])";
    for (const int number : {SIGTERM, SIGINT}) {
        temp_directory directory;
        const auto path = directory / "s";
        child_process daemon({"python3", "-c", start, hookd_binary(), "--socket", path});
        eventually("it is reached", [&] { return pid_at(path) == daemon.pid(); });
        daemon.signal(number);
        BOOST_TEST(daemon.wait() == 0);
    }
}

BOOST_AUTO_TEST_SUITE_END()
