#include "app/service.hpp"

#include <systemd/sd-daemon.h>

#include <sys/socket.h>
#include <sys/un.h>

#include <time.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <stdexcept>
#include <string>
#include <system_error>

namespace hookd::server::service {

int take_socket() {
    const int count = ::sd_listen_fds(1);
    if (count == 0) {
        return -1;
    }
    if (count < 0) {
        throw std::runtime_error("LISTEN_FDS, by which a socket is handed over, cannot be used: " + std::generic_category().message(-count));
    }
    if (count > 1) {
        throw std::runtime_error(std::to_string(count) + " sockets are handed over by LISTEN_FDS, but hookd takes one: keep one ListenStream= in the socket unit");
    }
    if (::sd_is_socket_unix(SD_LISTEN_FDS_START, SOCK_STREAM, 1, nullptr, 0) <= 0) {
        throw std::runtime_error(
            "what is handed over by LISTEN_FDS is no listening unix stream socket: give the socket unit ListenStream= with an absolute path");
    }
    return SD_LISTEN_FDS_START;
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

void notify_ready(std::string_view status) {
    ::sd_notify(0, ("READY=1\nSTATUS=" + std::string{status}).c_str());
}

void notify_reloading() {
    // The time lets the manager tell this reload's READY=1 from an earlier one's.
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    const auto microseconds = static_cast<long long>(now.tv_sec) * 1'000'000 + now.tv_nsec / 1'000;
    ::sd_notify(0, ("RELOADING=1\nSTATUS=reloading\nMONOTONIC_USEC=" + std::to_string(microseconds)).c_str());
}

void notify_stopping() {
    ::sd_notify(0, "STOPPING=1\nSTATUS=ending waits and sessions");
}

}  // namespace hookd::server::service
