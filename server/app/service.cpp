// SPDX-License-Identifier: BSL-1.0
#include "app/service.hpp"

#include <base/posix/unique_fd.hpp>
#include <base/text/number.hpp>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

// The protocol of sd_listen_fds(3), sd_notify(3) and sd_watchdog_enabled(3), which systemd promises to keep: variables,
// and datagrams to the socket that NOTIFY_SOCKET names.

namespace hookd::server::service {
namespace {

constexpr int first_handed_over = 3;  // SD_LISTEN_FDS_START

/// The number that the variable `name` holds; nothing where it is not set. Throws for anything else.
std::optional<long long> number_in(const char* name) {
    const char* const text = std::getenv(name);
    if (text == nullptr) {
        return std::nullopt;
    }
    const auto number = base::parse_number<long long>(text);
    if (!number || *number < 0) {
        throw std::runtime_error(
            std::string{name} + " is \"" + text + "\", not a number: it is the service manager's to set; unset it");
    }
    return number;
}

/// Takes the variables of a protocol out of the environment, whatever comes of them: they are for this process alone.
class taken_variables {
public:
    explicit taken_variables(std::vector<const char*> names) : names_(std::move(names)) {}
    taken_variables(const taken_variables&) = delete;
    taken_variables& operator=(const taken_variables&) = delete;
    ~taken_variables() {
        for (const char* const name : names_) {
            ::unsetenv(name);  // NOLINT(concurrency-mt-unsafe): before there are threads
        }
    }

private:
    std::vector<const char*> names_;
};

bool option_is(int socket, int option, int expected) {
    int value = 0;
    socklen_t size = sizeof value;
    return ::getsockopt(socket, SOL_SOCKET, option, &value, &size) == 0 && value == expected;
}

bool is_listening_unix_stream(int socket) {
    return option_is(socket, SO_DOMAIN, AF_UNIX) && option_is(socket, SO_TYPE, SOCK_STREAM) &&
           option_is(socket, SO_ACCEPTCONN, 1);
}

/// A lost datagram is no reason to fail: the manager's time-outs say what follows from that.
void notify(const std::string& state) {
    const char* const name = std::getenv("NOTIFY_SOCKET");
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::size_t length = name == nullptr ? 0 : std::strlen(name);
    if (length == 0 || length >= sizeof address.sun_path || (name[0] != '/' && name[0] != '@')) {
        return;
    }
    std::memcpy(address.sun_path, name, length);
    if (name[0] == '@') {
        address.sun_path[0] = '\0';
    }
    const base::unique_fd socket{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
    (void)::sendto(socket.get(), state.data(), state.size(), MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&address),
        static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + length));
}

}  // namespace

int take_socket() {
    const taken_variables variables{{"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"}};
    if (number_in("LISTEN_PID") != ::getpid()) {
        return -1;
    }
    const auto count = number_in("LISTEN_FDS").value_or(0);
    if (count == 0) {
        return -1;
    }
    if (count > 1) {
        const char* const names = std::getenv("LISTEN_FDNAMES");
        throw std::runtime_error(std::to_string(count) + " sockets are handed over by LISTEN_FDS" +
                                 (names != nullptr ? std::string{" ("} + names + ")" : "") +
                                 ", but hookd takes one: keep one ListenStream= in the socket unit");
    }
    if (!is_listening_unix_stream(first_handed_over) || ::fcntl(first_handed_over, F_SETFD, FD_CLOEXEC) != 0) {
        throw std::runtime_error(
            "LISTEN_FDS does not name a listening unix stream socket: give the socket unit ListenStream= "
            "with an absolute path");
    }
    return first_handed_over;
}

std::filesystem::path path_of(int socket) {
    sockaddr_un address{};
    socklen_t length = sizeof address;
    if (::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &length) != 0) {
        throw std::system_error(errno, std::generic_category(), "getsockname");
    }
    const std::size_t name_bytes = length - offsetof(sockaddr_un, sun_path);
    if (name_bytes > 0 && address.sun_path[0] == '\0') {
        return "@" + std::string{address.sun_path + 1, name_bytes - 1};
    }
    return std::string{address.sun_path, ::strnlen(address.sun_path, name_bytes)};
}

std::optional<std::chrono::microseconds> take_watchdog_time() {
    const taken_variables variables{{"WATCHDOG_USEC", "WATCHDOG_PID"}};
    const auto time = number_in("WATCHDOG_USEC");
    if (time.value_or(0) == 0 || number_in("WATCHDOG_PID").value_or(::getpid()) != ::getpid()) {
        return std::nullopt;
    }
    return std::chrono::microseconds{*time};
}

void notify_ready(std::string_view status) { notify("READY=1\nSTATUS=" + std::string{status}); }

void notify_reloading() {
    // The time lets the manager tell this reload's READY=1 from an earlier one's.
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    const auto microseconds = static_cast<long long>(now.tv_sec) * 1'000'000 + now.tv_nsec / 1'000;
    notify("RELOADING=1\nSTATUS=reloading\nMONOTONIC_USEC=" + std::to_string(microseconds));
}

void notify_stopping() { notify("STOPPING=1\nSTATUS=ending waits and sessions"); }

void notify_alive() { notify("WATCHDOG=1"); }

}  // namespace hookd::server::service
