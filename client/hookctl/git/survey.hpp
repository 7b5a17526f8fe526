// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "hook.hpp"
#include "site.hpp"

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace hookd::hookctl {

/// A hook that was there before and runs first.
struct displaced_hook {
    std::filesystem::path path{};
    std::string author{};  ///< the manager that wrote it; empty where it does not say
};

/// One hook of git's, as it stands.
struct surveyed_hook {
    const git_hook* hook = nullptr;
    bool fires = false;
    bool is_changed = false;  ///< somebody has added to the script
    std::string why_not{};    ///< a sentence with what to do
    std::string
        taken_by{};  ///< who wrote the hook that stands in the script's place; "another hook" where it does not say
    std::vector<displaced_hook> displaced{};
    std::string socket{};  ///< remembered from the install; empty: none
};

/// What is installed in a repository, and whether git would run it.
struct git_survey {
    git_site site{};
    bool by_configuration = false;
    std::vector<surveyed_hook> hooks{};  ///< in git's order: those that were installed, or that `events` names
};

/// Looks, and changes nothing. `events`: as --events; empty: what was installed. Throws usage_error as find_git_site.
[[nodiscard]] git_survey survey_git_hooks(const git_site& site, std::string_view events);

}  // namespace hookd::hookctl
