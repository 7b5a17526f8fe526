// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>

namespace hookd::core {

/// A bound on bytes that several tables share.
///
/// Thread-safety: none (broker's strand).
class memory_budget {
public:
    explicit memory_budget(std::size_t limit) noexcept : limit_(limit) {}

    [[nodiscard]] bool fits(std::size_t bytes) const noexcept { return bytes <= limit_ && used_ <= limit_ - bytes; }
    void take(std::size_t bytes) noexcept { used_ += bytes; }
    void give_back(std::size_t bytes) noexcept { used_ -= bytes; }
    [[nodiscard]] std::size_t limit() const noexcept { return limit_; }
    [[nodiscard]] std::size_t used() const noexcept { return used_; }

private:
    std::size_t limit_;
    std::size_t used_ = 0;
};

}  // namespace hookd::core
