// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <base/posix/unique_fd.hpp>
#include <hookd/error.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace hookd::detail {

/// Where a client connects to, and whose daemon it talks to there.
struct daemon_address {
    std::string path{};                   ///< `@NAME`: a socket in the abstract namespace (unix(7))
    std::optional<std::uint32_t> user{};  ///< besides the client's own and root
};

/// `path`, or the default where it is empty; `daemon_user` as client_options::daemon_user. Throws error
/// (invalid_argument) for a path that is longer than the system allows, and for a user that is not known.
[[nodiscard]] daemon_address resolve_address(std::string path, const std::string& daemon_user);

/// What came of one attempt to connect.
struct connect_attempt {
    base::unique_fd fd{};            ///< connected to a daemon that may be talked to; non-blocking, closed on exec
    std::optional<error> failure{};  ///< where there is no `fd`
    /// Whether another attempt soon may succeed: the daemon's queue of unaccepted connections is full, which poll(2)
    /// cannot wait for (unix(7)).
    bool may_retry = false;
};

/// Connects without blocking, and asks the kernel whose daemon it is, before a byte is sent.
[[nodiscard]] connect_attempt try_connect(const daemon_address& address);

/// Tries again while the queue is full, for at most `timeout`. Throws error (no_daemon, unreachable, untrusted).
[[nodiscard]] base::unique_fd connect_blocking(const daemon_address& address, std::chrono::milliseconds timeout);

}  // namespace hookd::detail
