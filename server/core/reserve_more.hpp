// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <algorithm>
#include <cstddef>

namespace hookd::core {

/// Room for `count` elements more, which are then added without failing. The capacity at least doubles, so that adding
/// many one by one takes linear time. Throws std::bad_alloc; nothing has changed then.
template <class Vector>
void reserve_more(Vector& elements, std::size_t count) {
    if (const auto needed = elements.size() + count; needed > elements.capacity()) {
        elements.reserve(std::max(needed, 2 * elements.capacity()));
    }
}

}  // namespace hookd::core
