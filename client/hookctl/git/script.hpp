// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "hook.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hookd::hookctl {

/// What an installed hook script does, besides which event it is for.
struct git_script_options {
    std::string hookctl{};    ///< the program's path; where it is gone, the one in $PATH is taken
    std::string arguments{};  ///< of `hookctl git run`, quoted for a shell, with a space after each
    /// Whether git goes on where no hookctl can be run. Only a shell can bring that about: unless it is wanted, the
    /// first line names the program itself, see call_of_script.
    bool proceeds_without_hookctl = false;
};

/// Whether a path may stand in a script's first line (execve(2)).
[[nodiscard]] bool can_be_interpreter(std::string_view program);

/// The text of the script: POSIX sh, mode 0755. `kept`: the directories of the hooks that run first, in this order:
/// names beside the hooks' directory; where there are any, sh is the interpreter. Called under another name than git's
/// (a manager has moved it away), or by what it has called itself, it does nothing; through a link it runs `kept`
/// nevertheless, and nothing else.
[[nodiscard]] std::string git_script(
    const git_hook& hook, const git_script_options& options, const std::vector<std::string>& kept);

/// The value of `hook.NAME.command` in git's configuration: what the script does, as one command for a shell. git adds
/// the arguments.
[[nodiscard]] std::string git_hook_command(const git_hook& hook, const git_script_options& options);

/// Whether a file's text is a script of git_script's, of this release or an earlier one, also where somebody has added
/// to it.
[[nodiscard]] bool is_git_script(std::string_view text);

/// Whether somebody has added to a script of git_script's, as managers do that find one in their place.
[[nodiscard]] bool has_additions(std::string_view text);

/// Git's name of the hook that the script is for; nothing where it does not say so, as in early releases.
[[nodiscard]] std::optional<std::string_view> hook_of_script(std::string_view text);

/// Whether hookctl is the interpreter that the first line names.
[[nodiscard]] bool is_run_by_hookctl(std::string_view text);

/// What a script does whose interpreter is hookctl.
struct git_script_call {
    const git_hook* hook = nullptr;
    std::vector<std::string> words{};  ///< of the command line: `git run ...`, to which the hook's arguments are added
};

/// Reads a script whose interpreter is hookctl. Nothing unless it is, to the byte, what git_script writes: what
/// somebody has added to it, and what another release has written, is for sh to run.
[[nodiscard]] std::optional<git_script_call> call_of_script(std::string_view text);

/// Where the script finds hookctl, unless it is gone; empty where the script does not say so.
[[nodiscard]] std::string hookctl_of_script(std::string_view text);

/// The socket that a script or a command remembers from the install; empty where it has none.
[[nodiscard]] std::string installed_socket_of(std::string_view text);

/// The text as one word for a shell.
[[nodiscard]] std::string single_quoted(std::string_view text);

}  // namespace hookd::hookctl
