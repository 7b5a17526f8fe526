#include "unix_socket.hpp"

#include "bounded_time.hpp"
#include "errors.hpp"

#include <hookd/protocol/socket_path.hpp>
#include <hookd/requests.hpp>

#include <cerrno>
#include <cstring>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <utility>

namespace hookd::detail {

unique_fd& unique_fd::operator=(unique_fd&& other) noexcept {
    if (this != &other) {
        reset();
        fd_ = other.release();
    }
    return *this;
}

int unique_fd::release() noexcept { return std::exchange(fd_, -1); }

void unique_fd::reset() noexcept {
    if (fd_ >= 0) {
        ::close(std::exchange(fd_, -1));
    }
}

std::string resolve_socket_path(std::string path) {
    if (path.empty()) {
        path = default_socket_path();
    }
    if (path.size() > protocol::max_socket_path) {
        throw invalid_argument_error("the socket path has " + std::to_string(path.size()) + " bytes, and the system allows " +
                                     std::to_string(protocol::max_socket_path) + ": choose a shorter one: " + path);
    }
    return path;
}

unique_fd try_connect(const std::string& path, int& error_number) {
    unique_fd fd{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    if (fd && ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
        error_number = 0;
        return fd;
    }
    error_number = errno;
    return {};
}

unique_fd connect_blocking(const std::string& path, std::chrono::milliseconds timeout) {
    const auto end = std::chrono::steady_clock::now() + bounded_time(timeout);
    for (;;) {
        int error_number = 0;
        if (unique_fd fd = try_connect(path, error_number)) {
            return fd;
        }
        if (error_number != EINTR && (error_number != EAGAIN || std::chrono::steady_clock::now() >= end)) {
            throw no_daemon_error(path, error_number);
        }
        ::poll(nullptr, 0, 1);
    }
}

}  // namespace hookd::detail
