// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <string_view>

namespace hookd::detail {

/// Whether `name` matches `pattern`: `*` stands for any run of characters, `?` for one, all else for itself; the
/// daemon's rule for `subscribe`. Time: at most the product of both lengths.
[[nodiscard]] bool glob_matches(std::string_view pattern, std::string_view name) noexcept;

}  // namespace hookd::detail
