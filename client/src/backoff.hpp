// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <chrono>
#include <cstdint>
#include <random>

namespace hookd::detail {

/// Pauses between attempts: doubled from `first` to `last`, each cut at random by up to a half, so that many clients of
/// a daemon that was restarted don't return at the same moment. Thread-safety: none.
class backoff {
public:
    backoff(std::chrono::milliseconds first, std::chrono::milliseconds last, std::uint32_t seed);

    /// How long to wait before the next attempt.
    [[nodiscard]] std::chrono::microseconds next();
    /// After a success: starts with the first pause again.
    void reset() noexcept { pause_ = first_; }

private:
    std::chrono::microseconds first_;
    std::chrono::microseconds last_;
    std::chrono::microseconds pause_;
    std::minstd_rand random_;
};

}  // namespace hookd::detail
