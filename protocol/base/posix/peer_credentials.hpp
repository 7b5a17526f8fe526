// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>
#include <optional>

#include <sys/socket.h>

namespace hookd::base {

/// The process at the other end of a connected unix domain socket, as the kernel has it (unix(7), SO_PEERCRED): on the
/// accepted end the one that connected, on the connecting end the one that listens.
struct peer_credentials {
    std::int64_t pid = 0;  ///< 0 if it is of another pid namespace
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
};

/// Nothing if the kernel doesn't say; errno is why.
[[nodiscard]] inline std::optional<peer_credentials> peer_credentials_of(int socket) noexcept {
    ucred raw{};
    socklen_t size = sizeof raw;
    if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &raw, &size) != 0) {
        return std::nullopt;
    }
    return peer_credentials{raw.pid, raw.uid, raw.gid};
}

}  // namespace hookd::base
