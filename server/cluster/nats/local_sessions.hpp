// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "cluster/link/messages.hpp"

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

namespace hookd::nats {

/// The sessions and hooks of this host that are for the whole cluster, in the order of their numbers.
class local_sessions {
public:
    void add(link::session one);
    void remove(std::int64_t number) { sessions_.erase(number); }
    void clear() { sessions_.clear(); }
    [[nodiscard]] std::vector<link::host_session> all() const;

private:
    std::map<std::int64_t, link::host_session> sessions_{};
};

}  // namespace hookd::nats
