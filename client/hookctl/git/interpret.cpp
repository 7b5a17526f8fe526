// SPDX-License-Identifier: BSL-1.0
#include "command.hpp"

#include "hook.hpp"
#include "hookctl/exit_status.hpp"
#include "hookctl/json/json_argument.hpp"
#include "hookctl/terminal/output.hpp"
#include "script.hpp"

#include <base/exec/argument_vector.hpp>
#include <base/posix/read_file.hpp>
#include <base/text/number.hpp>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <variant>
#include <vector>

#include <unistd.h>

namespace hookd::hookctl {

// A script of `git install` is read in two ways that must come to the same. Its first line names hookctl, so that git
// starts this program and no shell, which would cost more than all the rest of a hook. What follows is POSIX sh, for
// those who run it with `sh FILE`, and for here where it is not, to the byte, what this release writes.

namespace {

namespace fs = std::filesystem;

constexpr std::size_t longest_read = std::size_t{64} * 1024;

/// What the first lines for sh do: under another name than git's the script does nothing, and neither where what it
/// runs calls it.
bool does_nothing(const git_hook& hook, const std::string& script) {
    if (fs::path(script).filename() != hook.name) {
        return true;
    }
    const char* const variable = std::getenv("HOOKD_GIT_CHAIN");
    const std::string_view chain = variable != nullptr ? variable : "";
    const auto first = base::parse_number<pid_t>(chain.substr(0, chain.find(':')));
    std::error_code none;
    const auto link = ":" + std::string(hook.name) + "@" + fs::current_path(none).string() + ":";
    return first && ::kill(*first, 0) == 0 && chain.find(link) != std::string_view::npos;
}

/// Returns only where sh can't be started.
int run_by_shell(const git_arguments& arguments) {
    std::vector<std::string> words{"sh", arguments.script};
    words.insert(words.end(), arguments.hook_arguments.begin(), arguments.hook_arguments.end());
    const auto argv = base::argument_vector(words);
    (void)std::signal(SIGPIPE, SIG_DFL);
    ::execv("/bin/sh", argv.data());
    print_error("can't start /bin/sh for " + arguments.script + ": " + std::generic_category().message(errno));
    return exit_status::could_not_start;
}

}  // namespace

int interpret_git_script(const git_arguments& arguments) {
    const auto text = base::read_front(arguments.script, longest_read);
    if (!text) {
        print_error("can't read " + arguments.script + ": " + std::generic_category().message(errno));
        return exit_status::could_not_start;
    }
    auto script = call_of_script(*text);
    if (!script) {
        return run_by_shell(arguments);
    }
    if (does_nothing(*script->hook, arguments.script)) {
        if (script->hook->input != git_input::none) {
            (void)read_standard_input();
        }
        return exit_status::done;
    }
    script->words.insert(script->words.end(), arguments.hook_arguments.begin(), arguments.hook_arguments.end());
    const auto call = std::get<invocation>(parse_arguments(script->words));
    return run_git_hook(call, std::get<git_arguments>(call.command));
}

}  // namespace hookd::hookctl
