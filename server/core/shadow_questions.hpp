// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "instant.hpp"

#include <hookd/protocol/uuid_text.hpp>

#include <algorithm>
#include <cstddef>
#include <list>
#include <optional>

namespace hookd::core {

/// The questions that a shadow was asked and has not replied to: its replies are recorded, even when the wait is over.
/// The oldest is forgotten past `most`.
///
/// Thread-safety: none (broker's strand).
class shadow_questions {
public:
    static constexpr std::size_t most = 256;

    void add(const protocol::uuid& hook_event_id, steady_time emitted) {
        questions_.push_back({hook_event_id, emitted});
        if (questions_.size() > most) {
            questions_.pop_front();
        }
    }
    /// When the event was emitted, once; nothing if that was not asked.
    [[nodiscard]] std::optional<steady_time> take(const protocol::uuid& hook_event_id) {
        const auto found = std::find_if(questions_.begin(), questions_.end(),
            [&hook_event_id](const question& each) { return hook_event_id == each.hook_event_id; });
        if (found == questions_.end()) {
            return std::nullopt;
        }
        const steady_time emitted = found->emitted;
        questions_.erase(found);
        return emitted;
    }

private:
    struct question {
        protocol::uuid hook_event_id{};
        steady_time emitted{};
    };

    std::list<question> questions_{};  // oldest first
};

}  // namespace hookd::core
