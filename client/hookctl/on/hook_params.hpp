// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <hookd/requests.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace hookd::hookctl {

/// What register_hook takes.
struct hook_params {
    std::string name{};
    std::vector<std::string> command{};
    std::vector<std::string> events{};
    std::optional<std::chrono::milliseconds> timeout{};
    std::optional<std::uint64_t> jobs{};
    std::string directory{};                 ///< absolute; empty: where the daemon runs
    std::vector<std::string> environment{};  ///< `NAME=VALUE` each
    responder_options as_responder{};
};

/// As a JSON object. Throws usage_error where the command, its directory or a variable is not UTF-8.
[[nodiscard]] std::string to_json(const hook_params& hook);

}  // namespace hookd::hookctl
