// SPDX-License-Identifier: BSL-1.0
#include "event.hpp"
#include "hookctl/commands.hpp"
#include "hookctl/daemon/daemon_call.hpp"
#include "hookctl/emit/unasked.hpp"
#include "hookctl/json/json_argument.hpp"
#include "hookctl/on/hook_lines.hpp"
#include "hookctl/repository/sync_record.hpp"
#include "hookctl/terminal/output.hpp"
#include "reply.hpp"
#include "stop_once.hpp"

#include <hookd/client.hpp>

#include <algorithm>
#include <chrono>
#include <exception>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace hookd::hookctl {

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// What agents make of a hook's exit status.
constexpr int continues = 0;
constexpr int continues_and_complains = 1;

/// Lets a session end whose end was blocked before.
void let_end(const agent_event& event, agent_decision& decision) {
    if (event.kind != agent_event_kind::stop || decision.word != agent_word::deny) {
        return;
    }
    if (const auto why = record_blocked_stop(event); !why.empty()) {
        decision.notices.push_back(
            "the agent may end, since " + why + " (--stop-once); a hook objects: " + decision.reason);
        decision.word = agent_word::none;
    }
}

/// Whether an agent that does not read the answer would do what hooks do not want.
bool must_arrive(const agent_decision& decision) {
    switch (decision.word) {
        case agent_word::none:
        case agent_word::allow:
            return decision.ends_run || !decision.input.empty();
        case agent_word::ask:
        case agent_word::defer:
        case agent_word::deny:
            break;
    }
    return true;
}

/// An objection that cannot be written is one all the same: the exit status says so.
int deliver(const agent_answer& answer, const agent_decision& decision) {
    if (const auto failure = write_output(answer.out)) {
        if (must_arrive(decision)) {
            report_error("can't write the answer to standard output: " + failure.message());
            const auto denied = denied_by_status(decision);
            print_reason(denied.err);
            return denied.exit_status;
        }
        if (failure != std::errc::broken_pipe) {
            throw std::system_error(failure, "can't write to standard output");
        }
    }
    if (!answer.err.empty()) {
        print_reason(answer.err);
    }
    return answer.exit_status;
}

int give(const agent_event& event, agent_decision decision) {
    const auto answer = answer_to(event, decision);
    const int status = deliver(answer, decision);
    if (answer.err.empty() && !event.dialect->reads_stderr) {
        for (const auto& each : decision.notices) {
            report_error(each);
        }
    }
    return status;
}

agent_decision denial(std::string reason) {
    agent_decision decision;
    decision.word = agent_word::deny;
    decision.reason = std::move(reason);
    return decision;
}

int tell(const invocation& call, const agent_event& event) {
    if (event.kind == agent_event_kind::session_end) {
        forget_blocked_stop(event);
    }
    try {
        (void)telling_client_for(call).emit(event.name, event.payload);
    } catch (const error& failure) {
        if (!event.dialect->reads_stderr) {
            report_error(event.name + " was not reported: " + failure.what());
        }
    }
    return continues;
}

/// Asks the hooks, and where one of them wants another input asks about that.
agent_decision ask_hooks(const invocation& call, const agent_input& input, const agent_event& event, agent_chain& chain,
    wait_options options) {
    const auto end = steady_clock::now() + *call.timeout;
    auto client = verdict_client_for(call);
    const auto moved = moved_repository_text(event.common_directory);
    if (!moved.empty() && event.is_guarded) {
        return denial(moved);
    }
    for (auto asked = event;;) {
        options.timeout = std::max(std::chrono::ceil<milliseconds>(end - steady_clock::now()), milliseconds(1));
        const auto result = client.emit_and_wait(asked.name, asked.payload, options);
        print_hook_lines_of_trouble(result);
        const auto rewrite = chain.take(result, asked.tool_input);
        if (!rewrite) {
            auto decision = std::move(chain.decision());
            if (!moved.empty()) {
                decision.notices.push_back(moved);
            }
            return decision;
        }
        asked = rewritten_agent_event(event, input, rewrite->input, rewrite->author);
    }
}

/// `stops`: the agent must not do it, where it can be kept from it.
int give_unasked(const agent_event& event, std::string_view reason, bool stops) {
    auto why = "no hook was asked about " + event.name + ": ";
    why += reason;
    if (event.is_guarded && stops) {
        return give(event, denial(std::move(why)));
    }
    agent_decision none;
    none.notices.push_back(std::move(why));
    return give(event, none);
}

int ask(
    const invocation& call, const agent_hook_arguments& arguments, const agent_input& input, const agent_event& event) {
    wait_options options;
    // Where the input can be rewritten each hook sees what those before it have made of it.
    options.policy = (event.dialect->rewrites & at(event.kind)) != 0 ? wait_policy::chain : wait_policy::veto;
    const bool fail_closed = arguments.fail_closed && event.is_guarded;
    if (!event.is_guarded) {
        options.on_failure = failure_policy::open;
    } else if (fail_closed) {
        options.on_failure = failure_policy::closed;  // else a catalog may say so
    }
    agent_chain chain(event, fail_closed);
    try {
        auto decision = ask_hooks(call, input, event, chain, options);
        if (arguments.stop_once) {
            let_end(event, decision);
        }
        return give(event, std::move(decision));
    } catch (const error& failure) {
        const unasked_rules rules{
            .fail_closed = arguments.fail_closed, .proceed_without_daemon = arguments.proceed_without_daemon};
        // What hooks have said so far is no consent to anything.
        const bool stops = chain.has_begun() || stops_tool(unasked_after(failure.kind()), rules);
        return give_unasked(event, failure.what(), stops);
    } catch (const std::exception& failure) {
        return give_unasked(event, failure.what(), chain.has_begun() || arguments.fail_closed);
    }
}

/// It can't be told what the agent is about to do. If it is known to end, it is let go.
int refuse(const agent_hook_arguments& arguments, const agent_event& event, const std::string& why) {
    const bool is_end = event.kind == agent_event_kind::stop || event.kind == agent_event_kind::session_end;
    if (!arguments.fail_closed || is_end) {
        report_error(why);
        return is_end ? continues : continues_and_complains;
    }
    const auto denied = denial(event.dialect->reads_status ? "hookctl: " + why : why);
    return deliver(
        event.dialect->reads_status ? denied_by_status(denied) : event.dialect->answer(event, denied), denied);
}

/// An agent waits for an answer to what can't be read, too.
agent_input read_input(const std::string& source, milliseconds timeout) {
    try {
        return agent_input(source == "-" ? read_one_json_object(timeout) : read_text_argument(source));
    } catch (const usage_error& wrong) {
        return agent_input::unreadable(wrong.what());
    }
}

}  // namespace

int run_agent_hook(const invocation& asked, const agent_hook_arguments& arguments) {
    auto call = asked;
    const auto timeout = asked.timeout.value_or(default_agent_timeout);
    const auto begin = steady_clock::now();
    const auto input = read_input(arguments.input, timeout);
    // What the agent took to write its input is gone from the time that it gives its hook.
    const auto spent = std::chrono::duration_cast<milliseconds>(steady_clock::now() - begin);
    call.timeout = std::max(timeout - spent, milliseconds(1));
    agent_event event;
    try {
        event = read_agent_event(input, arguments.agent);
    } catch (const std::exception& wrong) {
        return refuse(arguments, recognize_agent_event(input, arguments.agent), wrong.what());
    }
    return event.waits ? ask(call, arguments, input, event) : tell(call, event);
}

}  // namespace hookd::hookctl
