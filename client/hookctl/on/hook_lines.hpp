// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "hookctl/terminal/output.hpp"

#include <base/text/terminal_text.hpp>
#include <hookd/verdict.hpp>

#include <string>
#include <string_view>

namespace hookd::hookctl {

/// One indented, aligned line a hook that was asked: its name, how long it took, and what it said:
///
///     lint      12.4 ms  vetoes: line 3 is too long …; note: run make format
///     format     3.1 ms  no objection: nothing to format
///     spelling           missing: timeout
///
/// Empty where no hook was asked. Of a reason that is the verdict's own (verdict::abort), which the caller prints
/// whole, only the first line is shown; of any other all lines, indented. What hooks say cannot drive the terminal
/// (base::harmless).
[[nodiscard]] std::string hook_lines(const verdict& result, const palette& colour);

/// Prints hook_lines() to standard error, where that is a terminal and a hook vetoed or is missing; else nothing.
/// Returns whether it did. For commands whose standard output is not for people: `git run`, `agent-hook`. Never throws
/// but std::bad_alloc.
bool print_hook_lines_of_trouble(const verdict& result);

/// Prints what the hooks have to say beside their word, note_of() each, to standard error.
void print_notes(const verdict& result);
/// Says on standard error that a veto of `event` was bypassed, and why; nothing where none was. Never throws but
/// std::bad_alloc.
void print_bypass(const verdict& result, std::string_view event);
/// The same as a sentence; empty where none was.
[[nodiscard]] std::string bypass_text(const verdict& result, std::string_view event);

/// What a reply, a JSON object, has for the person who waits: its string member `note`; empty where it has none.
[[nodiscard]] std::string note_of(std::string_view reply);

}  // namespace hookd::hookctl
