// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "finding.hpp"
#include "hookctl/arguments.hpp"

namespace hookd::hookctl {

/// Whether the hooks that the `.hookd.toml` of the repository that we are in names are registered as it says; nothing
/// where there is no such file, or no daemon. Throws nothing but std::bad_alloc.
[[nodiscard]] findings check_repository(const invocation& call);

}  // namespace hookd::hookctl
