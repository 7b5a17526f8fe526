// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <algorithm>
#include <chrono>
#include <random>

namespace hookd::link {

/// How long to wait before the next attempt to reach the engine: 50 ms, doubled each time up to 5 s, and a random
/// quarter more or less, so that a thousand hosts do not return in one moment.
class back_off {
public:
    [[nodiscard]] std::chrono::milliseconds next() {
        const auto base = wait_;
        wait_ = std::min(2 * wait_, longest);
        const auto spread = base.count() / 4;
        return base + std::chrono::milliseconds{
                          std::uniform_int_distribution<std::chrono::milliseconds::rep>{-spread, spread}(random_)};
    }

    void reset() { wait_ = shortest; }

private:
    static constexpr std::chrono::milliseconds shortest{50};
    static constexpr std::chrono::milliseconds longest{5'000};

    std::chrono::milliseconds wait_ = shortest;
    std::minstd_rand random_{std::random_device{}()};
};

}  // namespace hookd::link
