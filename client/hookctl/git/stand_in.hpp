// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "hook.hpp"

#include <string>
#include <string_view>

namespace hookd::hookctl {

/// A script that does nothing, for a place where another manager's hook calls a script of ours that it has moved there:
/// without it that hook, and with it git, would fail. It needs no hookctl.
[[nodiscard]] std::string git_stand_in(const git_hook& hook);

/// Whether a file's text is such a script, for that hook.
[[nodiscard]] bool is_git_stand_in(std::string_view text, const git_hook& hook);

/// Whether a hook's text calls the file of that name without having looked whether it is there. `file` is the path
/// below the hooks' directory. A hook that does not name the file does not call it; one that tests for it, or looks for
/// it by a name that it puts together first, does without it.
[[nodiscard]] bool calls_unchecked(std::string_view hook_text, const git_hook& hook, std::string_view file);

}  // namespace hookd::hookctl
