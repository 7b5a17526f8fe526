// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "core/peer.hpp"

#include <base/posix/peer_credentials.hpp>
#include <hookd/server/options.hpp>

#include <optional>

namespace hookd::server {

/// Whether the peer is of this process's own user, or root. The overflow user of a user namespace is not this process's
/// own, whatever its number, unless the kernel tells by other means that the peer's process is.
[[nodiscard]] bool is_owner(const base::peer_credentials& peer);

/// The same as the broker sees it.
[[nodiscard]] core::peer peer_of(const base::peer_credentials& peer);

/// What such a peer may do; nothing: it may not talk at all. Those may talk whom is_owner() or the options name, the
/// overflow user not among them. Groups count with the supplementary ones of the peer (SO_PEERGROUPS).
[[nodiscard]] std::optional<roles> roles_of(
    int socket, const base::peer_credentials& peer, const listener_options& options);

}  // namespace hookd::server
