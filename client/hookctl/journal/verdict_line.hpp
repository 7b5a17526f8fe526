// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "hookctl/terminal/output.hpp"
#include "hookctl/terminal/screen_text.hpp"

#include <base/text/terminal_text.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace hookd::hookctl {

/// How much of an event's id is shown to people, and is enough for `trace`.
inline constexpr std::size_t short_id_digits = 8;

/// For people, about a verdict, an entry of `history`: when, which event, whether it proceeded, who said so,
/// how long that took, and why:
///
///     2026-11-23 12:58:36  5a0d1f7e  git.pre_push              ✗  no-main           4.1 ms  main is closed
///     2026-11-23 12:58:31  0c7be1d2  git.pre_commit            ✓  lint, format     12.4 ms
///
/// One line, of at most so many columns; a reason that does not fit in it follows on lines of its own. Names are
/// shortened with `…`, and where the terminal is narrow the year is left out. What hooks say cannot drive the terminal
/// (base::harmless). Without a line end.
[[nodiscard]] std::string verdict_text(std::string_view entry, std::size_t columns, const palette& colour);

/// Adds to a line what verdict_text() has after the id, in so many columns: there, the reason is shortened, too.
void add_verdict(screen_line& line, std::string_view entry, std::size_t columns, const palette& colour);

/// The first line of what may have several, as it can be shown.
[[nodiscard]] std::string first_line_of(std::string_view text);

/// `4.1 ms`, `1.5 s`: of a number of milliseconds, JSON.
[[nodiscard]] std::string milliseconds_text(std::string_view number);

/// `; note: NOTE`: the first line of what a reply, a JSON object, notes beside its veto; empty where it notes nothing.
[[nodiscard]] std::string note_beside_veto(std::string_view reply);

}  // namespace hookd::hookctl
