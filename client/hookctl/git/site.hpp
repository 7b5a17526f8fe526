// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "record.hpp"

#include <hookd/protocol/methods.hpp>

#include <filesystem>
#include <string>

namespace hookd::hookctl {

/// Where a repository's hooks are, or those of all repositories.
struct git_site {
    std::string repository{};  ///< the directory that was named; empty: where we are
    bool global = false;       ///< of all repositories
    std::filesystem::path
        hooks{};  ///< where git looks for scripts; empty where core.hooksPath is, or --global has no such place
    std::filesystem::path common_dir{};  ///< of the repository; empty with --global
    std::string hooks_path{};            ///< core.hooksPath; empty where it is not set
    std::string hooks_path_scope{};  ///< whose setting that is: `local`, `worktree`, `global`, `system` or `command`

    /// Whether core.hooksPath is for more than this repository.
    [[nodiscard]] bool is_shared() const {
        return !global && !hooks_path.empty() && hooks_path_scope != "local" && hooks_path_scope != "worktree";
    }
    /// Whether git has no place for scripts, since core.hooksPath is set to nothing.
    [[nodiscard]] bool has_empty_hooks_path() const { return !global && hooks.empty(); }
    /// What to type then.
    [[nodiscard]] std::string cure_of_empty_hooks_path() const;
    [[nodiscard]] git_record record() const;
};

/// Throws usage_error where there is no repository.
[[nodiscard]] git_site find_git_site(const std::string& repository, bool global);

/// What holds for the payloads of git's events in the repository of `directory`, in each of its work trees, and for no
/// other payload. Throws usage_error where there is no repository.
[[nodiscard]] protocol::payload_condition events_of_repository(const std::string& directory);

/// What `git rev-parse OPTION` prints in `repository` (empty: where we are), as an absolute path: `--show-toplevel`,
/// `--git-common-dir`. Throws usage_error if there is no repository, or no such path.
[[nodiscard]] std::string git_path(const std::string& repository, const std::string& option);

/// A glob that matches the path. A glob has no escapes: `*` becomes `?`.
[[nodiscard]] std::string path_glob(std::string path);

/// Whether this git runs hooks that its configuration names (`hook.NAME.command`, since 2.54).
[[nodiscard]] bool git_has_configured_hooks();

}  // namespace hookd::hookctl
