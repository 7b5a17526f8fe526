#pragma once

#include "cluster/link/messages.hpp"

#include <cstdint>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

namespace hookd::nats {

/// The sessions and hooks of this host that are for the whole cluster.
class local_sessions {
public:
    struct audience {
        std::vector<link::responder> responders{};
        bool is_heard = false;  ///< some session gets the event, whether it responds or not
    };

    void add(link::session one) { sessions_.insert_or_assign(one.number, std::move(one)); }
    void remove(std::int64_t number) { sessions_.erase(number); }

    /// Whom an event concerns.
    [[nodiscard]] audience audience_of(std::string_view event) const;
    /// As other hosts are shown them.
    [[nodiscard]] std::vector<link::host_session> shown() const;

private:
    std::map<std::int64_t, link::session> sessions_{};
};

}  // namespace hookd::nats
