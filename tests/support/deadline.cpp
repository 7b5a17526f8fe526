// SPDX-License-Identifier: BSL-1.0
#include "deadline.hpp"

#include <poll.h>

#include <algorithm>
#include <stdexcept>

namespace hookd::test {

int deadline::left_ms() const {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end_ - std::chrono::steady_clock::now()).count();
    return static_cast<int>(std::clamp<long long>(left, 0, 24 * 3600 * 1000));
}

void eventually(const std::string& what, const std::function<bool()>& condition, deadline limit) {
    while (!condition()) {
        if (limit.passed()) {
            throw std::runtime_error("waited in vain until " + what);
        }
        // The condition is what is waited for; the pause only leaves the processor to whoever brings it about.
        ::poll(nullptr, 0, 1);
    }
}

}  // namespace hookd::test
