#pragma once

#include "git_hook.hpp"
#include "git_script.hpp"

#include <filesystem>

namespace hookd::hookctl {

/// A directory of git hooks, into which scripts are put and taken out again.
///
/// A hook that is there already is kept, as the very file that it is, in a directory beside this one, `NAME.before-hookd`, under its own name: so
/// it finds by its $0, or through a relative link, what it found before. Its neighbours are there as links.
///
/// Errors: usage_error where a person has to decide something; std::filesystem::filesystem_error from the system.
/// Each file is there, old or new, at any moment. While such an object lives, others for the same directory, in whatever process, wait to be
/// made.
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

    explicit git_hooks_directory(std::filesystem::path directory);
    ~git_hooks_directory();
    git_hooks_directory(const git_hooks_directory&) = delete;
    git_hooks_directory& operator=(const git_hooks_directory&) = delete;

    [[nodiscard]] const std::filesystem::path& path() const noexcept { return directory_; }
    /// The name of the directory of kept hooks.
    [[nodiscard]] std::string kept_name() const { return kept_.filename().string(); }

    /// Whether install would do its work; throws as that.
    void check(const git_hook& hook) const;
    /// Puts a script in the hook's place, and keeps what is there.
    change install(const git_hook& hook, const std::string& script);
    /// Takes the script away and puts back what is kept, byte for byte and with its mode, times and owner.
    change uninstall(const git_hook& hook);
    /// Makes the links to the neighbours of kept hooks, or removes them with the directory where nothing is kept.
    void tidy() const;
    /// Whether this hook is a script of ours.
    [[nodiscard]] bool has_script(const git_hook& hook) const;
    /// Whether a hook from before is kept.
    [[nodiscard]] bool keeps(const git_hook& hook) const;

private:
    void make_kept_directory() const;
    void keep(const git_hook& hook) const;

    std::filesystem::path directory_;
    std::filesystem::path kept_;
    int lock_;
};

}  // namespace hookd::hookctl
