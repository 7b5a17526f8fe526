// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "hookctl/arguments.hpp"

namespace hookd::hookctl {

// The parts of `hookctl git`, as in commands.hpp.

int install_git_hooks(const invocation& call, const git_arguments& arguments);
int uninstall_git_hooks(const invocation& call, const git_arguments& arguments);
int run_git_hook(const invocation& call, const git_arguments& arguments);
int interpret_git_script(const git_arguments& arguments);
int exec_git_hook(const git_arguments& arguments);
int show_git_status(const invocation& call, const git_arguments& arguments);

}  // namespace hookd::hookctl
