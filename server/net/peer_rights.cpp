// SPDX-License-Identifier: BSL-1.0
#include "peer_rights.hpp"

#include "peer_process.hpp"

#include <base/posix/overflow_user.hpp>

#include <algorithm>
#include <cerrno>
#include <utility>
#include <vector>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace hookd::server {
namespace {

const allowed_account* find(const std::vector<allowed_account>& accounts, std::uint32_t id) {
    const auto at =
        std::find_if(accounts.begin(), accounts.end(), [id](const allowed_account& each) { return each.id == id; });
    return at == accounts.end() ? nullptr : &*at;
}

// The peer's primary and supplementary groups.
std::vector<gid_t> groups_of(int socket, const base::peer_credentials& peer) {
    std::vector<gid_t> groups(64);
    auto size = static_cast<socklen_t>(groups.size() * sizeof(gid_t));
    int failed = ::getsockopt(socket, SOL_SOCKET, SO_PEERGROUPS, groups.data(), &size);
    if (failed != 0 && errno == ERANGE) {  // `size` says now how much room is needed
        groups.resize(size / sizeof(gid_t));
        failed = ::getsockopt(socket, SOL_SOCKET, SO_PEERGROUPS, groups.data(), &size);
    }
    groups.resize(failed != 0 ? 0 : size / sizeof(gid_t));
    groups.push_back(peer.gid);
    return groups;
}

/// Whether the peer's user is this process's own: a number that stands for several users does not tell.
bool is_own_user(const base::peer_credentials& peer) {
    static const bool is_ambiguous = base::is_overflow_user(::geteuid());
    return peer.uid == ::geteuid() && (!is_ambiguous || is_of_own_user(static_cast<pid_t>(peer.pid)));
}

}  // namespace

bool is_owner(const base::peer_credentials& peer) { return peer.uid == 0 || is_own_user(peer); }

core::peer peer_of(const base::peer_credentials& peer) { return {peer.pid, peer.uid, !is_owner(peer)}; }

std::optional<roles> roles_of(int socket, const base::peer_credentials& peer, const listener_options& options) {
    if (is_owner(peer)) {
        return roles{true, true, true};
    }
    // A number that stands for several users, or groups, names none of them.
    if (const auto* const user = find(options.allowed_users, peer.uid);
        user != nullptr && !base::is_overflow_user(peer.uid)) {
        return user->may;
    }
    std::optional<roles> all;
    if (options.allowed_groups.empty()) {
        return all;
    }
    for (const gid_t group : groups_of(socket, peer)) {
        if (const auto* const member_of = find(options.allowed_groups, group);
            member_of != nullptr && !base::is_overflow_group(group)) {
            const roles before = all.value_or(roles{false, false, false});
            all = roles{before.emit || member_of->may.emit, before.observe || member_of->may.observe,
                before.answer || member_of->may.answer};
        }
    }
    return all;
}

}  // namespace hookd::server
