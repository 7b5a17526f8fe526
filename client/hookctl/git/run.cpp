// SPDX-License-Identifier: BSL-1.0
#include "command.hpp"

#include "files.hpp"
#include "hook.hpp"
#include "hookctl/daemon/daemon_call.hpp"
#include "hookctl/exit_status.hpp"
#include "hookctl/json/json_argument.hpp"
#include "hookctl/on/hook_lines.hpp"
#include "hookctl/terminal/output.hpp"
#include "payload.hpp"
#include "program.hpp"
#include "script.hpp"

#include <base/json/object_writer.hpp>
#include <base/json/value_view.hpp>
#include <base/posix/read_file.hpp>
#include <hookd/client.hpp>
#include <hookd/protocol/methods.hpp>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace hookd::hookctl {

namespace {

constexpr std::chrono::minutes default_time{10};

/// A hook that git runs after another one in the same command; empty where it is the first.
std::string_view hook_before(const git_hook& hook) {
    if (hook.name == "prepare-commit-msg" || hook.name == "commit-msg") {
        return "pre-commit";
    }
    return hook.name == "update" ? "pre-receive" : "";
}

/// Whether the same has been said already by a hook of the same command.
bool was_said_before(const git_hook& hook) {
    const auto before = hook_before(hook);
    if (before.empty()) {
        return false;
    }
    const auto script = ask_git({}, {"rev-parse", "--git-path", "hooks/" + std::string(before)});
    constexpr std::size_t enough = 512;
    return script.succeeded() && is_git_script(base::read_front(script.output, enough).value_or(""));
}

/// Nobody is there to ask, or nobody has answered: git goes on, unless the user wants it otherwise.
int unanswered(const git_arguments& arguments, const git_hook& hook, const error& why) {
    const auto event = event_of(hook);
    const bool is_absent = why.kind() == error_kind::no_daemon;
    if (!arguments.proceed_without_daemon || (arguments.fail_closed && !is_absent)) {
        throw why;
    }
    if (!is_absent) {
        report_error(std::string(why.what()) + "; git goes on without an answer to " + event);
    } else if (!was_said_before(hook)) {
        report_error("no hook was asked about " + event + ": " + why.what());
    }
    return exit_status::done;
}

/// The question itself was refused. Whoever can bring that about, with a push that is too large, say, must not get
/// around the hooks that way.
int refused(const std::string& event, const error& why) {
    report_error("git stops, since no hook could be asked about " + event + ": " + why.what() +
                 (why.code() != 0 ? " (error " + std::to_string(why.code()) + ")" : ""));
    return exit_status::not_done;
}

int conclude(const verdict& said, const std::string& event) {
    // On a terminal each hook has a line of its own where one of them stops git or is missing.
    if (!print_hook_lines_of_trouble(said)) {
        print_notes(said);
    }
    print_bypass(said, event);
    if (!said.proceed()) {
        print_reason(said.abort);
        return exit_status::vetoed;
    }
    if (!said.missing.empty()) {
        report_error(event + ": no answer from " + missing_text(said) + "; git goes on");
    }
    return exit_status::done;
}

/// What git has given a hook.
struct given_hook {
    const git_hook& hook;
    const std::vector<std::string>& arguments;
    std::string input{};

    [[nodiscard]] std::string event() const { return event_of(hook); }
    [[nodiscard]] std::string payload(bool with_files) const { return git_payload(hook, arguments, input, with_files); }
};

/// Whether anybody would hear of the event: only then git is asked what it is about. Takes no longer than a daemon may
/// be silent: one that hangs is not to hold git up for all the time that hooks have.
bool is_heard(client& daemon, const invocation& call, const git_hook& hook) {
    if (!has_files(hook)) {
        (void)daemon.ping();
        return false;
    }
    try {
        const auto who = daemon.call(protocol::who_params::method,
            base::object_writer().text("event", event_of(hook)).finish(), longest_silence_of(call));
        return !base::value_view(who)["responders"].elements().empty() || base::value_view(who)["observers"] != "0";
    } catch (const error& failure) {
        if (failure.kind() != error_kind::refused) {
            throw;
        }
        return true;  // what is wrong with the event is said when it is fired
    }
}

int ask(const invocation& call, const git_arguments& arguments, const given_hook& given) {
    wait_options how;
    how.timeout = call.timeout.value_or(default_time);
    how.policy = wait_policy::veto;
    if (arguments.fail_closed) {
        how.on_failure = failure_policy::closed;  // else a catalog may say so
    }
    try {
        auto daemon = verdict_client_for(call);
        const bool with_files = is_heard(daemon, call, given.hook);
        return conclude(daemon.emit_and_wait(given.event(), given.payload(with_files), how), given.event());
    } catch (const error& failure) {
        switch (failure.kind()) {
            case error_kind::no_daemon:
            case error_kind::broken:
            case error_kind::timed_out:
                return unanswered(arguments, given.hook, failure);
            case error_kind::invalid_argument:
            case error_kind::unreachable:
            case error_kind::untrusted:
            case error_kind::refused:
            case error_kind::cancelled:
                break;
        }
        return refused(given.event(), failure);
    }
}

/// It has happened, whatever comes of telling.
int tell(const invocation& call, const given_hook& given) {
    try {
        auto daemon = telling_client_for(call);
        const bool with_files = has_files(given.hook) && is_heard(daemon, call, given.hook);
        (void)daemon.emit(given.event(), given.payload(with_files));
    } catch (const error& failure) {
        if (failure.kind() != error_kind::no_daemon) {
            report_error(given.event() + " was not reported: " + failure.what());
        }
    }
    return exit_status::done;
}

/// The socket of the install counts where nothing names another. Where it is the default one, it is left to be that.
invocation with_installed_socket(invocation call, const git_arguments& arguments) {
    const char* named = std::getenv("HOOKD_SOCKET");
    if (call.socket.empty() && (named == nullptr || *named == '\0') &&
        arguments.installed_socket != default_socket_path()) {
        call.socket = arguments.installed_socket;
    }
    return call;
}

}  // namespace

int run_git_hook(const invocation& called, const git_arguments& arguments) {
    const auto& hook = git_hook_called(arguments.hook);
    check_git_arguments(hook, arguments.hook_arguments);
    const auto call = with_installed_socket(called, arguments);
    given_hook given{hook, arguments.hook_arguments};
    if (hook.input != git_input::none) {
        given.input = read_standard_input();
    }
    return asks_for_leave(hook, arguments.hook_arguments) ? ask(call, arguments, given) : tell(call, given);
}

}  // namespace hookd::hookctl
