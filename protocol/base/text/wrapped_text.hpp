// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace hookd::base {

/// `text` with line ends in place of blanks, so that no line is longer than `columns`. It begins at column `begin`; the
/// lines after the first are indented by `indent`, or, if that is more than half of the columns, by 4. A word that
/// is longer than the room stands whole. `columns` 0: as it is. The text has no escape sequences; its own line ends
/// stay, and lines after them are indented.
[[nodiscard]] std::string wrapped(std::string_view text, std::size_t begin, std::size_t indent, std::size_t columns);

}  // namespace hookd::base
