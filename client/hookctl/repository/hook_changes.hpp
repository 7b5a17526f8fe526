// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "hook_repository.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace hookd::hookctl {

/// How one hook of a repository differs from what the daemon has.
struct hook_change {
    enum class kind : unsigned char { added, changed, untrusted, removed };
    kind how;
    std::string name{};
    std::string why{};  ///< untrusted: the daemon's sentence
};

[[nodiscard]] std::string_view to_string(hook_change::kind change);

/// What `sync` would do, given the result of list_hooks. Throws usage_error where a name belongs to a hook that `sync`
/// has not registered for this repository.
[[nodiscard]] std::vector<hook_change> hook_changes(
    const hook_set& wanted, std::string_view listed, const hook_repository& repository);

/// The names of the hooks that `sync` has registered for the repository.
[[nodiscard]] std::vector<std::string> synced_hooks(std::string_view listed, const hook_repository& repository);

}  // namespace hookd::hookctl
