// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "hook_repository.hpp"

#include <filesystem>
#include <map>
#include <string>

namespace hookd::hookctl {

/// What the user has agreed to run for a repository, and what was shown last: the hook files and what they run, as
/// copies in the state directory, so that a change can be shown. Errors: std::system_error and
/// std::filesystem::filesystem_error where that cannot be written.
class hook_agreement {
public:
    using contents = std::map<std::string, std::string>;  ///< as hook_set::contents

    explicit hook_agreement(const hook_repository& repository);

    [[nodiscard]] bool is_agreed(const contents& now) const;
    /// Whether something was shown and neither agreed to nor replaced since, and it was not this.
    [[nodiscard]] bool was_another_shown(const contents& now) const;

    /// What has changed since it was agreed to, as git prints differences. It counts as shown from then on.
    [[nodiscard]] std::string show(const contents& now) const;
    void agree(const contents& now) const;
    void forget() const;

private:
    [[nodiscard]] std::filesystem::path agreed() const { return directory_ / "agreed"; }
    [[nodiscard]] std::filesystem::path shown() const { return directory_ / "shown"; }

    std::filesystem::path directory_;
};

}  // namespace hookd::hookctl
