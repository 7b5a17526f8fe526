#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace hookd::hookctl {

/// Whose command hooks: what comes in is much alike, what goes out is not.
enum class agent_kind : unsigned char { claude, codex, gemini };

/// What a coding agent does, or has done.
enum class agent_event_kind : unsigned char {
    session_start,
    session_end,
    prompt_submit,
    pre_tool_use,
    post_tool_use,
    notification,
    stop,
    subagent_stop,
};

/// One call of a coding agent's hook.
struct agent_event {
    agent_kind agent = agent_kind::claude;
    std::string caller_name{};               ///< as the agent calls it: `PreToolUse`, `BeforeTool`
    std::optional<agent_event_kind> kind{};  ///< nothing: not one of ours
    bool answered = true;                    ///< the agent reads an answer
    std::string payload{};                   ///< a JSON object

    /// `agent.pre_tool_use`. Precondition: kind.
    [[nodiscard]] std::string name() const;
    /// Whether a hook may have something to say that the agent would heed.
    [[nodiscard]] bool waits() const noexcept;
    /// Whether it is there to be stopped where nobody says anything. An agent that is kept from ending would never end.
    [[nodiscard]] bool is_guarded() const noexcept;
};

/// Reads what the agent wrote to its hook: valid JSON. Without `agent` it is told from the input: by the names that only Gemini has, or
/// by the members that only Gemini or Codex sends; Claude Code is what others imitate. Throws usage_error where it is no hook's input.
[[nodiscard]] agent_event read_agent_event(std::string_view input, std::optional<agent_kind> agent);

}  // namespace hookd::hookctl
