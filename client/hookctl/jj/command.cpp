// SPDX-License-Identifier: BSL-1.0
#include "hookctl/commands.hpp"
#include "hookctl/emit/permission.hpp"
#include "hookctl/exit_status.hpp"
#include "hookctl/terminal/output.hpp"
#include "hookctl/terminal/run_to_end.hpp"
#include "push_plan.hpp"

#include <base/exec/argument_vector.hpp>
#include <base/exec/command_runner.hpp>
#include <base/json/object_writer.hpp>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <unistd.h>

namespace hookd::hookctl {

namespace {

constexpr std::chrono::minutes default_push_time{10};

std::vector<std::string> push_command(const std::vector<std::string>& options, bool is_dry_run) {
    std::vector<std::string> words{"jj"};
    if (is_dry_run) {
        words.emplace_back("--color=never");
    }
    words.insert(words.end(), {"git", "push"});
    if (is_dry_run) {
        words.emplace_back("--dry-run");
    }
    words.insert(words.end(), options.begin(), options.end());
    return words;
}

base::command_result dry_run(const std::vector<std::string>& options) {
    base::command command;
    command.argv = push_command(options, true);
    for (char** each = environ; *each != nullptr; ++each) {
        command.environment.emplace_back(*each);
    }
    return run_to_end(std::move(command));
}

std::string payload_of(const std::vector<jj_change>& changes, const std::vector<std::string>& options) {
    std::string list = "[";
    for (const auto& each : changes) {
        base::object_writer change;
        change.text("remote", each.remote).text("kind", each.kind).text("name", each.name).text("action", each.action);
        change.optional_text("from", each.from).optional_text("to", each.to);
        list += (list.size() > 1 ? "," : "") + change.finish();
    }
    return base::object_writer()
        .text("cwd", std::filesystem::current_path().string())
        .texts("args", options)
        .raw("changes", list + "]")
        .finish();
}

/// Becomes jj, with the terminal and the standard streams of hookctl.
[[noreturn]] void push(const std::vector<std::string>& options) {
    auto words = push_command(options, false);
    const auto argv = base::argument_vector(words);
    std::signal(SIGPIPE, SIG_DFL);
    ::execvp(argv.front(), argv.data());
    throw std::system_error(errno, std::generic_category(), "jj");
}

}  // namespace

int run_jj(const invocation& call, const jj_arguments& arguments) {
    using ending = base::command_result::ending;
    const auto planned = dry_run(arguments.push_options);
    if (planned.how != ending::exited) {
        throw usage_error("jj could not be run: install it, or put it in PATH");
    }
    if (planned.code != 0) {
        print_error(planned.errors.text);
        return planned.code;
    }
    const auto changes = planned.errors.cut ? std::nullopt : read_push_plan(planned.errors.text);
    if (!changes) {
        print_error(planned.errors.text);
        report_error(
            "nothing is pushed, since what jj would push can't be read; push without --quiet, or by jj git push");
        return exit_status::not_done;
    }
    if (!changes->empty()) {
        guarded_step step;
        step.tool = "jj";
        step.stopped = "nothing is pushed";
        step.event = "jj.pre_upload";
        step.timeout = default_push_time;
        step.fail_closed = arguments.fail_closed;
        step.proceed_without_daemon = arguments.proceed_without_daemon;
        step.payload = [&](client&) { return payload_of(*changes, arguments.push_options); };
        if (const int status = ask_for_permission(call, step); status != exit_status::done) {
            return status;
        }
    }
    push(arguments.push_options);
}

}  // namespace hookd::hookctl
