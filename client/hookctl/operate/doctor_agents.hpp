// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "finding.hpp"

namespace hookd::hookctl {

/// For each coding agent that has settings here, of the user or of the project that we are in: whether they call
/// `hookctl agent-hook` for all that counts, whether that command can be run, and whether the agent waits longer than
/// its hooks may take. Throws nothing but std::bad_alloc.
[[nodiscard]] findings check_agents();

}  // namespace hookd::hookctl
