// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <chrono>
#include <functional>
#include <string>

namespace hookd::test {

using namespace std::chrono_literals;

/// How long a test waits for what must happen. Far more than any machine needs: sanitizers and neighbours slow things
/// down, and only a failure ever takes this long.
inline constexpr std::chrono::milliseconds patience = 30s;

/// A point in time after which a wait has failed.
class deadline {
public:
    explicit deadline(std::chrono::milliseconds span = patience) : end_(std::chrono::steady_clock::now() + span) {}

    [[nodiscard]] bool passed() const { return std::chrono::steady_clock::now() >= end_; }
    /// What is left, never negative, rounded up: fit for poll(2).
    [[nodiscard]] int left_ms() const;

private:
    std::chrono::steady_clock::time_point end_;
};

/// Calls `condition` again and again until it holds. Throws std::runtime_error naming `what` once `limit` has passed.
void eventually(const std::string& what, const std::function<bool()>& condition, deadline limit = deadline{});

}  // namespace hookd::test
