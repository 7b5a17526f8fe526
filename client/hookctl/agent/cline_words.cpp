// SPDX-License-Identifier: BSL-1.0
// Cline: it reads no exit status. A tool call of its SDK (`tool_call`) can be reviewed by a person and get another
// input; one of a hook script not.
#include "dialect.hpp"

#include <base/json/object_writer.hpp>

namespace hookd::hookctl {

agent_answer cline_answer(const agent_event& event, const agent_decision& decision) {
    const bool is_sdk_call = event.caller_name == "tool_call";
    auto adapted = decision;
    if (!adapted.input.empty() && (!is_sdk_call || adapted.word == agent_word::ask)) {
        deny_instead_of_rewriting(adapted);
    } else if (adapted.word == agent_word::ask && !is_sdk_call) {
        deny_instead_of_asking(adapted);
    }
    base::object_writer answer;
    if (adapted.word == agent_word::deny) {
        answer.flag("cancel", true).text("errorMessage", adapted.reason);
    } else if (adapted.word == agent_word::ask) {
        answer.flag("cancel", false).flag("review", true);
    }
    if (!adapted.input.empty()) {
        answer.raw("overrideInput", adapted.input);
    }
    if (!adapted.context.empty()) {
        answer.text("contextModification", adapted.context);
    }
    return {0, answer.empty() ? std::string() : answer.finish() + '\n', {}};
}

}  // namespace hookd::hookctl
