// SPDX-License-Identifier: BSL-1.0
#include "cluster/nats/local_sessions.hpp"

namespace hookd::nats {

void local_sessions::add(link::session one) {
    sessions_.insert_or_assign(one.number, link::host_session{std::move(one.name), std::move(one.events), one.responds,
                                               one.uid, std::move(one.on_failure), one.order, std::move(one.kind)});
}

std::vector<link::host_session> local_sessions::all() const {
    std::vector<link::host_session> sessions;
    for (const auto& [number, each] : sessions_) {
        sessions.push_back(each);
    }
    return sessions;
}

}  // namespace hookd::nats
