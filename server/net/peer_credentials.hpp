#pragma once

#include <hookd/server/options.hpp>

#include <cstdint>
#include <string>

namespace hookd::server {

/// Who is at the other end of a unix domain socket, as the kernel has it (unix(7), SO_PEERCRED): the process that connected.
struct peer_credentials {
    std::int64_t pid = 0;
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
};

/// Throws std::system_error.
[[nodiscard]] peer_credentials credentials_of(int socket);

/// Whether such a peer may talk: this process's own user, root, and those whom the options name. Groups count with the supplementary
/// ones of the peer (SO_PEERGROUPS).
[[nodiscard]] bool is_allowed(int socket, const peer_credentials& peer, const listener_options& options);

/// For logs: `pid 12, uid 1000`.
[[nodiscard]] std::string describe(const peer_credentials& peer);

}  // namespace hookd::server
