#pragma once

#include "agent_event.hpp"

#include <hookd/verdict.hpp>

#include <string>
#include <vector>

namespace hookd::hookctl {

/// What hooks have decided about an agent's event.
struct agent_decision {
    enum class kind : unsigned char { none, allow, ask, deny };  ///< the later, the stricter
    kind said = kind::none;
    std::string reason{};
    std::string additional_context{};  ///< text for the model, of all hooks
    std::string updated_input{};       ///< a JSON object in place of the tool's input; empty: none
    std::vector<std::string> notes{};  ///< for whoever looks after the hooks
};

/// Reads the replies. An `abort` denies. A reply may say `"decision"`: `"deny"`, `"ask"` or `"allow"`, with a `"reason"`; the strictest
/// counts. `"additional_context"` is text, `"updated_input"` an object, of which the first counts. A reply with another decision, or an
/// updated_input that is no object, counts as that of a hook that has failed: it is noted, and denies with `fail_closed`.
[[nodiscard]] agent_decision decide(const verdict& said, bool fail_closed);

/// What the agent's hook has to print for that: one line of JSON, or nothing where the agent is to go on as it would without. May add to
/// `decision.notes` what this agent can't be told. Where nobody can be asked although a hook wants that, a prompt is
/// stopped with `fail_closed`.
[[nodiscard]] std::string agent_answer(const agent_event& event, agent_decision& decision, bool fail_closed);

}  // namespace hookd::hookctl
