// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "hook_file.hpp"

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace hookd::hookctl {

/// The git repository whose hooks a `.hookd.toml` names.
struct hook_repository {
    /// Of the work tree whose files name the hooks, absolute: the main one, also if the current one is linked to it;
    /// the current one if the repository has no main one.
    std::filesystem::path top{};
    bool is_linked = false;              ///< the current work tree is another one than that of `top`
    std::filesystem::path common_dir{};  ///< the repository, which all its work trees share
    /// Its former common directory, which is gone: the repository was moved after hooks were registered for that.
    std::filesystem::path moved_from{};
    std::string name{};  ///< what stands before the names of its hooks

    [[nodiscard]] std::filesystem::path file() const { return top / hook_file_name; }
    [[nodiscard]] std::filesystem::path local_file() const { return top / local_hook_file_name; }
};

/// The repository that we are in. Throws usage_error where there is none, or it has no work tree.
[[nodiscard]] hook_repository find_hook_repository();

/// One hook as the daemon is to have it.
struct wanted_hook {
    std::string name{};                ///< `REPOSITORY/NAME`
    std::string params{};              ///< of register_hook: a JSON object
    std::vector<std::string> files{};  ///< the files of the repository that it runs, relative to its top
};

/// What the files of a repository say.
struct hook_set {
    std::vector<wanted_hook> hooks{};
    std::map<std::string, std::string>
        contents{};  ///< of the hook files and of what they run, by their paths below the top
};

/// Reads `.hookd.toml`, `.hookd.local.toml` if that is there, and the files of the repository that they run.
/// `repository.name` becomes the one that a file gives. Throws usage_error, which names file and line, or the file that
/// cannot be run and what to do.
[[nodiscard]] hook_set read_hook_set(hook_repository& repository);

/// Whether a hook, as list_hooks has it, was registered for the repository by `hookctl sync`, here or where it was
/// moved from.
[[nodiscard]] bool is_synced_hook(std::string_view hook, const hook_repository& repository);

/// The command of a hook as list_hooks has it, as one would type it, without what `hookctl sync` and `--git` have put
/// around it: for `run = ["./lint.sh"]`, `./lint.sh`. Empty if the daemon does not show the command.
[[nodiscard]] std::string typed_command(std::string_view hook);

/// The `.hookd.toml` that a hook, as list_hooks has it, comes from; empty if it was registered by itself.
[[nodiscard]] std::string hook_file_of(std::string_view hook);

}  // namespace hookd::hookctl
