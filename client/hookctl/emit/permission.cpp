// SPDX-License-Identifier: BSL-1.0
#include "permission.hpp"

#include "hookctl/daemon/daemon_call.hpp"
#include "hookctl/exit_status.hpp"
#include "hookctl/on/hook_lines.hpp"
#include "hookctl/terminal/output.hpp"

namespace hookd::hookctl {

namespace {

/// There is no daemon, or it has not answered: the tool continues, unless the arguments say otherwise.
int continue_unanswered(const guarded_step& step, const error& failure) {
    const bool is_absent = failure.kind() == error_kind::no_daemon;
    if (!step.proceed_without_daemon || (step.fail_closed && !is_absent)) {
        throw failure;
    }
    if (!is_absent) {
        report_error(std::string(failure.what()) + "; " + step.tool + " continues without an answer to " + step.event);
    } else if (!step.absence_was_reported || !step.absence_was_reported()) {
        report_error("no hook was asked about " + step.event + ": " + failure.what());
    }
    return exit_status::done;
}

/// The question itself was refused. A user who can cause that, with a push that is too large for instance, must not get
/// past the hooks that way.
int stop_refused(const guarded_step& step, const error& failure) {
    report_error(step.tool + " stops, since no hook could be asked about " + step.event + ": " + failure.what() +
                 (failure.code() != 0 ? " (error " + std::to_string(failure.code()) + ")" : ""));
    return exit_status::not_done;
}

int conclude(const guarded_step& step, const verdict& said) {
    // On a terminal each hook has a line of its own if one of them stops the tool or is missing.
    if (!print_hook_lines_of_trouble(said)) {
        print_notes(said);
    }
    print_bypass(said, step.event);
    if (!said.proceed()) {
        print_reason(said.abort);
        return exit_status::vetoed;
    }
    if (!said.missing.empty()) {
        report_error(step.event + ": no answer from " + missing_text(said) + "; " + step.tool + " continues");
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
        switch (failure.kind()) {
            case error_kind::no_daemon:
            case error_kind::broken:
            case error_kind::timed_out:
                return continue_unanswered(step, failure);
            case error_kind::invalid_argument:
            case error_kind::unreachable:
            case error_kind::untrusted:
            case error_kind::refused:
            case error_kind::cancelled:
                break;
        }
        return stop_refused(step, failure);
    }
}

}  // namespace hookd::hookctl
