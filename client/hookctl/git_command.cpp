#include "commands.hpp"
#include "daemon_call.hpp"
#include "exit_status.hpp"
#include "git_hooks_directory.hpp"
#include "git_payload.hpp"
#include "git_script.hpp"
#include "json_argument.hpp"
#include "json_object.hpp"
#include "output.hpp"

#include <hookd/client.hpp>
#include <hookd/hooks/command_runner.hpp>

#include <boost/asio/io_context.hpp>

#include <algorithm>
#include <array>
#include <filesystem>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <unistd.h>

namespace hookd::hookctl {

namespace {

namespace fs = std::filesystem;
using change = git_hooks_directory::change;

struct git_answer {
    int status = 0;
    std::string output{};
    std::string errors{};
};

std::string without_line_end(std::string text) {
    text.resize(text.find_last_not_of('\n') + 1);
    return text;
}

/// Whether a variable tells git which repository it is for: a hook of git's, or an alias, has some of them.
bool names_a_repository(std::string_view variable) {
    constexpr std::array names{"GIT_DIR=", "GIT_COMMON_DIR=", "GIT_WORK_TREE=", "GIT_PREFIX="};
    return std::any_of(names.begin(), names.end(), [variable](const char* each) { return variable.starts_with(each); });
}

/// Runs git and waits for it: in `directory`, for the repository that is there, or, where that is empty, in this one, for the one that git
/// takes. Throws usage_error where there is no git.
git_answer ask_git(const std::string& directory, std::vector<std::string> arguments) {
    hooks::command command;
    command.argv = {"git"};
    if (!directory.empty()) {
        command.argv.insert(command.argv.end(), {"-C", directory});
    }
    std::move(arguments.begin(), arguments.end(), std::back_inserter(command.argv));
    for (char** each = environ; *each != nullptr; ++each) {
        if (directory.empty() || !names_a_repository(*each)) {
            command.environment.emplace_back(*each);
        }
    }
    hooks::command_result result;
    boost::asio::io_context io;
    hooks::command_runner runner(io.get_executor());
    runner.start(std::move(command), [&result](hooks::command_result done) { result = std::move(done); }, [] {});
    io.run();
    if (result.how != hooks::command_result::ending::exited) {
        throw usage_error("git could not be run; is it installed?");
    }
    return {result.code, without_line_end(std::move(result.output.text)), without_line_end(std::move(result.errors.text))};
}

git_hooks_directory hooks_directory(const git_arguments& arguments) {
    if (arguments.global) {
        const auto configured = ask_git({}, {"config", "--global", "--type=path", "--get", "core.hooksPath"});
        if (configured.status != 0) {
            throw usage_error("core.hooksPath is not set, so that there are no hooks for all repositories; set it as in: "
                              "git config --global core.hooksPath ~/.config/git/hooks (git then ignores each repository's own)");
        }
        if (!fs::path(configured.output).is_absolute()) {
            throw usage_error("core.hooksPath is '" + configured.output +
                              "', another directory in each repository: use --repo, or set an absolute path");
        }
        return git_hooks_directory(configured.output);
    }
    auto found = ask_git(arguments.repository, {"rev-parse", "--path-format=absolute", "--git-path", "hooks"});
    if (found.status != 0) {
        throw usage_error(found.errors.empty() ? "git does not tell where the hooks are" : found.errors);
    }
    return git_hooks_directory(std::move(found.output));
}

/// Whether the user has moved the hooks to a place that git tracks, or cleans.
bool are_in_the_working_tree(const git_arguments& arguments, const fs::path& directory) {
    if (arguments.global || ask_git(arguments.repository, {"config", "--get", "core.hooksPath"}).status != 0) {
        return false;
    }
    const auto is_in = [&](const char* what) {
        const auto root = ask_git(arguments.repository, {"rev-parse", "--path-format=absolute", what});
        const auto whole = fs::weakly_canonical(root.output);
        return root.status == 0 && std::mismatch(whole.begin(), whole.end(), directory.begin(), directory.end()).first == whole.end();
    };
    return is_in("--show-toplevel") && !is_in("--git-common-dir");
}

/// The hooks that `--events` names, or those that `usual` picks.
template <class Usual>
std::vector<const git_hook*> chosen_hooks(const git_arguments& arguments, Usual usual) {
    std::vector<const git_hook*> chosen;
    for (std::string_view rest = arguments.events; !rest.empty();) {
        const auto word = rest.substr(0, rest.find(','));
        rest.remove_prefix(std::min(rest.size(), word.size() + 1));
        if (word == "all") {
            for (const auto& each : git_hooks()) {
                chosen.push_back(&each);
            }
        } else {
            chosen.push_back(&git_hook_called(word));
        }
    }
    if (arguments.events.empty()) {
        for (const auto& each : git_hooks()) {
            if (usual(each)) {
                chosen.push_back(&each);
            }
        }
    }
    return chosen;
}

/// What happened to each hook, for people or for programs.
class report {
public:
    report(const invocation& call, const fs::path& directory) : for_programs_(writes_for_programs(call.json)) {
        if (for_programs_) {
            line_.text("hooks_directory", directory.string());
        } else {
            text_ = "in " + harmless(directory.string()) + ":\n";
        }
    }

    void add(const git_hook& hook, change what) {
        constexpr std::array<std::pair<std::string_view, std::string_view>, 7> words{{
            {"unchanged", ""},
            {"installed", "installed"},
            {"chained", "installed; the hook that was there runs first"},
            {"updated", "updated"},
            {"removed", "removed"},
            {"restored", "removed; the hook from before is back"},
            {"foreign", "left alone: it is not hookd's any more"},
        }};
        const auto& [name, sentence] = words[static_cast<std::size_t>(what)];
        hooks_.text(hook.name, name);
        if (what != change::none) {
            changed_ = true;
            text_.append("  ").append(hook.name).append(": ").append(sentence).append("\n");
        }
    }

    void print_all() {
        if (for_programs_) {
            print(line_.raw("hooks", hooks_.finish()).finish() + '\n');
        } else {
            print(changed_ ? text_ : text_ + "  nothing to do\n");
        }
    }

private:
    bool for_programs_;
    bool changed_ = false;
    std::string text_{};
    json_object line_{};
    json_object hooks_{};
};

/// What the scripts give `hookctl git run`.
std::string recorded_options(const invocation& call, const git_arguments& arguments) {
    std::string text;
    if (!call.socket.empty()) {
        text += "--socket " + shell_word(fs::absolute(call.socket).string()) + " ";
    }
    if (call.timeout) {
        text += "--timeout " + std::to_string(call.timeout->count()) + "ms ";
    }
    if (!call.autostart) {
        text += "--no-autostart ";
    }
    if (arguments.fail_closed) {
        text += "--fail-closed ";
    }
    return text + "--no-daemon " + (arguments.proceed_without_daemon ? "proceed " : "fail ");
}

int install(const invocation& call, const git_arguments& arguments) {
    const auto chosen = chosen_hooks(arguments, [](const git_hook& hook) { return hook.usual; });
    auto directory = hooks_directory(arguments);
    for (const auto* hook : chosen) {
        directory.check(*hook);
    }
    git_script_options options;
    options.hookctl = fs::read_symlink("/proc/self/exe").string();
    options.arguments = recorded_options(call, arguments);
    options.kept_directory = directory.kept_name();
    options.proceed_without_daemon = arguments.proceed_without_daemon;
    report done(call, directory.path());
    for (const auto* hook : chosen) {
        done.add(*hook, directory.install(*hook, git_script(*hook, options)));
    }
    directory.tidy();
    if (are_in_the_working_tree(arguments, directory.path())) {
        complain(directory.path().string() +
                 " is in the working tree (core.hooksPath): don't commit its scripts, which name this machine's hookctl; git clean -fdX would "
                 "delete the hooks from before, in " + directory.kept_name());
    }
    done.print_all();
    return exit_status::done;
}

int uninstall(const invocation& call, const git_arguments& arguments) {
    auto directory = hooks_directory(arguments);
    const auto chosen = chosen_hooks(
        arguments, [&directory](const git_hook& hook) { return directory.has_script(hook) || directory.keeps(hook); });
    report done(call, directory.path());
    for (const auto* hook : chosen) {
        const auto what = directory.uninstall(*hook);
        done.add(*hook, what);
        if (what == change::foreign) {
            complain((directory.path() / hook->name).string() + " is not hookd's any more and was left alone; the hook from before is in " +
                     directory.kept_name());
        }
    }
    directory.tidy();
    done.print_all();
    return exit_status::done;
}

/// Nobody is there to ask, or nobody has answered: git goes on, unless the user wants it otherwise.
int unanswered(const git_arguments& arguments, const std::string& event, const error& why) {
    const bool is_absent = why.kind() == error_kind::no_daemon;
    if (!arguments.proceed_without_daemon || (arguments.fail_closed && !is_absent)) {
        throw why;
    }
    if (!is_absent) {
        complain(std::string(why.what()) + "; git goes on without an answer to " + event);
    } else if (event.starts_with("git.pre_")) {
        // The first that git asks: once a command is enough.
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

int ask(const invocation& call, const git_arguments& arguments, const std::string& event, const std::string& payload) {
    wait_options how;
    how.timeout = call.timeout;
    how.policy = wait_policy::veto;
    if (arguments.fail_closed) {
        how.on_failure = failure_policy::closed;  // else a catalog may say so
    }
    try {
        const auto said = verdict_client_for(call).emit_and_wait(event, payload, how);
        if (!said.proceed()) {
            print_reason(said.abort);
            return exit_status::vetoed;
        }
        if (!said.missing.empty()) {
            complain(event + ": no answer from " + missing_text(said) + "; git goes on");
        }
        return exit_status::done;
    } catch (const error& failure) {
        switch (failure.kind()) {
            case error_kind::no_daemon:
            case error_kind::broken:
            case error_kind::timed_out:
                return unanswered(arguments, event, failure);
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

int run_hook(const invocation& call, const git_arguments& arguments) {
    const auto& hook = git_hook_called(arguments.hook);
    const auto input = hook.input == git_input::none ? std::string() : read_standard_input();
    const auto payload = git_payload(hook, arguments.hook_arguments, input);
    const auto event = event_of(hook);
    return asks_for_leave(hook, arguments.hook_arguments) ? ask(call, arguments, event, payload) : tell(call, event, payload);
}

}  // namespace

int run_git(const invocation& call, const git_arguments& arguments) {
    if (arguments.action == git_action::run) {
        return run_hook(call, arguments);
    }
    try {
        return arguments.action == git_action::install ? install(call, arguments) : uninstall(call, arguments);
    } catch (const fs::filesystem_error& failure) {
        complain("can't change " + failure.path1().string() + ": " + failure.code().message());
        return exit_status::not_done;
    }
}

}  // namespace hookd::hookctl
