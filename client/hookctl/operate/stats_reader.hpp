// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <hookd/protocol/methods.hpp>

#include <string_view>

namespace hookd::hookctl {

/// Reads the result of `stats`, a valid JSON text. Members that it does not know are left out, missing ones stay zero:
/// daemon and hookctl may be of different releases.
[[nodiscard]] protocol::stats_result read_stats(std::string_view json);

}  // namespace hookd::hookctl
