// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "cluster/nats/messages.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace hookd::nats {

/// Questions of other hosts that this one's hookd works on, and who asked.
class foreign_questions {
public:
    /// False for one that is known already.
    bool add(const std::string& id, const sender& origin) { return origins_.emplace(id, origin).second; }

    /// Who asked, once; nothing where it is over.
    std::optional<sender> take(const std::string& id) {
        const auto found = origins_.find(id);
        if (found == origins_.end()) {
            return std::nullopt;
        }
        const sender origin = std::move(found->second);
        origins_.erase(found);
        return origin;
    }

    /// Takes all that this entry of a host has asked, or all there are.
    [[nodiscard]] std::vector<std::string> take_all_of(const sender& origin) {
        std::vector<std::string> ids;
        for (const auto& [id, from] : origins_) {
            if (from == origin) {
                ids.push_back(id);
            }
        }
        std::for_each(ids.begin(), ids.end(), [this](const std::string& id) { origins_.erase(id); });
        return ids;
    }
    [[nodiscard]] std::vector<std::string> take_all() {
        std::vector<std::string> ids;
        for (const auto& [id, from] : std::exchange(origins_, {})) {
            ids.push_back(id);
        }
        return ids;
    }

    [[nodiscard]] bool is_from(const std::string& id, const sender& origin) const {
        const auto found = origins_.find(id);
        return found != origins_.end() && found->second == origin;
    }

private:
    std::unordered_map<std::string, sender> origins_{};
};

}  // namespace hookd::nats
