// SPDX-License-Identifier: BSL-1.0
#include "hookctl/commands.hpp"
#include "hookctl/daemon/daemon_call.hpp"
#include "hookctl/exit_status.hpp"
#include "hookctl/journal/outcome_text.hpp"
#include "hookctl/json/json_argument.hpp"
#include "hookctl/on/hook_lines.hpp"
#include "hookctl/terminal/output.hpp"

#include <base/text/counted.hpp>
#include <hookd/client.hpp>
#include <hookd/protocol/methods.hpp>

#include <string>
#include <string_view>
#include <system_error>

#include <unistd.h>

namespace hookd::hookctl {

namespace {

std::string describe(const emission& done) {
    const palette colour;
    std::string text;
    text.append(colour.green()).append("emitted").append(colour.plain());
    text += " as number " + std::to_string(done.seq) + " to " + base::counted(done.subscribers, "subscriber");
    text.append(colour.dim()).append("  ").append(done.hook_event_id).append(colour.plain()).append("\n");
    return text;
}

std::string describe(const verdict& result) {
    const palette colour;
    std::string text;
    text.append(result.proceed() ? colour.green() : colour.red())
        .append(result.proceed() ? "proceed" : "vetoed")
        .append(colour.plain());
    if (result.outcome != outcome::answered) {
        text += ": " + outcome_text(to_string(result.outcome));
    }
    text += '\n';
    return text += hook_lines(result, colour);
}

/// Prints unless nothing is wanted (`-q`).
void print_result(const emit_arguments& arguments, std::string_view text) {
    if (!arguments.quiet) {
        print(text);
    }
}

/// For a person who watches, though standard output goes elsewhere.
void show_notes(const verdict& result) {
    if (::isatty(STDERR_FILENO) != 0) {
        print_notes(result);
    }
}

int emit_and_go(const invocation& call, const emit_arguments& arguments, const std::string& payload) {
    emit_options options;
    options.scope = arguments.scope;
    const auto done = connect_for(call).emit(arguments.event, payload, options);
    if (writes_for_programs(call.json)) {
        protocol::emit_result result;
        result.hook_event_id = protocol::parse_uuid(done.hook_event_id).value_or(protocol::uuid{});
        result.seq = done.seq;
        result.subscribers = done.subscribers;
        std::string line;
        protocol::append_json(line, result);
        print_result(arguments, line += '\n');
    } else {
        print_result(arguments, describe(done));
    }
    return exit_status::done;
}

int emit_and_wait(const invocation& call, const emit_arguments& arguments, const std::string& payload) {
    wait_options options;
    options.timeout = call.timeout;
    options.policy = arguments.policy;
    options.require = arguments.require;
    options.scope = arguments.scope;
    if (arguments.fail_closed) {
        options.on_failure = failure_policy::closed;
    }
    options.require_subscriber = !arguments.wait_for_subscriber;

    const auto result = verdict_client_for(call).emit_and_wait(arguments.event, payload, options);
    try {
        print_result(
            arguments, writes_for_programs(call.json) ? json_output(one_line(result.text)) + '\n' : describe(result));
    } catch (const std::system_error&) {
        if (result.proceed()) {
            throw;
        }
        // A veto is one whatever becomes of what is printed about it.
    }
    print_bypass(result, arguments.event);
    if (arguments.quiet || writes_for_programs(call.json)) {
        show_notes(result);
    }
    if (result.proceed()) {
        return exit_status::done;
    }
    print_reason(result.abort);
    return arguments.abort_exit_code;
}

int proceed_without_daemon(const invocation& call, const emit_arguments& arguments) {
    if (!writes_for_programs(call.json)) {
        print_result(arguments, "proceed: there is no daemon\n");
    } else if (arguments.wait) {
        print_result(arguments,
            R"({"hook_event_id":null,"seq":null,"outcome":"no_daemon","abort":"","responses":[],"missing":[]})"
            "\n");
    } else {
        print_result(arguments, R"({"hook_event_id":null,"seq":null,"subscribers":0})"
                                "\n");
    }
    return exit_status::done;
}

}  // namespace

int run_emit(const invocation& call, const emit_arguments& arguments) {
    const auto payload = read_json_argument("PAYLOAD", arguments.payload);
    try {
        return arguments.wait ? emit_and_wait(call, arguments, payload) : emit_and_go(call, arguments, payload);
    } catch (const error& failure) {
        if (failure.kind() == error_kind::no_daemon && arguments.proceed_without_daemon) {
            return proceed_without_daemon(call, arguments);
        }
        throw;
    }
}

}  // namespace hookd::hookctl
