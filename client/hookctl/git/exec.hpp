// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <string>
#include <vector>

namespace hookd::hookctl {

/// The command with paths that count from here as absolute ones, and its program as it is found in $PATH.
[[nodiscard]] std::vector<std::string> resolved_here(std::vector<std::string> argv);

/// The command that runs `argv` as --git says: `hookctl git exec -- ARGV`, resolved as well.
[[nodiscard]] std::vector<std::string> git_exec_command(std::vector<std::string> argv);
/// The ARGV of such a command, of this hookctl or another; any other command as it is.
[[nodiscard]] std::vector<std::string> without_git_exec(std::vector<std::string> command);

}  // namespace hookd::hookctl
