// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>
#include <string_view>

// What a reader sees of a text. Pure functions; none of them allocates or throws.
namespace hookd::base {

/// Whether a character shows nothing: its general category is Cc, Cf, Zs, Zl or Zp, or it is default-ignorable (Unicode
/// 15.0).
[[nodiscard]] bool shows_nothing(std::uint32_t code_point) noexcept;

/// Whether some line of `text`, as a terminal shows it, begins with `first` or `second`. A line begins at the front of
/// the text, after each line end (LF, CR, VT, FF, NEL, U+2028, U+2029), and after whatever else moves the cursor: a
/// backspace, and a control sequence (ECMA-48) that is not for colours. What shows nothing before its first character
/// is skipped: shows_nothing(), control sequences and control strings, whether introduced by ESC, or by C1 as one byte
/// or in UTF-8, and each byte that is no well-formed UTF-8, which is a mark or a blank of another encoding.
[[nodiscard]] bool has_line_that_begins_with(std::string_view text, char first, char second) noexcept;

}  // namespace hookd::base
