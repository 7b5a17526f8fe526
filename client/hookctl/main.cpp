// SPDX-License-Identifier: BSL-1.0
#include "arguments.hpp"
#include "commands.hpp"
#include "exit_status.hpp"
#include "hookctl/terminal/output.hpp"

#include <hookd/error.hpp>

#include <csignal>
#include <exception>
#include <filesystem>
#include <string>
#include <system_error>
#include <type_traits>
#include <variant>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

namespace {

using namespace hookd::hookctl;

/// A standard descriptor that whoever started us has closed would go to the first file or socket that is opened, and
/// what is printed would end up there. It is taken by something that can't be read or written: as with a closed one,
/// that fails.
void take_closed_standard_descriptors() {
    for (const int each : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
        if (::fcntl(each, F_GETFD) < 0) {
            (void)::open("/dev/null", each == STDIN_FILENO ? O_WRONLY : O_RDONLY);
        }
    }
}

int carry_out(const invocation& call) {
    return std::visit(
        [&call](const auto& arguments) {
            using command = std::decay_t<decltype(arguments)>;
            if constexpr (std::is_same_v<command, emit_arguments>) {
                return run_emit(call, arguments);
            } else if constexpr (std::is_same_v<command, listen_arguments>) {
                return run_listen(call, arguments);
            } else if constexpr (std::is_same_v<command, on_arguments>) {
                return run_on(call, arguments);
            } else if constexpr (std::is_same_v<command, register_arguments>) {
                return run_register(call, arguments);
            } else if constexpr (std::is_same_v<command, deregister_arguments>) {
                return run_deregister(call, arguments);
            } else if constexpr (std::is_same_v<command, trust_arguments>) {
                return run_trust(call, arguments);
            } else if constexpr (std::is_same_v<command, enable_arguments>) {
                return run_enable(call, arguments);
            } else if constexpr (std::is_same_v<command, bypass_arguments>) {
                return run_bypass(call, arguments);
            } else if constexpr (std::is_same_v<command, hooks_arguments>) {
                return run_hooks(call);
            } else if constexpr (std::is_same_v<command, respond_arguments>) {
                return run_respond(call, arguments);
            } else if constexpr (std::is_same_v<command, schema_arguments>) {
                return run_schema(call, arguments);
            } else if constexpr (std::is_same_v<command, who_arguments>) {
                return run_who(call, arguments);
            } else if constexpr (std::is_same_v<command, log_arguments>) {
                return run_log(call, arguments);
            } else if constexpr (std::is_same_v<command, trace_arguments>) {
                return run_trace(call, arguments);
            } else if constexpr (std::is_same_v<command, replay_arguments>) {
                return run_replay(call, arguments);
            } else if constexpr (std::is_same_v<command, hosts_arguments>) {
                return run_hosts(call);
            } else if constexpr (std::is_same_v<command, stats_arguments>) {
                return run_stats(call, arguments);
            } else if constexpr (std::is_same_v<command, top_arguments>) {
                return run_top(call);
            } else if constexpr (std::is_same_v<command, ping_arguments>) {
                return run_ping(call);
            } else if constexpr (std::is_same_v<command, git_arguments>) {
                return run_git(call, arguments);
            } else if constexpr (std::is_same_v<command, jj_arguments>) {
                return run_jj(call, arguments);
            } else if constexpr (std::is_same_v<command, agent_hook_arguments>) {
                return run_agent_hook(call, arguments);
            } else if constexpr (std::is_same_v<command, agent_arguments>) {
                return run_agent(call, arguments);
            } else if constexpr (std::is_same_v<command, doctor_arguments>) {
                return run_doctor(call);
            } else if constexpr (std::is_same_v<command, test_arguments>) {
                return run_test(call, arguments);
            } else if constexpr (std::is_same_v<command, ask_arguments>) {
                return run_ask(call, arguments);
            } else if constexpr (std::is_same_v<command, init_arguments>) {
                return run_init(call);
            } else if constexpr (std::is_same_v<command, sync_arguments>) {
                return run_sync(call);
            } else if constexpr (std::is_same_v<command, unsync_arguments>) {
                return run_unsync(call);
            } else {
                return run_call(call, arguments);
            }
        },
        call.command);
}

int report(const hookd::error& failure) {
    using kind = hookd::error_kind;
    std::string message = failure.what();
    if (failure.code() != 0) {
        message += " (error " + std::to_string(failure.code()) + ")";
    }
    report_error(message);
    switch (failure.kind()) {
        case kind::invalid_argument:
            return exit_status::usage;
        case kind::no_daemon:
            return exit_status::no_daemon;
        case kind::unreachable:
        case kind::untrusted:
        case kind::refused:
        case kind::cancelled:
            return exit_status::refused;
        case kind::broken:
        case kind::timed_out:
            break;
    }
    return exit_status::broken;
}

}  // namespace

int main(int argc, char** argv) {
    // A reader that went away is an error code of a write, and the verdict's exit status more important than it.
    std::signal(SIGPIPE, SIG_IGN);
    take_closed_standard_descriptors();
    try {
        const auto asked = parse_arguments({argv + 1, argv + argc});
        if (const auto* text = std::get_if<information>(&asked)) {
            print(text->text);
            return exit_status::done;
        }
        return carry_out(std::get<invocation>(asked));
    } catch (const usage_error& wrong) {
        report_error(wrong.what());
        return exit_status::usage;
    } catch (const hookd::error& failure) {
        return report(failure);
    } catch (const std::filesystem::filesystem_error& failure) {
        std::error_code no_directory;
        (void)std::filesystem::current_path(no_directory);
        if (no_directory) {
            report_error("the current directory was removed: change to another one");
            return exit_status::usage;
        }
        report_error(failure.what());
        return exit_status::broken;
    } catch (const std::exception& failure) {
        report_error(failure.what());
        return exit_status::broken;
    }
}
