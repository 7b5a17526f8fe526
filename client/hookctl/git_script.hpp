#pragma once

#include "git_hook.hpp"

#include <string>
#include <string_view>

namespace hookd::hookctl {

/// What an installed hook script does, besides which event it is for.
struct git_script_options {
    std::string hookctl{};         ///< the program's path; where it is gone, the one in $PATH is taken
    std::string arguments{};       ///< of `hookctl git run`, quoted for a shell, with a space after each
    std::string kept_directory{};  ///< where the hooks are that were there before: a name beside the hooks' directory
    bool proceed_without_daemon = true;
};

/// The text of the script: POSIX sh, mode 0755.
[[nodiscard]] std::string git_script(const git_hook& hook, const git_script_options& options);

/// Whether a file's text is a script of git_script's.
[[nodiscard]] bool is_git_script(std::string_view text);

/// The text as one word for a shell.
[[nodiscard]] std::string shell_word(std::string_view text);

}  // namespace hookd::hookctl
