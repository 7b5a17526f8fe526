// SPDX-License-Identifier: BSL-1.0
#include "app/service.hpp"

#include "support/temp_directory.hpp"
#include "support/text.hpp"

#include <base/posix/unique_fd.hpp>

#include <boost/test/unit_test.hpp>

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <string>
#include <system_error>
#include <vector>

namespace service = hookd::server::service;
using hookd::base::unique_fd;
using hookd::test::mentions;
using hookd::test::temp_directory;

namespace {

void require(bool worked, const char* what) {
    if (!worked) {
        throw std::system_error(errno, std::generic_category(), what);
    }
}

unique_fd bound_socket(const std::string& name, int type) {
    unique_fd made{::socket(AF_UNIX, type | SOCK_CLOEXEC, 0)};
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, name.data(), name.size());
    const auto length =
        static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size() + (name.front() == '\0' ? 0 : 1));
    require(::bind(made.get(), reinterpret_cast<const sockaddr*>(&address), length) == 0, "bind");
    return made;
}

unique_fd listening_socket(const std::string& name) {
    auto made = bound_socket(name, SOCK_STREAM);
    require(::listen(made.get(), 1) == 0, "listen");
    return made;
}

/// What take_socket() comes to in a process of its own that gets these as 3, 4, ...: the descriptor, what is left of it
/// all, or the refusal.
std::string taken(const std::vector<int>& sockets, const std::string& count) {
    std::array<int, 2> answer{};
    require(::pipe(answer.data()) == 0, "pipe");
    const pid_t child = ::fork();
    require(child >= 0, "fork");
    if (child == 0) {
        // First away from the places that they are to have, all of them.
        std::vector<int> copies;
        const int out = ::fcntl(answer[1], F_DUPFD_CLOEXEC, 100);
        for (const int each : sockets) {
            copies.push_back(::fcntl(each, F_DUPFD, 100));
        }
        for (std::size_t each = 0; each < copies.size(); ++each) {
            ::dup2(copies[each], 3 + static_cast<int>(each));
        }
        ::setenv("LISTEN_FDS", count.c_str(), 1);
        ::setenv("LISTEN_PID", std::to_string(::getpid()).c_str(), 1);
        std::string text;
        try {
            const int fd = service::take_socket();
            text = std::to_string(fd);
            text += fd >= 0 && (::fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0 ? " close-on-exec" : "";
            text += std::getenv("LISTEN_FDS") == nullptr ? " gone" : "";
        } catch (const std::exception& refused) {
            text = refused.what();
        }
        ::_exit(::write(out, text.data(), text.size()) == static_cast<ssize_t>(text.size()) ? 0 : 1);
    }
    ::close(answer[1]);
    const unique_fd in{answer[0]};
    std::string text;
    std::array<char, 512> some{};
    for (ssize_t length = 0; (length = ::read(in.get(), some.data(), some.size())) > 0;) {
        text.append(some.data(), static_cast<std::size_t>(length));
    }
    int status = 0;
    BOOST_TEST(::waitpid(child, &status, 0) == child);
    BOOST_TEST(status == 0);
    return text;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(service_test)

BOOST_AUTO_TEST_CASE(one_listening_unix_stream_socket_is_taken_and_handed_on_to_nobody) {
    const temp_directory directory;
    const auto socket = listening_socket(directory / "s");
    BOOST_TEST(taken({socket.get()}, "1") == "3 close-on-exec gone");
}

BOOST_AUTO_TEST_CASE(nothing_is_taken_where_nothing_is_handed_over) {
    ::unsetenv("LISTEN_FDS");
    BOOST_TEST(service::take_socket() == -1);
}

BOOST_AUTO_TEST_CASE(anything_else_that_is_handed_over_is_refused) {
    const temp_directory directory;
    const auto listening = listening_socket(directory / "s");
    const auto silent = bound_socket(directory / "silent", SOCK_STREAM);
    const auto datagram = bound_socket(directory / "datagram", SOCK_DGRAM);
    const unique_fd internet{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    const unique_fd file{::open("/dev/null", O_RDWR | O_CLOEXEC)};
    for (const auto* each : {&silent, &datagram, &internet, &file}) {
        const auto message = taken({each->get()}, "1");
        BOOST_TEST(mentions(message, "not name a listening unix stream socket"), message);
    }
    ::setenv("LISTEN_FDNAMES", "hookd.socket:other", 1);
    const auto message = taken({listening.get(), silent.get()}, "2");
    ::unsetenv("LISTEN_FDNAMES");
    BOOST_TEST(mentions(message, "2 sockets are handed over by LISTEN_FDS (hookd.socket:other)"), message);
    BOOST_TEST(mentions(taken({listening.get()}, "one"), "LISTEN_FDS"));
}

BOOST_AUTO_TEST_CASE(what_another_process_was_to_get_is_not_taken) {
    ::setenv("LISTEN_FDS", "1", 1);
    ::setenv("LISTEN_PID", "1", 1);
    BOOST_TEST(service::take_socket() == -1);
    BOOST_TEST(std::getenv("LISTEN_FDS") == nullptr);
}

BOOST_AUTO_TEST_CASE(the_watchdog_counts_where_it_watches_this_process) {
    const auto time = [](const char* usec, const std::string& pid) {
        ::setenv("WATCHDOG_USEC", usec, 1);
        if (!pid.empty()) {
            ::setenv("WATCHDOG_PID", pid.c_str(), 1);
        }
        const auto taken_time = service::take_watchdog_time();
        BOOST_TEST(std::getenv("WATCHDOG_USEC") == nullptr);
        BOOST_TEST(std::getenv("WATCHDOG_PID") == nullptr);
        return taken_time ? taken_time->count() : -1;
    };
    BOOST_TEST(!service::take_watchdog_time());
    BOOST_TEST(time("30000000", "") == 30'000'000);
    BOOST_TEST(time("5", std::to_string(::getpid())) == 5);
    BOOST_TEST(time("5", "1") == -1);
    BOOST_TEST(time("0", "") == -1);
    BOOST_CHECK_THROW(time("soon", ""), std::runtime_error);
    BOOST_TEST(std::getenv("WATCHDOG_USEC") == nullptr);
}

BOOST_AUTO_TEST_CASE(path_of_a_socket_is_the_one_it_is_bound_to) {
    const temp_directory directory;
    BOOST_TEST(service::path_of(listening_socket(directory / "s").get()) == directory / "s");
    const auto abstract = "hookd-test-" + std::to_string(::getpid());
    BOOST_TEST(service::path_of(listening_socket(std::string(1, '\0') + abstract).get()) == "@" + abstract);
    BOOST_CHECK_THROW(static_cast<void>(service::path_of(-1)), std::system_error);
}

BOOST_AUTO_TEST_CASE(manager_is_told_of_each_change) {
    const temp_directory directory;
    const auto manager = bound_socket(directory / "notify", SOCK_DGRAM);
    const auto told = [&] {
        std::array<char, 512> text{};
        const auto length =
            ::recv(manager.get(), text.data(), text.size(), MSG_DONTWAIT);  // sd_notify has sent it when it returns
        require(length >= 0, "recv");
        return std::string{text.data(), static_cast<std::size_t>(length)};
    };
    ::setenv("NOTIFY_SOCKET", (directory / "notify").c_str(), 1);
    service::notify_ready("listening on /s");
    BOOST_TEST(told() == "READY=1\nSTATUS=listening on /s");
    service::notify_reloading();
    const auto reloading = told();
    BOOST_TEST(mentions(reloading, "RELOADING=1\n"));
    const auto time = reloading.find("MONOTONIC_USEC=");
    BOOST_TEST_REQUIRE(time != std::string::npos);
    BOOST_TEST(std::stoll(reloading.substr(time + std::strlen("MONOTONIC_USEC="))) > 0);
    service::notify_stopping();
    BOOST_TEST(mentions(told(), "STOPPING=1"));
    service::notify_alive();
    BOOST_TEST(told() == "WATCHDOG=1");
    const auto abstract = "hookd-notify-" + std::to_string(::getpid());
    const auto other = bound_socket(std::string(1, '\0') + abstract, SOCK_DGRAM);
    ::setenv("NOTIFY_SOCKET", ("@" + abstract).c_str(), 1);
    service::notify_alive();
    char word[32];
    BOOST_TEST(::recv(other.get(), word, sizeof word, MSG_DONTWAIT) == 10);
    for (const char* const odd : {"vsock:2:1234", "relative", "", "/nobody/is/there"}) {
        ::setenv("NOTIFY_SOCKET", odd, 1);
        service::notify_alive();
    }
    ::unsetenv("NOTIFY_SOCKET");
    service::notify_ready("nobody listens");
    BOOST_CHECK_THROW(told(), std::system_error);
}

BOOST_AUTO_TEST_SUITE_END()
