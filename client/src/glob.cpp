// SPDX-License-Identifier: BSL-1.0
#include "glob.hpp"

#include <cstddef>

namespace hookd::detail {

bool glob_matches(std::string_view pattern, std::string_view name) noexcept {
    std::size_t p = 0;
    std::size_t n = 0;
    // Only the last star ever needs another try: what an earlier one could swallow, the last one can too.
    std::size_t star = std::string_view::npos;
    std::size_t swallowed_to = 0;
    while (n < name.size()) {
        if (p < pattern.size() && pattern[p] == '*') {
            star = p++;
            swallowed_to = n;
        } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == name[n])) {
            ++p;
            ++n;
        } else if (star != std::string_view::npos) {
            p = star + 1;
            n = ++swallowed_to;
        } else {
            return false;
        }
    }
    return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

}  // namespace hookd::detail
