// SPDX-License-Identifier: BSL-1.0
// Agents that are told by an exit status: Windsurf, Grok, goose, Kimi, and those that are not known.
#include "dialect.hpp"

#include "hookctl/terminal/output.hpp"

namespace hookd::hookctl {

std::string notice_text(const agent_decision& decision) {
    std::string text;
    for (const auto& each : decision.notices) {
        text.append(text.empty() ? "hookd: " : "\nhookd: ").append(harmless(each));
    }
    return text;
}

agent_answer denied_by_status(const agent_decision& decision) {
    auto text = decision.reason;
    if (const auto notices = notice_text(decision); !notices.empty()) {
        text.append("\n").append(notices);
    }
    return {2, {}, text};
}

agent_answer status_answer(const agent_event& /*event*/, const agent_decision& decision) {
    return decision.word == agent_word::deny ? denied_by_status(decision) : agent_answer{};
}

agent_answer kimi_answer(const agent_event& /*event*/, const agent_decision& decision) {
    if (decision.word == agent_word::deny) {
        return denied_by_status(decision);
    }
    return {0, decision.context.empty() ? std::string() : decision.context + '\n',
        {}};  // what is printed goes into the context
}

}  // namespace hookd::hookctl
