// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <string>
#include <string_view>

namespace hookd::hookctl {

/// Which hook manager has written a hook, by what its scripts say of themselves; empty where they say nothing. Two
/// hooks of one author are the older and the newer form of one, and only one of them is to run: numbers are left out.
[[nodiscard]] std::string author_of(std::string_view hook_text);

}  // namespace hookd::hookctl
