// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "hook.hpp"
#include "script.hpp"

#include <base/posix/file_lock.hpp>

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

namespace hookd::hookctl {

/// A directory of git hooks, into which scripts are put and taken out again.
///
/// A hook that is there already is kept, as the very file that it is, in a directory beside this one,
/// `NAME.before-hookd`, under its own name: so it finds by its $0, or through a relative link, what it found before.
/// Its neighbours are there as links. Where another hook manager has taken the script's place since, install keeps its
/// hook, too, in `NAME.before-hookd.2` and so on: the newest is the one that comes back. Two that one author has
/// written are one hook, of which the older is kept as `HOOK.superseded-N` and does not run; so is a script of ours
/// that a manager has added to.
///
/// A script that a manager has moved away under another name (`pre-commit.legacy`) or into a directory below, to be
/// called from its own hook, is taken away from there; where that hook calls it whether or not it is there, a script
/// that does nothing stands in for it (stand_in.hpp). The hook from before goes there when the scripts go: that is what
/// the manager would have found without hookd. Until then it stays with the others, since a manager that is installed
/// once more would write over it.
///
/// No link is followed: neither to the directory, nor to what is kept, nor to a hook that is replaced.
///
/// Errors: usage_error where a person has to decide something; std::filesystem::filesystem_error from the system.
/// Each file is there, old or new, at any moment. While such an object lives, others for the same directory, in
/// whatever process, wait to be made.
class git_hooks_directory {
public:
    enum class change : unsigned char {
        none,       ///< it was so already
        installed,  ///< a script is there where there was no hook
        chained,    ///< the same, and the hook that was there is kept and runs first
        updated,    ///< a script was there with other options
        removed,    ///< the script is gone
        restored,   ///< the same, and the hook from before is back
        foreign,    ///< somebody has put another hook in the script's place since; it is left alone
    };

    explicit git_hooks_directory(const std::filesystem::path& directory);
    git_hooks_directory(const git_hooks_directory&) = delete;
    git_hooks_directory& operator=(const git_hooks_directory&) = delete;

    [[nodiscard]] const std::filesystem::path& path() const noexcept { return directory_; }
    /// The name of the first directory of kept hooks.
    [[nodiscard]] std::string kept_name() const { return kept_directory(1).filename().string(); }

    /// Whether install would do its work; throws as that.
    void check(const git_hook& hook) const;
    /// Puts a script in the hook's place, and keeps what is there.
    change install(const git_hook& hook, const git_script_options& options);
    /// Takes the script away, also from where a manager has moved it, and puts back what is kept, byte for byte and
    /// with its mode, times and owner.
    change uninstall(const git_hook& hook);
    /// Makes the links to the neighbours of kept hooks, or removes them with the directory where nothing is kept.
    void tidy() const;

    /// Whether this hook is a script of ours.
    [[nodiscard]] bool has_script(const git_hook& hook) const;
    /// Scripts of ours for this hook under other names or in directories below: git does not run them.
    [[nodiscard]] std::vector<std::filesystem::path> moved_scripts(const git_hook& hook) const;
    /// What stands in for such scripts.
    [[nodiscard]] std::vector<std::filesystem::path> stand_ins(const git_hook& hook) const;
    /// The hooks from before that run first, in that order.
    [[nodiscard]] std::vector<std::filesystem::path> kept(const git_hook& hook) const;
    /// What is kept of this hook and does not run.
    [[nodiscard]] std::vector<std::filesystem::path> superseded(const git_hook& hook) const;

private:
    [[nodiscard]] std::filesystem::path kept_directory(std::size_t number) const;
    [[nodiscard]] std::string script(const git_hook& hook, const git_script_options& options) const;
    bool take_back_moved(const git_hook& hook) const;
    bool withdraw(const git_hook& hook, const std::filesystem::path& file) const;
    void put_where_managers_look(const git_hook& hook) const;
    void keep(const git_hook& hook) const;
    void keep_in(std::size_t number, const git_hook& hook) const;
    void keep_additions(const git_hook& hook) const;
    void make_kept_directory(std::size_t number) const;
    void supersede(
        const std::filesystem::path& older, const std::filesystem::path& directory, const git_hook& hook) const;
    void tidy(const std::filesystem::path& kept_directory) const;

    std::filesystem::path directory_;
    base::file_lock lock_;  // while this lives
};

}  // namespace hookd::hookctl
