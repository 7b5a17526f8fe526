// SPDX-License-Identifier: BSL-1.0
#include "command.hpp"

#include "files.hpp"
#include "hook.hpp"
#include "hookctl/daemon/daemon_call.hpp"
#include "hookctl/emit/permission.hpp"
#include "hookctl/exit_status.hpp"
#include "hookctl/json/json_argument.hpp"
#include "hookctl/repository/sync_record.hpp"
#include "hookctl/terminal/output.hpp"
#include "payload.hpp"
#include "place.hpp"
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

/// The hook that git runs before this one in the same command; empty if it is the first.
std::string_view hook_before(const git_hook& hook) {
    if (hook.name == "prepare-commit-msg" || hook.name == "commit-msg") {
        return "pre-commit";
    }
    return hook.name == "update" ? "pre-receive" : "";
}

/// Whether a hook of the same git command has reported the same.
bool was_reported_before(const git_hook& hook) {
    const auto before = hook_before(hook);
    if (before.empty()) {
        return false;
    }
    const auto script = ask_git({}, {"rev-parse", "--git-path", "hooks/" + std::string(before)});
    constexpr std::size_t enough = 512;
    return script.succeeded() && is_git_script(base::read_front(script.output, enough).value_or(""));
}

/// What git has given a hook.
struct given_hook {
    const git_hook& hook;
    const std::vector<std::string>& arguments;
    std::string input{};

    [[nodiscard]] std::string event() const { return event_of(hook); }
    [[nodiscard]] std::string payload(const git_place& place, bool with_files) const {
        return git_payload(hook, arguments, input, place, with_files);
    }
};

/// Whether the event has a subscriber: only then git is asked for the files. Takes no longer than a daemon may be
/// silent: one that hangs must not delay git for the whole time that hooks have.
bool is_heard(client& daemon, const invocation& call, const git_hook& hook) {
    if (!has_files(hook)) {
        (void)daemon.ping();
        return false;
    }
    try {
        const auto answer = daemon.call(protocol::who_params::method,
            base::object_writer().text("event", event_of(hook)).finish(), longest_silence_of(call));
        return !base::value_view(answer)["responders"].elements().empty() ||
               base::value_view(answer)["observers"] != "0";
    } catch (const error& failure) {
        if (failure.kind() != error_kind::refused) {
            throw;
        }
        return true;  // what is wrong with the event is said when it is fired
    }
}

/// The hooks of a moved repository are missing, and a hook that is missing since its file was touched is no consent:
/// throws error, so that git stops.
void refuse_if_moved(const git_place& place) {
    if (const auto reason = moved_repository_text(place.common_dir); !reason.empty()) {
        throw error(error_kind::refused, reason);
    }
}

int ask(const invocation& call, const git_arguments& arguments, const given_hook& given) {
    guarded_step step;
    step.tool = "git";
    step.stopped = "git stops";
    step.event = given.event();
    step.timeout = default_time;
    step.fail_closed = arguments.fail_closed;
    step.proceed_without_daemon = arguments.proceed_without_daemon;
    step.payload = [&](client& daemon) {
        const auto place = find_git_place(std::filesystem::current_path());
        refuse_if_moved(place);
        return given.payload(place, is_heard(daemon, call, given.hook));
    };
    step.absence_was_reported = [&given] { return was_reported_before(given.hook); };
    return ask_for_permission(call, step);
}

/// Reports what has already happened.
int report_event(const invocation& call, const given_hook& given) {
    try {
        auto daemon = telling_client_for(call);
        const bool with_files = has_files(given.hook) && is_heard(daemon, call, given.hook);
        const auto place = find_git_place(std::filesystem::current_path());
        if (const auto reason = moved_repository_text(place.common_dir); !reason.empty()) {
            report_error(reason);
        }
        (void)daemon.emit(given.event(), given.payload(place, with_files));
    } catch (const error& failure) {
        if (failure.kind() != error_kind::no_daemon) {
            report_error(given.event() + " was not reported: " + failure.what());
        }
    }
    return exit_status::done;
}

/// The socket of the install is used if nothing names another. If it is the default one, the default stays in effect.
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
    return asks_for_leave(hook, arguments.hook_arguments) ? ask(call, arguments, given) : report_event(call, given);
}

}  // namespace hookd::hookctl
