#include "agent_answer.hpp"

#include "json_object.hpp"

#include <hookd/protocol/json_text.hpp>

#include <array>
#include <optional>
#include <string_view>
#include <utility>

namespace hookd::hookctl {

namespace {

using kind = agent_decision::kind;
using protocol::json_kind;

constexpr std::array<std::string_view, 4> decision_names{"", "allow", "ask", "deny"};

std::string decoded(std::string_view string) {
    return protocol::json_string{string.substr(1, string.size() - 2)}.decode();
}

/// An agent may take a blank reason for none, and a denial without a reason for a broken hook (Codex does, and runs the tool).
bool is_blank(std::string_view text) {
    return text.find_first_not_of(" \t\r\n\v\f") == std::string_view::npos;
}

std::optional<kind> decision_called(std::string_view name) {
    for (const auto each : {kind::allow, kind::ask, kind::deny}) {
        if (decision_names[static_cast<std::size_t>(each)] == name) {
            return each;
        }
    }
    return std::nullopt;
}

/// What one hook has replied, and why that is no reply, if it is none: what the hook wants can't be told.
struct hook_reply {
    agent_decision decision{};
    std::string failed{};
};

hook_reply read_reply(const verdict::response& reply) {
    hook_reply result;
    auto& decision = result.decision;
    const auto bad = [&](std::string_view what) {
        return decision.notes.emplace_back("the reply of " + reply.responder + " has " + std::string(what));
    };
    const auto first = reply.text.find('{');
    protocol::json_cursor members(std::string_view(reply.text).substr(first, reply.text.rfind('}') + 1 - first));
    while (const auto member = members.next()) {
        const auto what = protocol::kind_of(member->value);
        if (member->key.equals("decision")) {
            if (const auto said = what == json_kind::string ? decision_called(decoded(member->value)) : std::nullopt) {
                decision.said = *said;
            } else {
                result.failed = bad("a decision that is not allow, ask or deny");
            }
        } else if (member->key.equals("reason")) {
            if (what == json_kind::string) {
                decision.reason = decoded(member->value);
            } else {
                bad("a reason that is no string");
            }
        } else if (member->key.equals("additional_context")) {
            if (what == json_kind::string) {
                decision.additional_context = decoded(member->value);
            } else {
                bad("an additional_context that is no string");
            }
        } else if (member->key.equals("updated_input")) {
            if (what == json_kind::object) {
                decision.updated_input = member->value;
            } else {
                result.failed = bad("an updated_input that is no object");
            }
        }
    }
    if (decision.said == kind::deny && is_blank(decision.reason)) {
        decision.reason = "denied by " + reply.responder + " without a reason";
    }
    return result;
}

constexpr std::string_view for_a_person = "a person has to decide this";

/// Denies what should be put to a person where nobody can be asked.
void deny_instead_of_asking(agent_decision& decision) {
    decision.said = kind::deny;
    decision.reason = std::string(for_a_person) + (decision.reason.empty() ? "" : ": " + decision.reason);
}

void add_decision(json_object& answer, std::string_view word, const std::string& reason) {
    answer.text("decision", word);
    if (!reason.empty()) {
        answer.text("reason", reason);
    }
}

std::string for_permission(const agent_event& event, agent_decision& decision) {
    if (!decision.additional_context.empty()) {
        decision.notes.emplace_back("there is no additional_context with a request for permission");
    }
    if (!decision.updated_input.empty() && event.agent != agent_kind::claude && decision.said != kind::deny) {
        // The input that was there is not what the hook has allowed.
        decision.said = kind::none;
        decision.notes.emplace_back("the agent takes no updated_input with a request for permission: a person decides");
    }
    if (decision.said != kind::deny && decision.said != kind::allow) {
        return {};  // a person is about to be asked
    }
    json_object behaviour;
    behaviour.text("behavior", decision_names[static_cast<std::size_t>(decision.said)]);
    if (decision.said == kind::deny) {
        behaviour.text("message", decision.reason);
    } else if (!decision.updated_input.empty()) {
        behaviour.raw("updatedInput", decision.updated_input);
    }
    json_object output;
    output.text("hookEventName", event.caller_name).raw("decision", behaviour.finish());
    return json_object().raw("hookSpecificOutput", output.finish()).finish();
}

std::string for_tool(const agent_event& event, agent_decision& decision) {
    const bool is_codex = event.agent == agent_kind::codex;
    if (decision.said == kind::none && !decision.updated_input.empty()) {
        // An input that no rule has been made for: Codex goes on to its own rules, others would take it as granted.
        decision.said = is_codex ? kind::allow : kind::ask;
    }
    if (is_codex && decision.said == kind::ask) {
        deny_instead_of_asking(decision);  // it would take the word for a broken hook, and run the tool
    }
    if (is_codex && decision.said == kind::allow && decision.updated_input.empty()) {
        decision.said = kind::none;  // the same
    }

    json_object output;
    output.text("hookEventName", event.caller_name);
    const bool has_input = !decision.updated_input.empty() && decision.said != kind::deny;
    const auto word = decision_names[static_cast<std::size_t>(decision.said)];
    if (event.agent == agent_kind::gemini) {
        json_object answer;
        if (decision.said != kind::none) {
            add_decision(answer, word, decision.reason);
        }
        if (decision.said == kind::ask && !decision.reason.empty()) {
            answer.text("systemMessage", decision.reason);  // what the person is shown
        }
        if (has_input) {
            answer.raw("hookSpecificOutput", output.raw("tool_input", decision.updated_input).finish());
        }
        if (!decision.additional_context.empty()) {
            decision.notes.emplace_back("gemini takes no additional_context before a tool");
        }
        return decision.said == kind::none ? std::string() : answer.finish();
    }
    if (decision.said == kind::none && decision.additional_context.empty()) {
        return {};
    }
    if (decision.said != kind::none) {
        output.text("permissionDecision", word);
        if (!decision.reason.empty() && !(is_codex && decision.said == kind::allow)) {
            output.text("permissionDecisionReason", decision.reason);
        }
    }
    if (has_input) {
        output.raw("updatedInput", decision.updated_input);
    }
    if (!decision.additional_context.empty()) {
        output.text("additionalContext", decision.additional_context);
    }
    return json_object().raw("hookSpecificOutput", output.finish()).finish();
}

/// What can be stopped, or gets some text on its way; nobody can be asked.
std::string for_others(const agent_event& event, agent_decision& decision, bool fail_closed) {
    if (decision.said == kind::ask && fail_closed && event.is_guarded()) {
        deny_instead_of_asking(decision);
    } else if (decision.said == kind::ask) {
        decision.notes.push_back("nobody can be asked here, and the agent goes on, although " + std::string(for_a_person) +
                                 (decision.reason.empty() ? "" : ": " + decision.reason));
    }
    const bool is_start = event.kind == agent_event_kind::session_start;
    const bool is_end = event.kind == agent_event_kind::stop || event.kind == agent_event_kind::subagent_stop;
    json_object answer;
    bool says_something = false;
    if (decision.said == kind::deny && is_start) {
        decision.notes.push_back("a session's start can't be stopped: " + decision.reason);
    } else if (decision.said == kind::deny) {
        add_decision(answer, event.agent == agent_kind::gemini ? "deny" : "block", decision.reason);
        says_something = true;
    }
    if (!decision.additional_context.empty() && is_end) {
        decision.notes.emplace_back("there is no additional_context at the end");
    } else if (!decision.additional_context.empty()) {
        json_object output;
        output.text("hookEventName", event.caller_name).text("additionalContext", decision.additional_context);
        answer.raw("hookSpecificOutput", output.finish());
        says_something = true;
    }
    return says_something ? answer.finish() : std::string();
}

}  // namespace

agent_decision decide(const verdict& said, bool fail_closed) {
    agent_decision result;
    std::string failed;
    for (const auto& each : said.responses) {
        auto [reply, why] = read_reply(each);
        result.notes.insert(result.notes.end(), reply.notes.begin(), reply.notes.end());
        if (!why.empty() && reply.said != kind::deny) {
            failed = std::move(why);
            continue;
        }
        if (reply.said > result.said) {
            result.said = reply.said;
            result.reason = std::move(reply.reason);
        }
        if (!reply.additional_context.empty()) {
            result.additional_context.append(result.additional_context.empty() ? "" : "\n").append(reply.additional_context);
        }
        if (result.updated_input.empty()) {
            result.updated_input = std::move(reply.updated_input);
        } else if (!reply.updated_input.empty()) {
            result.notes.push_back("another hook's updated_input came before that of " + each.responder);
        }
    }
    if (!said.proceed()) {
        result.said = kind::deny;
        result.reason = is_blank(said.abort) ? "denied without a reason" : said.abort;
    } else if (fail_closed && !failed.empty() && result.said != kind::deny) {
        result.said = kind::deny;
        result.reason = "no verdict: " + failed;
    }
    return result;
}

std::string agent_answer(const agent_event& event, agent_decision& decision, bool fail_closed) {
    if (event.kind != agent_event_kind::pre_tool_use) {
        return for_others(event, decision, fail_closed);
    }
    return event.caller_name == "PermissionRequest" ? for_permission(event, decision) : for_tool(event, decision);
}

}  // namespace hookd::hookctl
