// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "hookctl/terminal/output.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace hookd::hookctl {

/// What `trace` says of one event, for people: who emitted it, a bar for each session that it was handed to, from when
/// it took it until it replied, what it said and noted, and the verdict. The bars are
/// shorter on a screen of few columns; no text is shortened.
[[nodiscard]] std::string trace_text(std::string_view trace, std::size_t columns, const palette& colour);

}  // namespace hookd::hookctl
