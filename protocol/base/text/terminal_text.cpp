// SPDX-License-Identifier: BSL-1.0
#include "terminal_text.hpp"

#include "utf8.hpp"

namespace hookd::base {

terminal_character front_character(std::string_view text) noexcept {
    constexpr std::uint32_t replacement = 0xfffd;
    const auto [code, bytes, is_well_formed] = front_utf8_character(text);
    if (!is_well_formed) {
        return {1, replacement};
    }
    const bool is_control = code < 0x20 || (code >= 0x7f && code < 0xa0);
    const bool changes_direction = (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
    return is_control || changes_direction ? terminal_character{bytes, code} : terminal_character{bytes, {}};
}

std::string harmless(std::string_view text, bool lines) {
    std::string result;
    while (!text.empty()) {
        const auto front = front_character(text);
        if (!front.harmful || (lines && (text.front() == '\n' || text.front() == '\t'))) {
            result.append(text.substr(0, front.bytes));
        } else {
            result += '?';
        }
        text.remove_prefix(front.bytes);
    }
    return result;
}

}  // namespace hookd::base
