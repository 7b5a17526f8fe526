// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <chrono>

namespace hookd::server::rpc {

/// How long the work of one turn has taken: others wait meanwhile.
///
/// It is asked after each of many small requests, so that it reads the exact clock now and then only, and the kernel's
/// coarse one, right to a few milliseconds, in between, for requests that take long by themselves. Thread-safety: none.
class turn_clock {
public:
    using clock = std::chrono::steady_clock;

    /// While nothing else has turns of its own left to do.
    static constexpr std::chrono::microseconds longest_turn_alone{1000};
    /// Else: thirty peers that have as much to do each are through with one turn each in less than 10 ms.
    static constexpr std::chrono::microseconds longest_turn{250};

    /// Whether a turn that began then has had its time.
    [[nodiscard]] bool is_over(clock::time_point turn_began, bool is_alone) noexcept;

private:
    static constexpr unsigned exact_every = 8;

    unsigned asked_ = 0;
};

}  // namespace hookd::server::rpc
