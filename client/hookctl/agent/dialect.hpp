// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "input.hpp"

#include <string>
#include <string_view>
#include <vector>

/// What coding agents write to their hooks, and what they understand. A dialect is one agent's: data, and a few
/// functions. The agents' own documentation and source code are what it follows; each family has a file
/// (*_words.cpp).
namespace hookd::hookctl {

struct agent_dialect;

/// What an agent does, or has done.
enum class agent_event_kind : unsigned char {
    pre_tool_use,
    permission_request,
    prompt_submit,
    post_tool_use,
    stop,
    session_start,
    session_end,
    other,
};

/// A set of kinds.
using agent_event_kinds = unsigned;
[[nodiscard]] constexpr agent_event_kinds at(agent_event_kind kind) noexcept {
    return 1U << static_cast<unsigned>(kind);
}

/// A tool's call, in JSON as the agent has it. Empty: the agent says nothing of it.
struct agent_tool_call {
    std::string name{};
    std::string input{};
    std::string result{};
};

/// One call of an agent's hook.
struct agent_event {
    const agent_dialect* dialect = nullptr;
    std::string caller_name{};  ///< as the agent calls it: `PreToolUse`, `BeforeTool`
    agent_event_kind kind = agent_event_kind::other;
    std::string name{};       ///< as hookd calls it: `agent.pre_tool_use`
    bool waits = false;       ///< whether the agent heeds an answer
    bool is_guarded = false;  ///< whether a failure may stop it (--fail-closed, --no-daemon fail)
    bool is_start = false;    ///< of a session or a subagent: it takes text for the model, and can't be stopped
    std::string session_id{};
    std::string project_directory{};  ///< that the agent works in, as it says; empty if it does not
    std::string common_directory{};   ///< of the git repository that this is in; empty if it is in none
    std::string tool_input{};         ///< a JSON value; empty: there is none
    std::string payload{};            ///< a JSON object
    std::string unclear{};            ///< why it can't be told what the agent is about to do; empty if it can
};

/// The later, the stricter.
enum class agent_word : unsigned char { none, allow, ask, defer, deny };

/// `allow`, `ask`, `defer`, `deny`; empty for none.
[[nodiscard]] std::string_view word_of(agent_word word) noexcept;

/// What hooks have decided about an event.
struct agent_decision {
    agent_word word = agent_word::none;
    std::string reason{};
    std::string context{};               ///< text for the model
    std::string input{};                 ///< a JSON object that the tool gets instead of its input; empty: none
    std::string result{};                ///< a JSON value that the model gets instead of the tool's result; empty: none
    std::string permissions{};           ///< a JSON value that goes with `allow`, as Claude Code has it; empty: none
    bool interrupts = false;             ///< a denied request for permission also ends the turn
    bool ends_run = false;               ///< the agent is to stop altogether, for this reason
    std::vector<std::string> notices{};  ///< for the person: what failed, and what this agent can't be told
};

/// What an agent gets from its hook.
struct agent_answer {
    int exit_status = 0;
    std::string out{};
    std::string err{};
};

struct agent_dialect {
    std::string_view name;              ///< `agent` in the payload, and for --agent
    std::string_view project_variable;  ///< the agent's own variable that names the project; may be empty
    agent_event_kinds heeds;            ///< whose answer it reads
    agent_event_kinds asks;             ///< at which it can ask a person
    agent_event_kinds allows;
    agent_event_kinds rewrites;
    agent_event_kinds adds_context;
    bool ends_run;      ///< knows `continue`: false
    bool tells_person;  ///< shows `systemMessage`
    bool reads_stderr;  ///< takes what is on stderr for the answer where stdout is empty, with exit status 0, too
    bool reads_status;  ///< exit status 2 denies
    bool defers;        ///< before a tool it can put the question off until the session is continued
    bool merges_input;  ///< a rewrite overrides the members that it has, and the others stay
    bool (*sends)(const agent_input& input);  ///< whether only this agent sends such an input
    agent_tool_call (*tool_call)(const agent_input& input, std::string_view event);
    /// The answer in its words, to a decision that fits() it.
    agent_answer (*answer)(const agent_event& event, const agent_decision& decision);
};

/// Null if there is none of that name.
[[nodiscard]] const agent_dialect* find_agent_dialect(std::string_view name);
/// `claude, codex, …`, each once.
[[nodiscard]] std::string agent_names();
/// The one of that name, and if an agent has several, the one that such an input is of. Precondition: there is one of
/// that name.
[[nodiscard]] const agent_dialect& dialect_called(std::string_view name, const agent_input& input);
/// Whose input it is. Reads the environment.
[[nodiscard]] const agent_dialect& dialect_of(const agent_input& input);

/// Makes of a decision one that this agent can carry out at this event, never a laxer one. What gets lost becomes a
/// notice. What can be stopped, and about which no person can be asked, is denied.
void fit(const agent_event& event, agent_decision& decision);

/// What the agent gets. Notices may be added to the decision.
[[nodiscard]] agent_answer answer_to(const agent_event& event, agent_decision& decision);

/// Denies what should be put to a person if no person can be asked.
void deny_instead_of_asking(agent_decision& decision);

/// Denies an input that a hook wants to be another one, and says which. Precondition: the decision has one.
void deny_instead_of_rewriting(agent_decision& decision);

// The families.
[[nodiscard]] agent_answer claude_answer(const agent_event& event, const agent_decision& decision);
[[nodiscard]] agent_answer codex_answer(const agent_event& event, const agent_decision& decision);
[[nodiscard]] agent_answer droid_answer(const agent_event& event, const agent_decision& decision);
[[nodiscard]] agent_answer gemini_answer(const agent_event& event, const agent_decision& decision);
[[nodiscard]] agent_answer copilot_answer(const agent_event& event, const agent_decision& decision);
[[nodiscard]] agent_answer cursor_answer(const agent_event& event, const agent_decision& decision);
[[nodiscard]] agent_answer cline_answer(const agent_event& event, const agent_decision& decision);
[[nodiscard]] agent_answer status_answer(const agent_event& event, const agent_decision& decision);
[[nodiscard]] agent_answer kimi_answer(const agent_event& event, const agent_decision& decision);

/// Exit status 2, with the reason.
[[nodiscard]] agent_answer denied_by_status(const agent_decision& decision);
/// All notices in one text; empty if there are none.
[[nodiscard]] std::string notice_text(const agent_decision& decision);

}  // namespace hookd::hookctl
