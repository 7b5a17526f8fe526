// SPDX-License-Identifier: BSL-1.0
#include "visible_text.hpp"

#include "utf8.hpp"

#include <algorithm>
#include <cstddef>
#include <iterator>

namespace hookd::base {
namespace {

struct code_range {
    std::uint32_t first;
    std::uint32_t last;
};

// General categories Cc, Cf, Zs, Zl, Zp, and Default_Ignorable_Code_Point; ascending.
constexpr code_range hidden[] = {{0x0, 0x20}, {0x7f, 0xa0}, {0xad, 0xad}, {0x34f, 0x34f}, {0x600, 0x605},
    {0x61c, 0x61c}, {0x6dd, 0x6dd}, {0x70f, 0x70f}, {0x890, 0x891}, {0x8e2, 0x8e2}, {0x115f, 0x1160}, {0x1680, 0x1680},
    {0x17b4, 0x17b5}, {0x180b, 0x180f}, {0x2000, 0x200f}, {0x2028, 0x202f}, {0x205f, 0x206f}, {0x3000, 0x3000},
    {0x3164, 0x3164}, {0xfe00, 0xfe0f}, {0xfeff, 0xfeff}, {0xffa0, 0xffa0}, {0xfff0, 0xfffb}, {0x110bd, 0x110bd},
    {0x110cd, 0x110cd}, {0x13430, 0x1343f}, {0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a}, {0xe0000, 0xe0fff}};

// Of C1, each of which is ESC and a byte 0x40 less, too (ECMA-48, section 5.3).
constexpr std::uint32_t control_sequence_introducer = 0x9b;
constexpr std::uint32_t string_terminator = 0x9c;
constexpr std::uint32_t escape = 0x1b;
constexpr std::uint32_t bell = 0x07;

constexpr bool is_c1(std::uint32_t code) noexcept { return code >= 0x80 && code < 0xa0; }

constexpr bool ends_line(std::uint32_t code) noexcept {
    constexpr std::uint32_t next_line = 0x85;
    return (code >= '\n' && code <= '\r') || code == next_line || code == 0x2028 || code == 0x2029;
}

// Besides a line end: ESC, CAN and SUB.
constexpr bool cuts_off(std::uint32_t code) noexcept {
    return ends_line(code) || code == escape || code == 0x18 || code == 0x1a;
}

// DCS, SOS, OSC, PM, APC
constexpr bool begins_string(std::uint32_t c1) noexcept {
    return c1 == 0x90 || c1 == 0x98 || (c1 >= 0x9d && c1 <= 0x9f);
}

/// Walks over a text as a terminal does.
class terminal_reader {
public:
    explicit terminal_reader(std::string_view text) noexcept : unread_(text) {}

    [[nodiscard]] bool at_end() const noexcept { return unread_.empty(); }

    /// What the next part of the text is to a reader.
    enum class part : unsigned char { shown, hidden, begins_line };
    [[nodiscard]] part next() noexcept {
        shown_ = take();
        if (shown_.code == escape && shown_.is_well_formed) {
            return take_escape();
        }
        if (ends_line(shown_.code) || shown_.code == '\b') {
            return part::begins_line;
        }
        if (is_c1(shown_.code)) {
            return take_control(shown_.code);
        }
        return !shown_.is_well_formed || shows_nothing(shown_.code) ? part::hidden : part::shown;
    }
    /// The character that next() has called shown.
    [[nodiscard]] std::uint32_t shown() const noexcept { return shown_.code; }

private:
    utf8_character take() noexcept {
        const auto front = front_utf8_character(unread_);
        unread_.remove_prefix(front.bytes);
        return front;
    }

    // A sequence or a string ends where a line does, and where another one begins.
    [[nodiscard]] bool goes_on() const noexcept {
        return !unread_.empty() && !cuts_off(front_utf8_character(unread_).code);
    }

    // ESC has been taken: the second character of C1 in two, or any other sequence, which ends with a byte from 0 to ~.
    part take_escape() noexcept {
        if (!goes_on()) {
            return part::hidden;
        }
        const auto second = static_cast<unsigned char>(unread_.front());
        const std::uint32_t c1 = std::uint32_t{second} + 0x40U;
        if (is_c1(c1)) {
            unread_.remove_prefix(1);
            return take_control(c1);
        }
        const bool chooses_characters = second == '(' || second == ')' || second == '*' || second == '+';
        take_until('0', '~');
        return chooses_characters ? part::hidden : part::begins_line;
    }

    part take_control(std::uint32_t c1) noexcept {
        if (c1 == control_sequence_introducer) {
            return take_until('@', '~') == 'm' ? part::hidden : part::begins_line;
        }
        if (!begins_string(c1)) {
            return c1 == string_terminator ? part::hidden : part::begins_line;
        }
        while (goes_on()) {
            if (const auto code = take().code; code == bell || code == string_terminator) {
                break;
            }
        }
        return part::hidden;
    }

    // Returns the last character of the sequence; 0: it has none.
    std::uint32_t take_until(std::uint32_t first, std::uint32_t last) noexcept {
        while (goes_on()) {
            if (const auto code = take().code; code >= first && code <= last) {
                return code;
            }
        }
        return 0;
    }

    std::string_view unread_;
    utf8_character shown_{};
};

}  // namespace

bool shows_nothing(std::uint32_t code_point) noexcept {
    const auto* const range = std::lower_bound(std::begin(hidden), std::end(hidden), code_point,
        [](const code_range& each, std::uint32_t code) { return each.last < code; });
    return range != std::end(hidden) && code_point >= range->first;
}

bool has_line_that_begins_with(std::string_view text, char first, char second) noexcept {
    const auto is_wanted = [=](std::uint32_t code) {
        return code == static_cast<unsigned char>(first) || code == static_cast<unsigned char>(second);
    };
    bool line_is_empty = true;
    for (terminal_reader each{text}; !each.at_end();) {
        const auto part = each.next();
        if (part == terminal_reader::part::begins_line) {
            line_is_empty = true;
        } else if (part == terminal_reader::part::shown) {
            if (line_is_empty && is_wanted(each.shown())) {
                return true;
            }
            line_is_empty = false;
        }
    }
    return false;
}

}  // namespace hookd::base
