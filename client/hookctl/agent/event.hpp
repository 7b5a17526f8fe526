// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "dialect.hpp"

#include <string>
#include <string_view>

namespace hookd::hookctl {

/// What the input's members make of it; its payload is not made, so this is also for an input that can't be used.
/// `dialect` null: the input tells whose it is. Reads the environment. The name of an event that the input does not
/// name is empty.
[[nodiscard]] agent_event recognize_agent_event(const agent_input& input, std::string_view dialect);

/// The same with its payload. Throws usage_error if it is no hook's input.
[[nodiscard]] agent_event read_agent_event(const agent_input& input, std::string_view dialect);

/// The same event of the same input, about what the hook `author` wants the tool to get: a JSON object. Precondition: a
/// tool's event.
[[nodiscard]] agent_event rewritten_agent_event(
    const agent_event& event, const agent_input& input, std::string_view tool_input, std::string_view author);

/// `agent.pre_tool_use` of `PreToolUse`: in the form in which events are named.
[[nodiscard]] std::string agent_event_name(std::string_view caller_name);

}  // namespace hookd::hookctl
