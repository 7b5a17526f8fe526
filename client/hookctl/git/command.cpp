// SPDX-License-Identifier: BSL-1.0
#include "command.hpp"

#include "hookctl/commands.hpp"
#include "hookctl/exit_status.hpp"
#include "hookctl/terminal/output.hpp"

#include <filesystem>

namespace hookd::hookctl {

int run_git(const invocation& call, const git_arguments& arguments) {
    try {
        switch (arguments.action) {
            case git_action::install:
                return install_git_hooks(call, arguments);
            case git_action::uninstall:
                return uninstall_git_hooks(call, arguments);
            case git_action::status:
                return show_git_status(call, arguments);
            case git_action::exec:
                return exec_git_hook(arguments);
            case git_action::interpret:
                return interpret_git_script(arguments);
            case git_action::run:
                break;
        }
    } catch (const std::filesystem::filesystem_error& failure) {
        report_error("can't change " + failure.path1().string() + ": " + failure.code().message());
        return exit_status::not_done;
    }
    return run_git_hook(call, arguments);
}

}  // namespace hookd::hookctl
