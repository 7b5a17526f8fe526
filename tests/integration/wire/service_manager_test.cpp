// SPDX-License-Identifier: BSL-1.0
// CLI.md, hookd: what a service manager hands over, and what it is told.
#include "support/deadline.hpp"
#include "support/json_access.hpp"
#include "support/test_daemon.hpp"

#include <base/posix/unique_fd.hpp>

#include <boost/test/unit_test.hpp>

#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

using namespace hookd::test;

namespace {

/// Where a service manager listens for the words of its services.
class notify_socket {
public:
    explicit notify_socket(const std::string& path) : socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::memcpy(address.sun_path, path.data(), path.size());
        const timeval limit{patience.count() / 1000, 0};
        if (::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
            ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) != 0) {
            throw std::system_error(errno, std::generic_category(), "notify socket");
        }
    }

    /// The next word that is `expected`; others are passed over.
    void wait_for(const std::string& expected) const {
        std::array<char, 4096> text{};
        for (;;) {
            const auto length = ::recv(socket_.get(), text.data(), text.size(), 0);
            if (length < 0) {
                throw std::system_error(errno, std::generic_category(), "waiting for " + expected);
            }
            if (std::string_view{text.data(), static_cast<std::size_t>(length)}.starts_with(expected)) {
                return;
            }
        }
    }

private:
    hookd::base::unique_fd socket_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(service_manager_suite)

BOOST_AUTO_TEST_CASE(started_by_systemd_socket_activate_it_serves_the_socket) {
    temp_directory directory;
    const auto path = directory / "hookd.sock";
    std::vector<std::string> command{"systemd-socket-activate", "--listen=" + path};
    if (std::getenv("BROKEN_PROMISE") != nullptr) {
        command.emplace_back("--setenv=BROKEN_PROMISE");  // for stress/break_promises.py: it passes on no such variable
    }
    command.insert(command.end(), {hookd_binary(), "--registry", directory / "registry.json"});
    child_process manager(command);
    manager.wait_for_err("Listening on ");
    wire_client peer{path};  // it starts with this connection, as this process
    BOOST_TEST(int_at(peer.result("ping"), "/pid") == manager.pid());
    manager.signal(SIGTERM);
    BOOST_TEST(manager.wait() == 0);
}

BOOST_AUTO_TEST_CASE(watchdog_hears_from_it_again_and_again) {
    temp_directory directory;
    const notify_socket manager{directory / "notify"};
    spawn_options options;
    options.environment["NOTIFY_SOCKET"] = directory / "notify";
    options.environment["WATCHDOG_USEC"] = "20000";
    child_process daemon({hookd_binary(), "--socket", directory / "s"}, options);
    manager.wait_for("READY=1");
    for (int i = 0; i < 3; ++i) {
        manager.wait_for("WATCHDOG=1");
    }
    daemon.signal(SIGTERM);
    manager.wait_for("STOPPING=1");
    BOOST_TEST(daemon.wait() == 0);
}

BOOST_AUTO_TEST_SUITE_END()
