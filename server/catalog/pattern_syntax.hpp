// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <string>
#include <string_view>

namespace hookd::catalogs {

/// `pattern`, a regular expression of ECMA 262 with its flag `u` (UTF-8), in RE2's syntax.
///
/// The rule's source is ECMA 262, "Patterns". What only a pattern without the flag may have is taken, too, as far as it
/// has one meaning: an escaped punctuation character, a brace that begins no count, `[a-\d]`. Throws
/// std::invalid_argument, which says what is wrong or not supported: look-around, back references, properties of
/// Unicode other than general categories and scripts, and repeats that multiply to more than 10000 characters.
///
/// Thread-safety: any number of threads.
[[nodiscard]] std::string re2_syntax(std::string_view pattern);

}  // namespace hookd::catalogs
