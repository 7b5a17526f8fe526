// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "dialect.hpp"

#include <string>

/// Which sessions' ends have been blocked (--stop-once): an empty file a session in a directory of the user's alone,
/// $XDG_STATE_HOME/hookd/agent-stops, else ~/.local/state/hookd/agent-stops.
namespace hookd::hookctl {

/// Records that this session's end is blocked. Empty if that is the first time; else why it must not be blocked: it
/// was, or that can't be recorded.
[[nodiscard]] std::string record_blocked_stop(const agent_event& event);

/// Forgets a session that is over.
void forget_blocked_stop(const agent_event& event) noexcept;

}  // namespace hookd::hookctl
