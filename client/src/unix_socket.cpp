// SPDX-License-Identifier: BSL-1.0
#include "unix_socket.hpp"

#include "bounded_time.hpp"
#include "daemon_owner.hpp"
#include "errors.hpp"

#include <base/posix/overflow_user.hpp>
#include <base/posix/peer_credentials.hpp>
#include <base/posix/unique_fd.hpp>
#include <hookd/protocol/socket_path.hpp>
#include <hookd/requests.hpp>

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <utility>

namespace hookd::detail {

daemon_address resolve_address(std::string path, const std::string& daemon_user) {
    if (path.empty()) {
        path = default_socket_path();
    }
    if (path.size() > protocol::max_socket_path) {
        throw invalid_argument_error("the socket path has " + std::to_string(path.size()) +
                                     " bytes, and the system allows " + std::to_string(protocol::max_socket_path) +
                                     ": choose a shorter one: " + path);
    }
    return {std::move(path), named_daemon_user(daemon_user)};
}

connect_attempt try_connect(const daemon_address& address) {
    const std::string& path = address.path;
    connect_attempt result;
    base::unique_fd fd{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    std::memcpy(name.sun_path, path.data(), path.size());
    socklen_t size = sizeof name;
    if (path.front() == '@') {
        name.sun_path[0] = '\0';
        size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
    }
    if (!fd || ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&name), size) != 0) {
        const int error_number = errno;
        result.may_retry = error_number == EAGAIN || error_number == EINTR;
        result.failure = connect_error(path, error_number);
        return result;
    }
    const auto peer = base::peer_credentials_of(fd.get());
    const auto owner = peer ? std::optional{peer->uid} : std::nullopt;
    const bool is_overflow = owner && base::is_overflow_user(*owner);
    if (!owner || !is_trusted_owner(*owner, ::geteuid(), address.user, is_overflow)) {
        result.failure = untrusted_error(path, is_overflow ? std::nullopt : owner);
        return result;
    }
    result.fd = std::move(fd);
    return result;
}

base::unique_fd connect_blocking(const daemon_address& address, std::chrono::milliseconds timeout) {
    const auto end = std::chrono::steady_clock::now() + bounded_time(timeout);
    for (;;) {
        auto attempt = try_connect(address);
        if (!attempt.failure) {
            return std::move(attempt.fd);
        }
        if (!attempt.may_retry || std::chrono::steady_clock::now() >= end) {
            throw error{*attempt.failure};
        }
        ::poll(nullptr, 0, 1);
    }
}

}  // namespace hookd::detail
