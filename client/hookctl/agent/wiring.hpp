// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "hookctl/json/json_edit.hpp"

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// How agents are told to call `hookctl agent-hook`: the hooks in their own settings.
namespace hookd::hookctl {

/// How an agent writes a hook in its settings.
enum class agent_hook_form : unsigned char {
    nested,            ///< {"matcher": …, "hooks": [{"type": "command", "command": …, "timeout": …}]}
    command,           ///< {"command": …, "timeout": …}
    bash,              ///< {"type": "command", "bash": …, "timeoutSec": …}
    untimed,           ///< {"command": …}
    nested_unmatched,  ///< as nested, without a matcher: there it is a regular expression
    toml,              ///< [[hooks]] with event, command and timeout
};

struct agent_wiring {
    std::string_view agent;
    std::string_view user_directory;     ///< below $HOME
    std::string_view user_variable;      ///< names that directory itself; may be empty
    std::string_view user_file;          ///< in it
    std::string_view project_directory;  ///< below the top of the project; empty: projects have no settings
    std::string_view project_file;       ///< in it
    agent_hook_form form;
    bool in_milliseconds;         ///< its time-outs
    bool has_version;             ///< its file begins with "version": 1
    bool is_shared;               ///< other agents run its hooks, too: each is told by its input, not by --agent
    std::string_view shell_tool;  ///< its name for a shell, for a test
    std::span<const std::string_view> events;  ///< the first is the one before a tool
    json_comments comments;                    ///< in its settings
};

[[nodiscard]] std::span<const agent_wiring> agent_wirings();
/// The first of that agent, which may have settings in several places. Null if hookctl can't wire it.
[[nodiscard]] const agent_wiring* find_agent_wiring(std::string_view agent);

/// What begins our command for that agent behind this program's name: ` agent-hook --agent NAME --timeout `.
[[nodiscard]] std::string agent_hook_words(const agent_wiring& wiring);

/// An agent's settings with the command as a hook of each of its events, in place of what was there of ours. `settings`
/// is the file's text, if there is a file. All else stays as it is, byte for byte. Throws usage_error if it is neither
/// blank nor a JSON object of that form.
[[nodiscard]] std::string wired(const agent_wiring& wiring, const std::optional<std::string>& settings,
    const std::string& command, std::chrono::milliseconds hook_timeout);

/// The settings without our hooks: byte for byte what wired() was given, as long as only our hooks were added since;
/// nothing if wired() has made the file and nothing else is in it.
[[nodiscard]] std::optional<std::string> unwired(const agent_wiring& wiring, std::string settings);

/// A hook of ours in an agent's settings.
struct wired_hook {
    std::string command{};
    std::optional<std::chrono::milliseconds> limit{};  ///< how long the agent gives it; nothing: the settings don't say
};

/// Those of that event.
[[nodiscard]] std::vector<wired_hook> wired_hooks(
    const agent_wiring& wiring, std::string_view settings, std::string_view event);

}  // namespace hookd::hookctl
