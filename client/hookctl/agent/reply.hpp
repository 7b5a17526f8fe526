// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "dialect.hpp"

#include <hookd/verdict.hpp>

#include <string>

namespace hookd::hookctl {

/// Reads the replies, in hookd's words or in any agent's. An `abort` denies. `decision`, `permissionDecision`,
/// `permission` and `behavior` say `allow` (`approve`), `ask` or `deny` (`block`), with the reason that goes with each;
/// `continue` false ends the run; `cancel` true denies and `review` true asks. What stands in hookSpecificOutput counts
/// as at the top. The strictest word of all replies counts. `updated_input`
/// (`updatedInput`, `modifiedArgs`, `overrideInput`, `tool_input`) is a rewrite: of several the last in the order of
/// replies counts, and only its own `allow`. In a chain a reply's `payload` rewrites, too. `allow` and rewrites count
/// from hooks of the user's own and root's alone.
///
/// A reply with another word, or a rewrite that is not an object, counts as that of a hook that has failed: it becomes
/// a notice, and with `fail_closed` a denial. The agent's end is denied by a word only, never by a failure.
[[nodiscard]] agent_decision decide(const agent_event& event, const verdict& said, bool fail_closed);

}  // namespace hookd::hookctl
