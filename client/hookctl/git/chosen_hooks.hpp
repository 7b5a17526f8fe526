// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "hook.hpp"

#include <algorithm>
#include <string_view>
#include <vector>

namespace hookd::hookctl {

/// The hooks that `--events` names; where it is empty, those that `usual` picks. Throws usage_error for a name that git
/// does not have.
template <class Usual>
[[nodiscard]] std::vector<const git_hook*> chosen_git_hooks(std::string_view events, Usual usual) {
    std::vector<const git_hook*> chosen;
    const bool all = events.empty();
    for (const auto& each : git_hooks()) {
        if (all && usual(each)) {
            chosen.push_back(&each);
        }
    }
    while (!events.empty()) {
        const auto word = events.substr(0, events.find(','));
        events.remove_prefix(std::min(events.size(), word.size() + 1));
        if (word != "all") {
            chosen.push_back(&git_hook_called(word));
            continue;
        }
        for (const auto& each : git_hooks()) {
            chosen.push_back(&each);
        }
    }
    return chosen;
}

}  // namespace hookd::hookctl
