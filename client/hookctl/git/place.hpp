// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <filesystem>
#include <string>

namespace hookd::hookctl {

/// Where a git hook runs, as git itself says: absolute paths without links. Each is empty where there is none.
struct git_place {
    std::filesystem::path
        work_tree{};  ///< `git rev-parse --show-toplevel`, from within a push's hooks, too; empty in a bare repository
    std::filesystem::path git_dir{};     ///< `git rev-parse --absolute-git-dir`; empty outside of any repository
    std::filesystem::path common_dir{};  ///< `git rev-parse --git-common-dir`: git_dir but in a linked worktree
    std::string branch{};                ///< `git branch --show-current`; empty where HEAD is detached
};

/// For a hook that git has started in `directory`, with this process's environment. Reads what gitrepository-layout(5)
/// documents; asks git only where that is not enough, since each process would cost a hook as much as all the rest of
/// it.
[[nodiscard]] git_place find_git_place(const std::filesystem::path& directory);

/// The `common_dir` of the repository that a directory, or one above it, is the working tree of; empty if there is
/// none. For programs that git has not started: git's variables count for nothing. Only reads files.
[[nodiscard]] std::filesystem::path common_directory_above(const std::filesystem::path& directory);

}  // namespace hookd::hookctl
