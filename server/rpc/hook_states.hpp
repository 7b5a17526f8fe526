// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <hookd/protocol/methods.hpp>

/// What `who` says of registered hooks beyond what the broker knows.
namespace hookd::server::rpc {

/// Whether one of the responders is a registered hook.
[[nodiscard]] bool has_registered(const protocol::who_result& asked);

/// A registered hook that cannot run counts as missing, and insists: notes the state of each, and that. A shadow
/// decides nothing, whether it can run or not, and stays as it is.
void note_hook_states(protocol::who_result& asked, const protocol::list_hooks_result& hooks);

}  // namespace hookd::server::rpc
