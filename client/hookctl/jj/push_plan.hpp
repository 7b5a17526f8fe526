// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hookd::hookctl {

/// What `jj git push --dry-run` says that it would change on a remote.
struct jj_change {
    std::string remote{};
    std::string kind{};  ///< bookmark, branch (before jj 0.23) or tag
    std::string name{};
    std::string action{};  ///< add, delete, move_forward, move_backward, move_sideways, move, force
    std::string from{};    ///< abbreviated commit id; empty for a new one
    std::string to{};      ///< abbreviated commit id; empty for one that is deleted
};

/// Reads the standard error of `jj git push --dry-run`, in the form of jj 0.15 to 0.40 (`  Add bookmark NAME to ID`)
/// and in that of 0.41 (`  bookmark: NAME [add to ID]`). Empty if jj says `Nothing changed.`; nothing if a line below
/// `Changes to push to REMOTE:` has another form, or there is no such heading: what is not understood must not be
/// pushed.
[[nodiscard]] std::optional<std::vector<jj_change>> read_push_plan(std::string_view output);

}  // namespace hookd::hookctl
