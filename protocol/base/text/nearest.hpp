// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <string_view>
#include <vector>

namespace hookd::base {

/// The candidate that `word` is most likely a misspelling of: the same letters and digits in other cases or with other
/// separators, or some of them missing, added, wrong, or two swapped, up to about a third of the word, and up to four
/// of more than 64 (optimal string alignment distance); or the only one that begins with it. Empty where none is near.
[[nodiscard]] std::string_view nearest(std::string_view word, const std::vector<std::string_view>& candidates);

}  // namespace hookd::base
