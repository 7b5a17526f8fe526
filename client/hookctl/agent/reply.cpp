// SPDX-License-Identifier: BSL-1.0
#include "reply.hpp"

#include "hookctl/daemon/daemon_call.hpp"
#include "hookctl/on/hook_lines.hpp"

#include <base/json/text.hpp>
#include <base/json/value_view.hpp>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include <unistd.h>

namespace hookd::hookctl {

namespace {

using base::json_kind;

/// An agent may take a blank reason for none, and a denial without a reason for a broken hook (Codex does, and runs the
/// tool).
bool is_blank(std::string_view text) { return text.find_first_not_of(" \t\r\n\v\f") == std::string_view::npos; }

std::optional<agent_word> word_called(std::string_view name) {
    constexpr std::array<std::pair<std::string_view, agent_word>, 9> words{{
        {"allow", agent_word::allow},
        {"approve", agent_word::allow},
        {"ask", agent_word::ask},
        {"force_ask", agent_word::ask},
        {"defer", agent_word::defer},
        {"deny", agent_word::deny},
        {"block", agent_word::deny},
        {"reject", agent_word::deny},
        {"", agent_word::none},
    }};
    const auto found =
        std::find_if(words.begin(), words.end(), [name](const auto& each) { return each.first == name; });
    return found == words.end() ? std::nullopt : std::optional(found->second);
}

/// What one hook has replied.
struct read_reply {
    agent_decision decision{};
    std::string failed{};           ///< why it can't be told what the hook wants; empty if it can
    bool replaces_payload = false;  ///< the hooks after it have seen another payload
    bool is_trusted = false;        ///< of the user's own, or root's
};

class reply_reader {
public:
    /// `tool_input`: which the hook has seen.
    reply_reader(const verdict::response& response, std::string_view tool_input)
        : responder_(response.responder), tool_input_(tool_input) {
        result_.is_trusted = response.uid == 0 || response.uid == ::geteuid();
        const std::string_view text = response.text;
        const auto first = text.find('{');
        read_object(text.substr(first, text.rfind('}') + 1 - first));
        finish();
    }
    read_reply take() { return std::move(result_); }

private:
    using handler = void (reply_reader::*)(std::string_view name, std::string_view value);
    struct known_member {
        std::string_view name;
        handler read;
    };

    void read_object(std::string_view object) {
        static constexpr std::array known{
            known_member{"abort", &reply_reader::read_abort},
            known_member{"decision", &reply_reader::read_word},
            known_member{"permissionDecision", &reply_reader::read_word},
            known_member{"permission", &reply_reader::read_word},
            known_member{"behavior", &reply_reader::read_word},
            known_member{"reason", &reply_reader::read_reason},
            known_member{"permissionDecisionReason", &reply_reader::read_reason},
            known_member{"agent_message", &reply_reader::read_reason},
            known_member{"agentMessage", &reply_reader::read_reason},
            known_member{"user_message", &reply_reader::read_reason},
            known_member{"userMessage", &reply_reader::read_reason},
            known_member{"errorMessage", &reply_reader::read_reason},
            known_member{"message", &reply_reader::read_reason},
            known_member{"stopReason", &reply_reader::read_stop_reason},
            known_member{"followup_message", &reply_reader::read_follow_up},
            known_member{"continue", &reply_reader::read_continue},
            known_member{"cancel", &reply_reader::read_cancel},
            known_member{"review", &reply_reader::read_review},
            known_member{"interrupt", &reply_reader::read_interrupt},
            known_member{"additional_context", &reply_reader::read_context},
            known_member{"additionalContext", &reply_reader::read_context},
            known_member{"contextModification", &reply_reader::read_context},
            known_member{"updated_input", &reply_reader::read_input},
            known_member{"updatedInput", &reply_reader::read_input},
            known_member{"modifiedArgs", &reply_reader::read_input},
            known_member{"overrideInput", &reply_reader::read_input},
            known_member{"tool_input", &reply_reader::read_input},
            known_member{"payload", &reply_reader::read_payload},
            known_member{"updatedToolOutput", &reply_reader::read_result},
            known_member{"modifiedResult", &reply_reader::read_result},
            known_member{"updatedPermissions", &reply_reader::read_permissions},
            known_member{"systemMessage", &reply_reader::read_note},
            known_member{"note", &reply_reader::read_note},
            known_member{"hookSpecificOutput", &reply_reader::read_nested},
        };
        for (const auto& member : base::value_view(object).members()) {
            const auto found = std::find_if(
                known.begin(), known.end(), [&](const known_member& each) { return member.key.equals(each.name); });
            if (found != known.end() && base::kind_of(member.value) != json_kind::null) {
                (this->*found->read)(found->name, member.value);
            }
        }
    }

    void raise(agent_word word) { result_.decision.word = std::max(result_.decision.word, word); }
    void read_abort(std::string_view /*name*/, std::string_view value) {
        if (const auto why = json_text_of(value); !why.empty()) {
            raise(agent_word::deny);
            keep(reason_, why);
        }
    }
    void read_word(std::string_view name, std::string_view value) {
        if (base::kind_of(value) == json_kind::object) {
            read_object(value);  // {"behavior": …} of a request for permission
            return;
        }
        const auto word = base::kind_of(value) == json_kind::string ? word_called(json_text_of(value)) : std::nullopt;
        if (word) {
            raise(*word);
        } else {
            fail(std::string("a ").append(name).append(" that is not allow, ask or deny"));
        }
    }
    void read_reason(std::string_view name, std::string_view value) {
        if (base::kind_of(value) == json_kind::string) {
            keep(reason_, json_text_of(value));
        } else {
            note(std::string("a ").append(name).append(" that is not a string"));
        }
    }
    void read_stop_reason(std::string_view /*name*/, std::string_view value) {
        keep(stop_reason_, json_text_of(value));
    }
    void read_follow_up(std::string_view /*name*/, std::string_view value) {
        if (const auto text = json_text_of(value); !text.empty()) {
            raise(agent_word::deny);
            keep(reason_, text);
        }
    }
    void read_continue(std::string_view name, std::string_view value) {
        if (is_flag(name, value) && value == "false") {
            raise(agent_word::deny);
            result_.decision.ends_run = true;
        }
    }
    void read_cancel(std::string_view name, std::string_view value) {
        if (is_flag(name, value) && value == "true") {
            raise(agent_word::deny);
        }
    }
    void read_review(std::string_view name, std::string_view value) {
        if (is_flag(name, value) && value == "true") {
            raise(agent_word::ask);
        }
    }
    void read_interrupt(std::string_view name, std::string_view value) {
        result_.decision.interrupts = is_flag(name, value) && value == "true";
    }
    void read_context(std::string_view name, std::string_view value) {
        if (base::kind_of(value) == json_kind::string) {
            keep(result_.decision.context, json_text_of(value));
        } else {
            note(std::string("an ").append(name).append(" that is not a string"));
        }
    }
    void read_input(std::string_view name, std::string_view value) {
        if (base::kind_of(value) == json_kind::object) {
            result_.decision.input = value;
        } else {
            fail(std::string("an ").append(name).append(" that is not an object"));
        }
    }
    /// In a chain: what the hooks after it have seen.
    void read_payload(std::string_view /*name*/, std::string_view value) {
        if (base::kind_of(value) != json_kind::object) {
            return;
        }
        result_.replaces_payload = true;
        const auto input = json_member_of(value, "tool_input");
        if (input != tool_input_ && result_.decision.input.empty()) {
            read_input("payload.tool_input", input);
        }
    }
    void read_result(std::string_view /*name*/, std::string_view value) { result_.decision.result = value; }
    void read_permissions(std::string_view /*name*/, std::string_view value) { result_.decision.permissions = value; }
    void read_note(std::string_view /*name*/, std::string_view value) {
        if (const auto text = json_text_of(value); !text.empty()) {
            result_.decision.notices.push_back(responder_ + ": " + text);
        }
    }
    void read_nested(std::string_view /*name*/, std::string_view value) {
        if (base::kind_of(value) == json_kind::object) {
            read_object(value);
        } else {
            fail("a hookSpecificOutput that is not an object");
        }
    }

    bool is_flag(std::string_view name, std::string_view value) {
        if (base::kind_of(value) == json_kind::boolean) {
            return true;
        }
        fail(std::string("a ").append(name).append(" that is not true or false"));
        return false;
    }
    static void keep(std::string& kept, std::string text) {
        if (is_blank(kept)) {
            kept = std::move(text);
        }
    }
    void note(const std::string& notice) {
        result_.decision.notices.push_back("the reply of " + responder_ + " has " + notice);
    }
    void fail(const std::string& reason) {
        note(reason);
        result_.failed = result_.decision.notices.back();
    }
    /// Others may object and comment, but not steer.
    void distrust() {
        auto& decision = result_.decision;
        if (decision.word == agent_word::allow || !decision.input.empty() || !decision.result.empty()) {
            decision.notices.push_back(
                responder_ + " is another user's hook: that it allows or rewrites does not count");
        }
        decision.word = decision.word == agent_word::allow ? agent_word::none : decision.word;
        decision.input.clear();
        decision.result.clear();
        decision.permissions.clear();
        if (result_.replaces_payload) {
            decision.word = agent_word::deny;
            keep(reason_, responder_ + ", another user's hook, has changed what the hooks after it have seen");
        }
    }
    void finish() {
        if (!result_.is_trusted) {
            distrust();
        }
        auto& decision = result_.decision;
        decision.reason = decision.ends_run && !is_blank(stop_reason_) ? stop_reason_ : reason_;
        if (decision.word == agent_word::deny && is_blank(decision.reason)) {
            decision.reason = "denied by " + responder_ + " without a reason";
        }
    }

    std::string responder_;
    std::string_view tool_input_;
    std::string reason_{};
    std::string stop_reason_{};
    read_reply result_{};
};

void add(agent_decision& all, agent_decision one) {
    if (!one.context.empty()) {
        all.context.append(all.context.empty() ? "" : "\n").append(one.context);
    }
    if (!one.result.empty()) {
        all.result = std::move(one.result);
    }
    if (one.ends_run && !all.ends_run) {
        all.ends_run = true;
        all.word = agent_word::none;  // its reason comes first
    }
    if (one.word > all.word) {
        all.word = one.word;
        all.reason = std::move(one.reason);
        all.permissions = std::move(one.permissions);
        all.interrupts = one.interrupts;
    }
}

}  // namespace

agent_chain::agent_chain(const agent_event& event, bool fail_closed)
    : event_(&event), fail_closed_(fail_closed), failed_(event.unclear) {
    if (!failed_.empty()) {
        add_notice(failed_);
    }
}

void agent_chain::add_notice(std::string notice) {
    auto& all = result_.notices;
    if (std::find(all.begin(), all.end(), notice) == all.end()) {
        all.push_back(std::move(notice));
    }
}

std::optional<agent_chain::rewrite> agent_chain::take(const verdict& answered, std::string_view tool_input) {
    if (!answered.bypassed.empty()) {
        result_ = {};  // whatever hooks have said, in whose words
        add_notice(bypass_text(answered, event_->name));
        return std::nullopt;
    }
    const bool asks_again = (event_->dialect->rewrites & at(event_->kind)) != 0;
    auto turns = turns_;
    std::string seen(tool_input);
    for (const auto& response : answered.responses) {
        auto each = reply_reader(response, seen).take();
        if (auto& had = turns[response.responder]; had > 0) {
            --had;
            if (each.replaces_payload && !each.decision.input.empty() && each.decision.word < agent_word::ask) {
                each.decision.word = agent_word::ask;
                each.decision.reason = response.responder + " wants yet another input, and the hooks after it saw that";
            }
            count_objection(each.decision);
            continue;
        }
        ++turns_[response.responder];
        const auto wanted = each.failed.empty() ? std::exchange(each.decision.input, {}) : std::string();
        author_word_ = wanted.empty() ? author_word_ : each.decision.word;
        count(std::move(each.decision), each.failed);
        if (wanted.empty()) {
            continue;
        }
        const bool merges = event_->dialect->merges_input && !each.replaces_payload;
        input_ = merges ? merged_json(input_, wanted) : wanted;
        const auto becomes = merges ? merged_json(seen, wanted) : wanted;
        if (becomes == seen) {
            continue;
        }
        if (asks_again && !each.replaces_payload && result_.word != agent_word::deny) {
            return rewrite{input_, response.responder};
        }
        seen = becomes;
    }
    conclude(answered);
    return std::nullopt;
}

/// `failed`: why it can't be told what the hook wants; empty if it can.
void agent_chain::count(agent_decision decision, const std::string& failed) {
    if (!failed.empty() && decision.word != agent_word::deny) {
        failed_ = failed;
        decision.word = agent_word::none;
    }
    for (auto& notice : decision.notices) {
        add_notice(std::move(notice));
    }
    add(result_, std::move(decision));
}

/// Of a hook that has had its turn.
void agent_chain::count_objection(const agent_decision& decision) {
    if (decision.word >= agent_word::ask) {
        agent_decision objection;
        objection.word = decision.word;
        objection.reason = decision.reason;
        add(result_, std::move(objection));
    }
}

/// An `allow` is for the input that its hook has seen, or has made: beside a rewrite only its author's own counts.
void agent_chain::set_input() {
    if (input_.empty()) {
        return;
    }
    if (result_.word == agent_word::allow && author_word_ != agent_word::allow) {
        result_.word = agent_word::none;
        result_.reason.clear();
        result_.permissions.clear();
    }
    if (input_ != event_->tool_input) {
        result_.input = input_;
    }
}

void agent_chain::conclude(const verdict& answered) {
    set_input();
    if (!answered.missing.empty()) {
        add_notice("no answer to " + event_->name + " from " + missing_text(answered));
    }
    const bool denies = result_.word == agent_word::deny;
    if (!answered.proceed() && !denies && event_->kind == agent_event_kind::stop) {
        add_notice("the agent may end, although " + answered.abort);  // nobody has objected: a failure did
    } else if (!answered.proceed() && !denies) {
        result_.word = agent_word::deny;
        result_.reason = is_blank(answered.abort) ? "denied without a reason" : answered.abort;
    } else if (fail_closed_ && !failed_.empty() && !denies) {
        result_.word = agent_word::deny;
        result_.reason = "no verdict: " + failed_;
    }
}

agent_decision decide(const agent_event& event, const verdict& answered, bool fail_closed) {
    agent_chain chain(event, fail_closed);
    while (chain.take(answered, event.tool_input)) {
    }
    return std::move(chain.decision());
}

}  // namespace hookd::hookctl
