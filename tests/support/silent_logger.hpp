// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <hookd/server/log.hpp>

#include <string_view>

namespace hookd::test {

/// Wants no message and drops any.
class silent_logger final : public server::logger {
public:
    [[nodiscard]] bool wants(server::log_level) const noexcept override { return false; }
    void write(server::log_level, std::string_view) noexcept override {}
};

}  // namespace hookd::test
