#include "peer_credentials.hpp"

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <vector>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace hookd::server {
namespace {

bool contains(const std::vector<std::uint32_t>& ids, std::uint32_t id) {
    return std::find(ids.begin(), ids.end(), id) != ids.end();
}

}  // namespace

peer_credentials credentials_of(int socket) {
    ucred raw{};
    socklen_t size = sizeof raw;
    if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &raw, &size) != 0) {
        throw std::system_error(errno, std::generic_category(), "SO_PEERCRED");
    }
    return {raw.pid, raw.uid, raw.gid};
}

bool is_allowed(int socket, const peer_credentials& peer, const listener_options& options) {
    if (peer.uid == 0 || peer.uid == ::geteuid() || contains(options.allowed_users, peer.uid)) {
        return true;
    }
    if (options.allowed_groups.empty()) {
        return false;
    }
    if (contains(options.allowed_groups, peer.gid)) {
        return true;
    }
    std::vector<gid_t> groups(64);
    auto size = static_cast<socklen_t>(groups.size() * sizeof(gid_t));
    int failed = ::getsockopt(socket, SOL_SOCKET, SO_PEERGROUPS, groups.data(), &size);
    if (failed != 0 && errno == ERANGE) {  // `size` says now how much room is needed
        groups.resize(size / sizeof(gid_t));
        failed = ::getsockopt(socket, SOL_SOCKET, SO_PEERGROUPS, groups.data(), &size);
    }
    if (failed != 0) {
        return false;
    }
    groups.resize(size / sizeof(gid_t));
    return std::any_of(groups.begin(), groups.end(), [&options](gid_t id) { return contains(options.allowed_groups, id); });
}

std::string describe(const peer_credentials& peer) {
    return "pid " + std::to_string(peer.pid) + ", uid " + std::to_string(peer.uid);
}

}  // namespace hookd::server
