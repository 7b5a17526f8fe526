// SPDX-License-Identifier: BSL-1.0
#include "hook_states.hpp"

#include <algorithm>

namespace hookd::server::rpc {

bool has_registered(const protocol::who_result& asked) {
    return std::any_of(
        asked.responders.begin(), asked.responders.end(), [](const auto& each) { return each.registered; });
}

void note_hook_states(protocol::who_result& asked, const protocol::list_hooks_result& hooks) {
    for (auto& each : asked.responders) {
        const auto hook = std::find_if(hooks.hooks.begin(), hooks.hooks.end(),
            [&each](const auto& one) { return one.definition.name == each.name; });
        const bool decides = hook != hooks.hooks.end() && !hook->definition.shadow;
        if (each.registered && decides && hook->state != protocol::hook_state::ok) {
            each.state = to_string(hook->state);
            each.on_failure = protocol::failure_policy::closed;
        }
    }
}

}  // namespace hookd::server::rpc
