// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "hookctl/terminal/output.hpp"

#include <string>
#include <string_view>

namespace hookd::hookctl {

/// What `trace` says of one event, for people: who emitted it, a bar for each session that it was handed to, from when
/// it took it until it replied, what it said and noted, and the verdict.
[[nodiscard]] std::string trace_text(std::string_view trace, const palette& colour);

}  // namespace hookd::hookctl
