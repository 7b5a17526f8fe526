// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

// UTF-8 (RFC 3629). Pure functions; none of them allocates or throws.
namespace hookd::base {

/// What some programs put before UTF-8 (RFC 8259, section 8.1, lets a reader of JSON ignore it).
inline constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

/// Whether the byte continues a character that began before it.
[[nodiscard]] constexpr bool continues_character(char c) noexcept {
    return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
}

/// Bytes of the sequence at `at`, whose first byte is not ASCII; 0 if it is not well-formed (RFC 3629, section 4: no
/// overlong forms, no surrogates, nothing above U+10FFFF). Precondition: `at` is before `end`.
[[nodiscard]] inline std::size_t utf8_sequence(const char* at, const char* end) noexcept {
    const auto left = static_cast<std::size_t>(end - at);
    const auto first = static_cast<unsigned char>(*at);
    if (first < 0xC2) {
        return 0;
    }
    if (left < 2 || !continues_character(at[1])) {
        return 0;
    }
    if (first < 0xE0) {
        return 2;
    }
    const auto second = static_cast<unsigned char>(at[1]);
    if (first < 0xF0) {
        if (first == 0xE0 && second < 0xA0) {
            return 0;
        }
        if (first == 0xED && second > 0x9F) {
            return 0;
        }
        return left >= 3 && continues_character(at[2]) ? 3 : 0;
    }
    if (first > 0xF4 || (first == 0xF0 && second < 0x90) || (first == 0xF4 && second > 0x8F)) {
        return 0;
    }
    return left >= 4 && continues_character(at[2]) && continues_character(at[3]) ? 4 : 0;
}

/// Bytes of the character at the front of `bytes`, which is not empty; 0 if it is not well-formed.
[[nodiscard]] inline std::size_t front_character_size(std::string_view bytes) noexcept {
    const bool is_ascii = static_cast<unsigned char>(bytes.front()) < 0x80;
    return is_ascii ? 1 : utf8_sequence(bytes.data(), bytes.data() + bytes.size());
}

/// A character and how many bytes it takes.
struct utf8_character {
    std::uint32_t code = 0;  ///< its code point; of what is not well-formed, the one byte that it is
    std::size_t bytes = 1;
    bool is_well_formed = false;
};

/// The character at the front of `text`, which is not empty.
[[nodiscard]] inline utf8_character front_utf8_character(std::string_view text) noexcept {
    const auto byte = [&text](std::size_t at) { return std::uint32_t{static_cast<unsigned char>(text[at])}; };
    const auto size = front_character_size(text);
    if (size <= 1) {
        return {byte(0), 1, size == 1};
    }
    std::uint32_t code = byte(0) & (0x7fU >> size);
    for (std::size_t i = 1; i < size; ++i) {
        code = code << 6U | (byte(i) & 0x3fU);
    }
    return {code, size, true};
}

/// Whether all of it is well-formed. An empty text is.
[[nodiscard]] inline bool is_utf8(std::string_view bytes) noexcept {
    while (!bytes.empty()) {
        const auto size = front_character_size(bytes);
        if (size == 0) {
            return false;
        }
        bytes.remove_prefix(size);
    }
    return true;
}

/// How many characters (code points) a well-formed text has. In any other text, how many bytes begin one.
[[nodiscard]] inline std::size_t character_count(std::string_view text) noexcept {
    return text.size() - static_cast<std::size_t>(std::count_if(text.begin(), text.end(), continues_character));
}

/// Where the character that begins at `at`, which is inside the text, ends.
[[nodiscard]] inline std::size_t character_end(std::string_view text, std::size_t at) noexcept {
    do {
        ++at;
    } while (at < text.size() && continues_character(text[at]));
    return at;
}

/// The longest beginning of `text` that has at most `limit` bytes and ends where a character ends.
[[nodiscard]] inline std::string_view cut_at_character(std::string_view text, std::size_t limit) noexcept {
    if (text.size() <= limit) {
        return text;
    }
    while (limit > 0 && continues_character(text[limit])) {
        --limit;
    }
    return text.substr(0, limit);
}

}  // namespace hookd::base
