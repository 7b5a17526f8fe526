// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "journal.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace hookd::core {

/// What a session that resumes has missed and the broker retains no longer, as far as it has been found in the journal.
struct missed_events {
    std::uint64_t through_seq = 0;  ///< none that it wants is missing up to this one; 0: nothing was looked for
    std::vector<journalled_event> events{};  ///< that it wants; ascending by seq
    std::size_t bytes = 0;                   ///< of their payloads
    bool is_cut = false;                     ///< there may be more than a session is handed at once
    bool is_lost = false;                    ///< the journal does not hold the next one, or not as it was
};

}  // namespace hookd::core
