// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "hook_repository.hpp"

#include <filesystem>
#include <map>
#include <stdexcept>
#include <string>

namespace hookd::hookctl {

/// A change is too long to be shown whole, so that no user can agree to it. what() names the file with most of it, its
/// size, and what to do.
struct unshowable_change : std::runtime_error {
    using runtime_error::runtime_error;
};

/// What the user has agreed to run for a repository, and what was shown last: the hook files and what they run, as
/// copies in the state directory, so that a change can be shown. Errors: std::system_error and
/// std::filesystem::filesystem_error where that cannot be written.
class hook_agreement {
public:
    using contents = std::map<std::string, std::string>;  ///< as hook_set::contents

    explicit hook_agreement(const hook_repository& repository);

    [[nodiscard]] bool is_agreed(const contents& now) const;
    /// Whether exactly this was shown last, and was not agreed to since.
    [[nodiscard]] bool is_shown(const contents& now) const;

    /// What has changed since it was agreed to, as git prints differences. It counts as shown from then on. Throws
    /// unshowable_change, and usage_error if git fails; nothing counts as shown then.
    [[nodiscard]] std::string show(const contents& now) const;
    void agree(const contents& now) const;
    void forget() const;

private:
    [[nodiscard]] std::filesystem::path agreed() const { return directory_ / "agreed"; }
    [[nodiscard]] std::filesystem::path shown() const { return directory_ / "shown"; }

    std::filesystem::path directory_;
};

}  // namespace hookd::hookctl
