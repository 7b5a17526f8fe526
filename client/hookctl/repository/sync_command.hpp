// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "hookctl/arguments.hpp"

namespace hookd::hookctl {

/// `hookctl trust PATH/.hookd.toml`: agrees to what `sync` has shown, and registers it. Returns and throws as the
/// commands do (commands.hpp).
int trust_hook_file(const invocation& call, const std::string& path);

/// Whether what `trust` was given is the path of such a file rather than the name of a hook.
[[nodiscard]] bool names_hook_file(std::string_view word);

}  // namespace hookd::hookctl
