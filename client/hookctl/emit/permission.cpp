// SPDX-License-Identifier: BSL-1.0
#include "permission.hpp"

#include "hookctl/daemon/daemon_call.hpp"
#include "hookctl/exit_status.hpp"
#include "hookctl/on/hook_lines.hpp"
#include "hookctl/terminal/output.hpp"
#include "unasked.hpp"

namespace hookd::hookctl {

namespace {

/// The tool continues, and what did not happen is reported, once for the absence of a daemon.
void report_unasked(const guarded_step& step, unasked reason, const error& failure) {
    if (reason == unasked::silent) {
        report_error(std::string(failure.what()) + "; " + step.tool + " continues without an answer to " + step.event);
    } else if (!step.absence_was_reported || !step.absence_was_reported()) {
        report_error("no hook was asked about " + step.event + ": " + failure.what());
    }
}

void report_refusal(const guarded_step& step, const error& failure) {
    report_error(step.stopped + ", since no hook could be asked about " + step.event + ": " + failure.what() +
                 (failure.code() != 0 ? " (error " + std::to_string(failure.code()) + ")" : ""));
}

int conclude(const guarded_step& step, const verdict& result) {
    // On a terminal each hook has a line of its own if one of them stops the tool or is missing.
    if (!print_hook_lines_of_trouble(result)) {
        print_notes(result);
    }
    print_bypass(result, step.event);
    if (!result.proceed()) {
        print_reason(result.abort);
        return exit_status::vetoed;
    }
    if (!result.missing.empty()) {
        report_error(step.event + ": no answer from " + missing_text(result) + "; " + step.tool + " continues");
    }
    return exit_status::done;
}

}  // namespace

int ask_for_permission(const invocation& call, const guarded_step& step) {
    wait_options options;
    options.timeout = call.timeout.value_or(step.timeout);
    options.policy = wait_policy::veto;
    if (step.fail_closed) {
        options.on_failure = failure_policy::closed;  // else a catalog may say so
    }
    try {
        auto daemon = verdict_client_for(call);
        return conclude(step, daemon.emit_and_wait(step.event, step.payload(daemon), options));
    } catch (const error& failure) {
        const auto reason = unasked_after(failure.kind());
        const unasked_rules rules{
            .fail_closed = step.fail_closed, .proceed_without_daemon = step.proceed_without_daemon};
        if (!stops_tool(reason, rules)) {
            report_unasked(step, reason, failure);
            return exit_status::done;
        }
        if (reason != unasked::refused) {
            throw;
        }
        report_refusal(step, failure);
        return exit_status::not_done;
    }
}

}  // namespace hookd::hookctl
