#include "agent_answer.hpp"
#include "agent_event.hpp"
#include "commands.hpp"
#include "daemon_call.hpp"
#include "json_argument.hpp"
#include "output.hpp"

#include <hookd/client.hpp>

#include <string>

namespace hookd::hookctl {

namespace {

// What agents make of a hook's exit status.
constexpr int goes_on = 0;
constexpr int goes_on_and_complains = 1;
constexpr int is_stopped = 2;  ///< with standard error as the reason

int tell(const invocation& call, const agent_event& event) {
    try {
        (void)telling_client_for(call).emit(event.name(), event.payload);
    } catch (const error& failure) {
        complain(event.name() + " was not told: " + failure.what());
    }
    return goes_on;
}

/// Whether the agent is to be stopped although no hook has said so.
bool stops(const agent_hook_arguments& arguments, error_kind why) {
    switch (why) {
        case error_kind::no_daemon:
            return !arguments.proceed_without_daemon;
        case error_kind::broken:
        case error_kind::timed_out:
            return arguments.fail_closed || !arguments.proceed_without_daemon;
        case error_kind::invalid_argument:
        case error_kind::unreachable:
        case error_kind::untrusted:
        case error_kind::refused:
        case error_kind::cancelled:
            break;
    }
    return true;  // an input that can't be asked about, one that is too large, say, must not get around the hooks
}

int ask(const invocation& call, const agent_hook_arguments& arguments, const agent_event& event) {
    wait_options how;
    how.timeout = call.timeout;
    how.policy = wait_policy::veto;
    const bool fail_closed = arguments.fail_closed && event.is_guarded();
    if (!event.is_guarded()) {
        how.on_failure = failure_policy::open;
    } else if (fail_closed) {
        how.on_failure = failure_policy::closed;  // else a catalog may say so
    }
    try {
        const auto said = verdict_client_for(call).emit_and_wait(event.name(), event.payload, how);
        auto decision = decide(said, fail_closed);
        if (!said.missing.empty()) {
            decision.notes.push_back("no answer from " + missing_text(said));
        }
        if (const auto answer = agent_answer(event, decision, fail_closed); !answer.empty()) {
            print(answer + '\n');
        }
        for (const auto& each : decision.notes) {
            complain(event.name() + ": " + each);
        }
        return goes_on;
    } catch (const error& failure) {
        complain("no hook was asked about " + event.name() + ": " + failure.what());
        return stops(arguments, failure.kind()) && event.is_guarded() ? is_stopped : goes_on;
    }
}

}  // namespace

int run_agent_hook(const invocation& call, const agent_hook_arguments& arguments) {
    agent_event event;
    try {
        event = read_agent_event(read_json_argument("INPUT", arguments.input), arguments.agent);
    } catch (const usage_error& wrong) {
        complain(wrong.what());
        return arguments.fail_closed ? is_stopped : goes_on_and_complains;
    }
    if (!event.kind) {
        complain(harmless(event.caller_name) + " is no event of hookd's: the agent goes on");
        return goes_on;
    }
    return event.waits() ? ask(call, arguments, event) : tell(call, event);
}

}  // namespace hookd::hookctl
