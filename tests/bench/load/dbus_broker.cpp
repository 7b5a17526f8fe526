// SPDX-License-Identifier: BSL-1.0
// bench_dbus_broker PROGRAM SOCKET: becomes the dbus-broker PROGRAM, with a private bus on SOCKET where everybody may
// do everything. A child plays the launcher: it hands the listening socket over, as dbus-broker's own tests do, and
// stays as long as the bus does.

#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace {

[[noreturn]] void fail(const char* what, int error) {
    std::fprintf(stderr, "bench_dbus_broker: %s: %s\n", what, std::strerror(error));
    std::_Exit(1);
}

int listen_on(const char* path) {
    sockaddr_un where{};
    where.sun_family = AF_UNIX;
    std::strncpy(where.sun_path, path, sizeof where.sun_path - 1);
    const int result = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (::bind(result, reinterpret_cast<const sockaddr*>(&where), sizeof where) != 0 || ::listen(result, 1024) != 0) {
        fail(path, errno);
    }
    return result;
}

/// One rule of a kind allows all of it: connecting, owning names, sending and receiving.
#define HOOKD_BENCH_RULES "bta(btbs)a(btssssuutt)a(btssssuutt)"
constexpr const char* policy_type = "(a(u(" HOOKD_BENCH_RULES "))a(buu(" HOOKD_BENCH_RULES "))a(ss)bs)";

void launch(int controller, int listener) {
    sd_bus* bus = nullptr;
    int error = sd_bus_new(&bus);
    if (error < 0 || (error = sd_bus_set_fd(bus, controller, controller)) < 0 || (error = sd_bus_start(bus)) < 0) {
        fail("talking to dbus-broker", -error);
    }
    constexpr int yes = 1;
    constexpr int no = 0;
    constexpr std::uint64_t first = 1;
    constexpr std::uint64_t any = 0;
    constexpr std::uint64_t most = UINT64_MAX;
    const auto everybody = static_cast<std::uint32_t>(-1);
    sd_bus_error refused = SD_BUS_ERROR_NULL;
    error = sd_bus_call_method(bus, nullptr, "/org/bus1/DBus/Broker", "org.bus1.DBus.Broker", "AddListener", &refused,
        nullptr, "ohv", "/org/bus1/DBus/Listener/0", listener, policy_type,  //
        1, everybody, yes, first, 1, yes, first, yes, "",                    // one user batch: connect, own
        1, yes, first, "", "", "", "", 0U, 0U, any, most, 1, yes, first, "", "", "", "", 0U, 0U, any,
        most,                  // send, receive
        0, 0, no, "session");  // no groups, no SELinux, no AppArmor
    if (error < 0) {
        std::fprintf(stderr, "%s\n", refused.message != nullptr ? refused.message : "");
        fail("handing the socket to dbus-broker", -error);
    }
    while (sd_bus_wait(bus, UINT64_MAX) >= 0 && sd_bus_process(bus, nullptr) >= 0) {
    }
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 3) {
        std::fputs("usage: bench_dbus_broker PROGRAM SOCKET\n", stderr);
        return 2;
    }
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) != 0) {
        fail("socketpair", errno);
    }
    const int listener = listen_on(argv[2]);
    const pid_t child = ::fork();
    if (child < 0) {
        fail("fork", errno);
    }
    if (child == 0) {
        ::close(ends[0]);
        launch(ends[1], listener);
        return 0;
    }
    ::close(ends[1]);
    ::execl(argv[1], argv[1], "--controller", std::to_string(ends[0]).c_str(), "--machine-id",
        "0123456789abcdef0123456789abcdef", "--max-bytes", "2147483647", "--max-matches", "100000", "--max-objects",
        "100000", "--max-fds", "1000", nullptr);
    fail(argv[1], errno);
}
