#include "git_command.hpp"

#include "daemon_call.hpp"
#include "exit_status.hpp"
#include "git_hook.hpp"
#include "git_payload.hpp"
#include "git_program.hpp"
#include "git_script.hpp"
#include "file_text.hpp"
#include "json_argument.hpp"
#include "output.hpp"
#include "reply_note.hpp"

#include <hookd/client.hpp>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <string>

#include <unistd.h>

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
    return script.succeeded() && is_git_script(read_up_to(script.output, enough).value_or(""));
}

/// Nobody is there to ask, or nobody has answered: git goes on, unless the user wants it otherwise.
int unanswered(const git_arguments& arguments, const git_hook& hook, const error& why) {
    const auto event = event_of(hook);
    const bool is_absent = why.kind() == error_kind::no_daemon;
    if (!arguments.proceed_without_daemon || (arguments.fail_closed && !is_absent)) {
        throw why;
    }
    if (!is_absent) {
        complain(std::string(why.what()) + "; git goes on without an answer to " + event);
    } else if (!was_said_before(hook)) {
        complain("no hook was asked about " + event + ": " + why.what());
    }
    return exit_status::done;
}

/// The question itself was refused. Whoever can bring that about, with a push that is too large, say, must not get around the hooks that way.
int refused(const std::string& event, const error& why) {
    complain("git stops, since no hook could be asked about " + event + ": " + why.what() +
             (why.code() != 0 ? " (error " + std::to_string(why.code()) + ")" : ""));
    return exit_status::not_done;
}

/// What hooks have to say beside their word, whatever comes of it.
void print_notes(const verdict& said) {
    for (const auto& reply : said.responses) {
        if (const auto note = note_of(reply.text); !note.empty()) {
            print_reason(note);
        }
    }
}

int conclude(const verdict& said, const std::string& event) {
    print_notes(said);
    if (!said.proceed()) {
        print_reason(said.abort);
        return exit_status::vetoed;
    }
    if (!said.missing.empty()) {
        complain(event + ": no answer from " + missing_text(said) + "; git goes on");
    }
    return exit_status::done;
}

int ask(const invocation& call, const git_arguments& arguments, const git_hook& hook, const std::string& payload) {
    const auto event = event_of(hook);
    wait_options how;
    how.timeout = call.timeout.value_or(default_time);
    how.policy = wait_policy::veto;
    if (arguments.fail_closed) {
        how.on_failure = failure_policy::closed;  // else a catalog may say so
    }
    try {
        auto daemon = verdict_client_for(call);
        (void)daemon.ping();  // one that hangs is not to hold git up for all the time that hooks have
        return conclude(daemon.emit_and_wait(event, payload, how), event);
    } catch (const error& failure) {
        switch (failure.kind()) {
            case error_kind::no_daemon:
            case error_kind::broken:
            case error_kind::timed_out:
                return unanswered(arguments, hook, failure);
            case error_kind::invalid_argument:
            case error_kind::unreachable:
            case error_kind::untrusted:
            case error_kind::refused:
            case error_kind::cancelled:
                break;
        }
        return refused(event, failure);
    }
}

/// It has happened, whatever comes of telling.
int tell(const invocation& call, const std::string& event, const std::string& payload) {
    try {
        (void)telling_client_for(call).emit(event, payload);
    } catch (const error& failure) {
        if (failure.kind() != error_kind::no_daemon) {
            complain(event + " was not told: " + failure.what());
        }
    }
    return exit_status::done;
}

/// The socket of the install counts where nothing names another. Where it is the default one, it is left to be that.
invocation with_installed_socket(invocation call, const git_arguments& arguments) {
    const char* named = std::getenv("HOOKD_SOCKET");
    if (call.socket.empty() && (named == nullptr || *named == '\0') && arguments.installed_socket != default_socket_path()) {
        call.socket = arguments.installed_socket;
    }
    return call;
}

}  // namespace

int run_git_hook(const invocation& given, const git_arguments& arguments) {
    const auto& hook = git_hook_called(arguments.hook);
    const auto call = with_installed_socket(given, arguments);
    const auto input = hook.input == git_input::none ? std::string() : read_standard_input();
    const auto payload = git_payload(hook, arguments.hook_arguments, input);
    return asks_for_leave(hook, arguments.hook_arguments) ? ask(call, arguments, hook, payload) : tell(call, event_of(hook), payload);
}

}  // namespace hookd::hookctl
