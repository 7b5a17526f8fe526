// SPDX-License-Identifier: BSL-1.0
#include "connection_places.hpp"

#include "core/budgets.hpp"

namespace hookd::server {
namespace {

constexpr std::size_t places_kept_for_owners = 16;

}  // namespace

std::optional<protocol::error> connection_places::refuse(const core::peer& peer) const {
    const core::shared_limit limit{most_, places_kept_for_owners, 2};
    const bool is_named = peer.is_named;
    if (const auto own = of_named_.find(peer.uid); is_named && own != of_named_.end() && own->second >= limit.share()) {
        return protocol::limit_error("max_connections", limit.share(),
            "your user has as many connections as one user may, half of all: close one");
    }
    if (const auto most = limit.most_of_all(is_named); all_ >= most) {
        return protocol::limit_error("max_connections", most,
            "the daemon has as many connections as it may: close one, or raise --max-connections");
    }
    return std::nullopt;
}

void connection_places::take(const core::peer& peer) {
    if (peer.is_named) {
        ++of_named_[peer.uid];
    }
    ++all_;
}

void connection_places::give_back(const core::peer& peer) noexcept {
    --all_;
    if (const auto own = of_named_.find(peer.uid); own != of_named_.end() && --own->second == 0) {
        of_named_.erase(own);
    }
}

}  // namespace hookd::server
