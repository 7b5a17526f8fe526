// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "script.hpp"
#include "site.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace hookd::hookctl {

/// Hooks that are named in git's configuration, from 2.54 on: `hook.hookd.HOOK.command` and `.event`, a name for each
/// since git does not tell a command which hook it is for. They stand in the repository's configuration, or with
/// --global in the user's. What there is of ours is read once, at the first question; changes by others after that are
/// not seen. Errors: usage_error where git refuses.
class git_configuration {
public:
    explicit git_configuration(const git_site& site)
        : repository_(site.repository), scope_(site.global ? "--global" : "--local") {}

    /// The command that runs for this hook, whoever's configuration says so; nothing where none does, or it is switched
    /// off.
    [[nodiscard]] std::optional<std::string> command_in_force(const git_hook& hook) const;
    /// Whether this scope names the hook.
    [[nodiscard]] bool has(const git_hook& hook) const;
    /// Whether this scope names any hook of ours.
    [[nodiscard]] bool has_any() const;
    /// Whether anything changed.
    bool install(const git_hook& hook, const git_script_options& options);
    bool uninstall(const git_hook& hook);

private:
    using settings = std::map<std::string, std::string>;  ///< values by key; of several the last, as git counts

    [[nodiscard]] settings read(bool of_scope) const;
    /// Of this scope, or of whatever is in force.
    [[nodiscard]] const settings& own() const;
    [[nodiscard]] const settings& in_force() const;
    void set(const std::string& key, const std::string& value);
    void change(std::vector<std::string> arguments) const;

    std::string repository_;
    std::string scope_;
    mutable std::optional<settings> own_{};
    mutable std::optional<settings> in_force_{};
};

}  // namespace hookd::hookctl
