// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace hookd::catalogs {

/// Why draft 7 of JSON Schema has no keyword of that name, if it looks like a misspelt one, or is one of another draft;
/// with what to write instead. Nothing for a keyword of draft 7, for `x-...`, and for any other name: such are
/// annotations.
[[nodiscard]] std::optional<std::string> fault_of_keyword(std::string_view name);

}  // namespace hookd::catalogs
