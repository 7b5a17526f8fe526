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
    struct question {
        sender origin{};
        std::string responders{};  ///< of this host, as JSON; empty once the origin was told of them
    };

    /// False for one that is known already.
    bool add(const std::string& id, question asked) {
        const bool is_new = questions_.emplace(id, std::move(asked)).second;
        if (is_new) {
            unannounced_.push_back(id);
        }
        return is_new;
    }

    /// Nothing if it is over.
    std::optional<question> take(const std::string& id) {
        const auto found = questions_.find(id);
        if (found == questions_.end()) {
            return std::nullopt;
        }
        auto taken = std::move(found->second);
        questions_.erase(found);
        return taken;
    }

    [[nodiscard]] bool has_unannounced() const noexcept { return !unannounced_.empty(); }
    /// Calls `announce(id, question)` for each that is under way and whose origin was not told of the responders: it
    /// counts as told then.
    template <class Announce>
    void announce(Announce announce) {
        for (const auto& id : std::exchange(unannounced_, {})) {
            if (const auto found = questions_.find(id); found != questions_.end()) {
                announce(id, found->second);
                found->second.responders.clear();
            }
        }
    }

    /// Takes all that this entry of a host has asked, or all there are.
    [[nodiscard]] std::vector<std::string> take_all_of(const sender& origin) {
        std::vector<std::string> ids;
        for (const auto& [id, asked] : questions_) {
            if (asked.origin == origin) {
                ids.push_back(id);
            }
        }
        std::for_each(ids.begin(), ids.end(), [this](const std::string& id) { questions_.erase(id); });
        return ids;
    }
    [[nodiscard]] std::vector<std::string> take_all() {
        std::vector<std::string> ids;
        for (const auto& [id, asked] : std::exchange(questions_, {})) {
            ids.push_back(id);
        }
        unannounced_.clear();
        return ids;
    }

    [[nodiscard]] bool is_from(const std::string& id, const sender& origin) const {
        const auto found = questions_.find(id);
        return found != questions_.end() && found->second.origin == origin;
    }

private:
    std::unordered_map<std::string, question> questions_{};
    std::vector<std::string> unannounced_{};
};

}  // namespace hookd::nats
