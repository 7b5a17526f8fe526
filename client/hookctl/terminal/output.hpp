// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <base/text/terminal_text.hpp>

#include <string>
#include <string_view>
#include <system_error>

namespace hookd::hookctl {

using base::harmless;

/// Whether the program was asked for JSON, or writes to something that is no terminal: then it writes for programs.
[[nodiscard]] bool writes_for_programs(bool json_wanted);

/// As print(), for text that must arrive: why it did not, if nobody reads any more, too.
[[nodiscard]] std::error_code write_output(std::string_view text) noexcept;

/// Writes all of `text` to standard output at once, and waits where that is full, whether or not it blocks
/// (O_NONBLOCK). Nobody reading any more (EPIPE) is no error: the exit status still tells. Throws std::system_error for
/// any other failure, e.g. a full disk.
void print(std::string_view text);

/// Writes a line for people to standard error: `hookctl: MESSAGE`. Never throws but std::bad_alloc.
void report_error(std::string_view message);

/// Writes all of `text` to standard error, as it is. Never throws.
void print_error(std::string_view text) noexcept;

/// Writes text from elsewhere, as it is, and a line end to standard error. On a terminal, characters that could drive
/// it become `?`.
void print_reason(std::string_view reason);

/// A JSON text as one line: raw CR and LF, which can only be white space between its tokens, become spaces.
[[nodiscard]] std::string one_line(std::string_view json);

/// A JSON text with the harmful characters (base::front_character) that JSON allows raw in a string as escapes: the
/// same JSON.
[[nodiscard]] std::string escaped_controls(std::string_view json);

/// A JSON text as it goes to standard output: as it is, but with escaped_controls() where that is a terminal.
[[nodiscard]] std::string json_output(std::string_view json);

/// How many columns a UTF-8 text takes: its code points (wide and combining ones count as one, too).
[[nodiscard]] std::size_t columns_of(std::string_view text) noexcept;

/// Whether `fd` is a terminal that has colours (TERM), and NO_COLOR (no-color.org) is unset or empty.
[[nodiscard]] bool shows_colours(int fd) noexcept;

/// Colours for a terminal, or empty texts.
class palette {
public:
    /// Colours where standard output shows them.
    palette();
    explicit palette(bool coloured) noexcept : coloured_(coloured) {}

    [[nodiscard]] std::string_view bold() const noexcept { return coloured_ ? "\x1b[1m" : ""; }
    [[nodiscard]] std::string_view dim() const noexcept { return coloured_ ? "\x1b[2m" : ""; }
    [[nodiscard]] std::string_view red() const noexcept { return coloured_ ? "\x1b[31m" : ""; }
    [[nodiscard]] std::string_view green() const noexcept { return coloured_ ? "\x1b[32m" : ""; }
    [[nodiscard]] std::string_view yellow() const noexcept { return coloured_ ? "\x1b[33m" : ""; }
    [[nodiscard]] std::string_view cyan() const noexcept { return coloured_ ? "\x1b[36m" : ""; }
    [[nodiscard]] std::string_view plain() const noexcept { return coloured_ ? "\x1b[0m" : ""; }

private:
    bool coloured_;
};

}  // namespace hookd::hookctl
