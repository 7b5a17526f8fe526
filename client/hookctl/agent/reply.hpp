// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "dialect.hpp"

#include <hookd/verdict.hpp>

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace hookd::hookctl {

/// Reads the replies, in hookd's words or in any agent's. An `abort` denies. `decision`, `permissionDecision`,
/// `permission` and `behavior` say `allow` (`approve`), `ask`, `defer` or `deny` (`block`), with the reason that goes
/// with each; `continue` false ends the run; `cancel` true denies and `review` true asks. What stands in
/// hookSpecificOutput counts as at the top. The strictest word of all replies counts. `updated_input`
/// (`updatedInput`, `modifiedArgs`, `overrideInput`, `tool_input`) is a rewrite: of several the last in the order of
/// replies counts, and only its own `allow`. In a chain a reply's `payload` rewrites, too. `allow` and rewrites count
/// from hooks of the user's own and root's alone.
///
/// A reply with another word, or a rewrite that is not an object, counts as that of a hook that has failed: it becomes
/// a notice, and with `fail_closed` a denial. The agent's end is denied by a word only, never by a failure.
[[nodiscard]] agent_decision decide(const agent_event& event, const verdict& answered, bool fail_closed);

/// The hooks as a chain, also where one rewrites by `updated_input`, which the daemon knows nothing of: all are asked
/// again, about what it wants. Those after it have their turn then; those that have had it may still object or ask.
class agent_chain {
public:
    /// `event`: outlives this.
    agent_chain(const agent_event& event, bool fail_closed);

    /// What a hook wants the tool to get.
    struct rewrite {
        std::string
            input{};  ///< a JSON object; where the agent merges inputs, of all members that hooks have rewritten
        std::string author{};
    };
    /// Takes what hooks have said about the event with `tool_input`. A rewrite is what the hooks after its author are
    /// to be asked about next; nothing: decision() is complete.
    [[nodiscard]] std::optional<rewrite> take(const verdict& answered, std::string_view tool_input);
    /// Whether a hook has had its turn.
    [[nodiscard]] bool has_begun() const noexcept { return !turns_.empty(); }
    [[nodiscard]] agent_decision& decision() noexcept { return result_; }

private:
    void count_objection(const agent_decision& decision);
    void count(agent_decision decision, const std::string& failed);
    void set_input();
    void conclude(const verdict& answered);
    void add_notice(std::string notice);

    const agent_event* event_;
    bool fail_closed_;
    agent_decision result_{};
    std::string failed_{};                        ///< why it can't be told what the agent or a hook wants
    std::string input_{};                         ///< what hooks want the tool to get by now
    agent_word author_word_ = agent_word::none;   ///< of the last one that wants something
    std::map<std::string, std::size_t> turns_{};  ///< of the hooks of each name
};

}  // namespace hookd::hookctl
