// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "dialect.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace hookd::hookctl {

/// What Codex writes to its `notify` program.
inline constexpr std::string_view codex_notice = "agent-turn-complete";

/// The event of an input of Copilot CLI in camelCase, which names none: told by its members. Empty if it is none of its
/// events.
[[nodiscard]] std::string_view copilot_event_name(const agent_input& input);

// Where a dialect has its tool calls.
[[nodiscard]] agent_tool_call plain_tool_call(const agent_input& input, std::string_view event);
[[nodiscard]] agent_tool_call camel_tool_call(const agent_input& input, std::string_view event);
[[nodiscard]] agent_tool_call cursor_tool_call(const agent_input& input, std::string_view event);
[[nodiscard]] agent_tool_call cline_tool_call(const agent_input& input, std::string_view event);
[[nodiscard]] agent_tool_call windsurf_tool_call(const agent_input& input, std::string_view event);

/// `shell`, `write`, `read`, `fetch`, `mcp`, `task`, or `other` for a name that is not known. `agent`: the dialect's
/// name.
[[nodiscard]] std::string_view agent_tool_kind(std::string_view agent, std::string_view tool);
/// The command line that the tool would run; empty if there is none.
[[nodiscard]] std::string agent_tool_command(const agent_tool_call& call);
/// The files that the tool names: in its own members, and in a patch.
[[nodiscard]] std::vector<std::string> agent_tool_paths(const agent_tool_call& call);

}  // namespace hookd::hookctl
