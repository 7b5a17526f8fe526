// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "core/peer.hpp"

#include <hookd/server/options.hpp>

#include <cstdint>
#include <optional>

namespace hookd::server {

/// Who is at the other end of a unix domain socket, as the kernel has it (unix(7), SO_PEERCRED): the process that
/// connected.
struct peer_credentials {
    std::int64_t pid = 0;  ///< 0 where it is of another pid namespace
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
};

/// Throws std::system_error.
[[nodiscard]] peer_credentials credentials_of(int socket);

/// Whether the peer is of this process's own user, or root. The overflow user of a user namespace is not this process's
/// own, whatever its number, unless the kernel tells by other means that the peer's process is.
[[nodiscard]] bool is_owner(const peer_credentials& peer);

/// The same as the broker sees it.
[[nodiscard]] core::peer peer_of(const peer_credentials& peer);

/// What such a peer may do; nothing: it may not talk at all. Those may talk whom is_owner() or the options name, the
/// overflow user not among them. Groups count with the supplementary ones of the peer (SO_PEERGROUPS).
[[nodiscard]] std::optional<roles> roles_of(int socket, const peer_credentials& peer, const listener_options& options);

}  // namespace hookd::server
