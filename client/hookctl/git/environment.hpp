// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <string_view>

namespace hookd::hookctl {

/// Whether a variable is one of git's own that say what it is doing, where and for whom: they go from git's hook to
/// hookd's. A fixed list, from git(1), githooks(5) and the commands' own pages. Not in it are those that hold or lead
/// to credentials or configuration (GIT_CONFIG_*, GIT_SSL_*), name programs (GIT_EDITOR, GIT_SSH_COMMAND,
/// GIT_EXEC_PATH, ...) or files to write to (GIT_TRACE*), and any that git does not know.
[[nodiscard]] bool is_git_variable(std::string_view name) noexcept;

}  // namespace hookd::hookctl
