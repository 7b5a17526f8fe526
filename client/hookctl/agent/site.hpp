// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "settings_file.hpp"
#include "wiring.hpp"

namespace hookd::hookctl {

/// Where an agent's settings are: the user's, or those of the project that we are in. Throws usage_error where $HOME
/// names no directory.
[[nodiscard]] settings_path settings_of(const agent_wiring& wiring, bool project);

/// Whether the agent seems to be used: its directory is there. Throws as settings_of.
[[nodiscard]] bool is_used(const agent_wiring& wiring, bool project);

}  // namespace hookd::hookctl
