// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "instant.hpp"

#include <hookd/protocol/uuid_text.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <utility>

namespace hookd::core {

/// The questions that a shadow was asked and has not replied to: its replies are recorded, even when the wait is over.
/// The oldest is forgotten past `most`.
///
/// Thread-safety: none (broker's strand).
class shadow_questions {
public:
    static constexpr std::size_t most = 256;

    struct question {
        protocol::uuid hook_event_id{};
        std::uint64_t seq = 0;
        std::string event{};
        steady_time emitted{};
    };

    void add(question asked) {
        questions_.push_back(std::move(asked));
        if (questions_.size() > most) {
            questions_.pop_front();
        }
    }
    /// What was asked under that id, once; nothing if nothing was.
    [[nodiscard]] std::optional<question> take(const protocol::uuid& hook_event_id) {
        const auto found = std::find_if(questions_.begin(), questions_.end(),
            [&hook_event_id](const question& each) { return hook_event_id == each.hook_event_id; });
        if (found == questions_.end()) {
            return std::nullopt;
        }
        auto asked = std::move(*found);
        questions_.erase(found);
        return asked;
    }

private:
    std::list<question> questions_{};  // oldest first
};

}  // namespace hookd::core
