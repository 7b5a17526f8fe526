// SPDX-License-Identifier: BSL-1.0
#include "hook_table.hpp"

#include <base/text/glob.hpp>

#include <algorithm>

namespace hookd::detail {

std::vector<std::string> hook_table::patterns() const {
    std::vector<std::string> all;
    const auto add = [&all](const std::string& pattern) {
        if (std::find(all.begin(), all.end(), pattern) == all.end()) {
            all.push_back(pattern);
        }
    };
    for (const auto& each : hooks) {
        add(each.pattern);
    }
    for (const auto& each : listeners) {
        add(each.pattern);
    }
    return all;
}

const hook_table::hook_route* hook_table::find_hook(const std::string& event_name) const noexcept {
    const auto found = std::find_if(hooks.begin(), hooks.end(),
        [&](const hook_route& each) { return base::glob_matches(each.pattern, event_name); });
    return found == hooks.end() ? nullptr : &*found;
}

}  // namespace hookd::detail
