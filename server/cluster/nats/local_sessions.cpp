#include "cluster/nats/local_sessions.hpp"

#include "core/glob.hpp"

#include <algorithm>
#include <string>

namespace hookd::nats {

local_sessions::audience local_sessions::audience_of(std::string_view event) const {
    audience found;
    const auto matches = [event](const std::string& pattern) { return core::glob_matches(pattern, event); };
    for (const auto& [number, session] : sessions_) {
        if (std::any_of(session.events.begin(), session.events.end(), matches)) {
            found.is_heard = true;
            if (session.responds) {
                found.responders.push_back({session.name, session.on_failure, session.order});
            }
        }
    }
    return found;
}

std::vector<link::host_session> local_sessions::shown() const {
    std::vector<link::host_session> all;
    for (const auto& [number, session] : sessions_) {
        all.push_back({session.name, session.events, session.responds});
    }
    return all;
}

}  // namespace hookd::nats
