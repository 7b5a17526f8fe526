// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <hookd/server/log.hpp>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>

namespace hookd::server {

/// Warnings about what any peer can bring about as often as it likes: one a second, with how many were passed over
/// before it.
class sparse_warnings {
public:
    explicit sparse_warnings(logger& log) noexcept : log_(log) {}

    void write(std::string text) {
        const auto now = std::chrono::steady_clock::now();
        if (last_ && now - *last_ < std::chrono::seconds{1}) {
            ++passed_over_;
            return;
        }
        last_ = now;
        if (const auto more = std::exchange(passed_over_, 0); more > 0) {
            text += " (and " + std::to_string(more) + " like it before, not logged)";
        }
        log_.write(log_level::warning, text);
    }

private:
    logger& log_;
    std::optional<std::chrono::steady_clock::time_point> last_{};
    std::size_t passed_over_ = 0;
};

}  // namespace hookd::server
