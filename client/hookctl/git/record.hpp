// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace hookd::hookctl {

/// One script that was installed.
struct installed_script {
    std::string hook{};  ///< git's name
    std::filesystem::path directory{};

    friend bool operator==(const installed_script&, const installed_script&) = default;
};

/// What was installed, and where: core.hooksPath may point elsewhere by the time somebody wants to know. A file,
/// `hookd-hooks` in the repository (in its common directory), or for --global `git-hooks` in the state directory
/// ($XDG_STATE_HOME/hookd, ~/.local/state/hookd).
///
/// One that is a link, that was written in another directory (of which this is a copy), or that can't be read, says
/// nothing. Errors: std::filesystem::filesystem_error where it can't be written.
class git_record {
public:
    explicit git_record(std::filesystem::path file);

    [[nodiscard]] const std::vector<installed_script>& scripts() const noexcept { return scripts_; }
    /// Each directory once, in the order in which they came.
    [[nodiscard]] std::vector<std::filesystem::path> directories() const;
    void add(installed_script script);
    void remove(const installed_script& script);
    /// Writes the file, whole or not at all; removes it where nothing is left.
    void save() const;

    /// Of all repositories.
    [[nodiscard]] static std::filesystem::path global_file();

private:
    std::filesystem::path file_;
    std::vector<installed_script> scripts_{};
};

}  // namespace hookd::hookctl
