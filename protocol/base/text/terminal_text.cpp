// SPDX-License-Identifier: BSL-1.0
#include "terminal_text.hpp"

#include "utf8.hpp"

namespace hookd::base {

terminal_character front_character(std::string_view text) noexcept {
    const auto byte = [&text](std::size_t at) { return std::uint32_t{static_cast<unsigned char>(text[at])}; };
    if (byte(0) < 0x80) {
        return byte(0) < 0x20 || byte(0) == 0x7f ? terminal_character{1, byte(0)} : terminal_character{};
    }
    constexpr std::uint32_t replacement = 0xfffd;
    const auto length = utf8_sequence(text.data(), text.data() + text.size());
    if (length == 0) {
        return {1, replacement};
    }
    if (length == 2 && byte(0) == 0xc2 && byte(1) < 0xa0) {
        return {length, byte(1)};
    }
    if (length == 3 && byte(0) == 0xe2) {
        const std::uint32_t code = 0x2000U | (byte(1) & 0x3fU) << 6U | (byte(2) & 0x3fU);
        if ((code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069)) {
            return {length, code};
        }
    }
    return {length, {}};
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
