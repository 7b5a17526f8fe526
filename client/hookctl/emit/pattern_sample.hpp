// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace hookd::hookctl {

/// A text that a regular expression (`pattern` of JSON Schema: ECMA-262) matches, of at least `least` characters if a
/// repetition has no upper bound, else of the fewest. Knows literals, classes, groups, the first of alternatives, and
/// repetitions; nothing for a pattern that has anything else: assertions, references, Unicode escapes.
[[nodiscard]] std::optional<std::string> pattern_sample(std::string_view pattern, std::size_t least = 0);

}  // namespace hookd::hookctl
