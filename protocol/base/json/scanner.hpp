// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "text.hpp"

#include <base/text/utf8.hpp>

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

// The one scanner of JSON text, used by the validator (which skips a whole text) and by the envelope reader (which
// walks the outer members itself and skips what is inside of them), so that a frame is looked at once and by one set of
// rules.
//
// Each step takes a position and returns the position after what it has read, or null after a fault: positions then
// stay in registers, and a fault costs nothing until it happens. Nothing recurses: skip_value keeps one bit a level,
// which says whether that level is an object.
namespace hookd::base {

[[nodiscard]] inline bool is_space(char c) noexcept { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }
[[nodiscard]] inline bool is_digit(char c) noexcept { return static_cast<unsigned char>(c - '0') < 10; }

/// The value of a hexadecimal digit, or -1.
[[nodiscard]] inline int hex_value(char c) noexcept {
    if (is_digit(c)) {
        return c - '0';
    }
    const char lower = static_cast<char>(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

#if defined(__SSE2__)
/// One bit a byte of the 16 at `at`: set where a string's plain run ends, at a quote, a backslash, a control character
/// or a byte that is not ASCII.
[[nodiscard]] inline unsigned special_bits(const char* at) noexcept {
    __m128i bytes{};
    std::memcpy(&bytes, at, sizeof bytes);
    const __m128i quotes = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"'));
    const __m128i backslashes = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'));
    // Signed: 0x80 and above count as negative, so this one comparison finds control characters and non-ASCII alike.
    const __m128i outside = _mm_cmplt_epi8(bytes, _mm_set1_epi8(0x20));
    return static_cast<unsigned>(_mm_movemask_epi8(_mm_or_si128(_mm_or_si128(quotes, backslashes), outside)));
}
#endif

/// Whether `c` ends a plain run (see find_special).
[[nodiscard]] inline bool is_special(char c) noexcept {
    const auto byte = static_cast<unsigned char>(c);
    return byte == '"' || byte == '\\' || byte < 0x20 || byte >= 0x80;
}

/// Whether one of the eight bytes of `word` is special.
[[nodiscard]] inline bool has_special(std::uint64_t word) noexcept {
    constexpr std::uint64_t ones = 0x0101010101010101U;
    constexpr std::uint64_t tops = 0x8080808080808080U;
    // A subtraction sets the top bit of each byte that was smaller than what is taken away; a borrow may set it in a
    // neighbour too, but never where no byte is special.
    const std::uint64_t quotes = word ^ (ones * '"');
    const std::uint64_t backslashes = word ^ (ones * '\\');
    const std::uint64_t found =
        ((quotes - ones) & ~quotes) | ((backslashes - ones) & ~backslashes) | ((word - ones * 0x20U) & ~word) | word;
    return (found & tops) != 0;
}

/// The portable find_special: eight bytes at a time in one word, which a last loop looks at byte by byte.
[[nodiscard]] inline const char* find_special_by_words(const char* at, const char* end) noexcept {
    for (; end - at >= 8; at += 8) {
        std::uint64_t word = 0;
        std::memcpy(&word, at, sizeof word);
        if (has_special(word)) {
            break;
        }
    }
    if (const auto left = end - at; left >= 4 && left < 8) {  // the last four of them overlap the first
        std::array<std::uint32_t, 2> halves{};
        std::memcpy(&halves[0], at, sizeof halves[0]);
        std::memcpy(&halves[1], end - 4, sizeof halves[1]);
        if (!has_special(std::bit_cast<std::uint64_t>(halves))) {
            return end;
        }
    }
    while (at != end && !is_special(*at)) {
        ++at;
    }
    return at;
}

/// The first byte from `at` on that is a quote, a backslash, a control character or not ASCII; `end` where there is
/// none. `begin` is where the readable bytes begin (before `at`).
[[nodiscard]] inline const char* find_special(const char* begin, const char* at, const char* end) noexcept {
#if defined(__SSE2__)
    // Long runs a cache line at a time: one test for all of it.
    while (end - at >= 64) {
        const unsigned any = special_bits(at) | special_bits(at + 16) | special_bits(at + 32) | special_bits(at + 48);
        if (any != 0) {
            break;
        }
        at += 64;
    }
    while (end - at >= 16) {
        if (const unsigned found = special_bits(at); found != 0) {
            return at + std::countr_zero(found);
        }
        at += 16;
    }
    if (at == end) {
        return end;
    }
    // Fewer than 16 bytes are left: look at the last 16 of the text again and drop the bits of those before `at`.
    if (end - begin < 16) {
        return find_special_by_words(at, end);
    }
    const unsigned found = special_bits(end - 16) >> (16 - (end - at));
    return found != 0 ? at + std::countr_zero(found) : end;
#else
    static_cast<void>(begin);
    return find_special_by_words(at, end);
#endif
}

class json_scanner {
public:
    /// `deepest`: levels of nesting that are allowed, at most scannable_depth.
    explicit json_scanner(std::string_view text, std::size_t deepest = max_json_depth) noexcept
        : begin_(text.data()), end_(text.data() + text.size()), deepest_(deepest) {}

    static constexpr std::size_t scannable_depth = 192;

    [[nodiscard]] const char* begin() const noexcept { return begin_; }
    [[nodiscard]] const char* end() const noexcept { return end_; }

    /// Whether the byte at `at` is there and is `c`.
    [[nodiscard]] bool is(const char* at, char c) const noexcept { return at != end_ && *at == c; }

    [[nodiscard]] const char* skip_space(const char* at) const noexcept {
        // Mostly there is none, and one comparison tells.
        while (at != end_ && static_cast<unsigned char>(*at) <= ' ' && is_space(*at)) {
            ++at;
        }
        return at;
    }

    /// Skips the string whose opening quote is at `at`.
    [[nodiscard]] const char* skip_string(const char* at) noexcept {
#if defined(__SSE2__)
        // Most strings are short and plain, and this is small enough to be inlined where they are met.
        if (end_ - at > 16) {
            const unsigned found = special_bits(at + 1);
            if (const char* const stop = at + 1 + std::countr_zero(found); found != 0 && *stop == '"') {
                return stop + 1;
            }
        }
#endif
        return skip_long_string(at);
    }

    /// Skips the value at `at`, which white space has been skipped before, with everything inside of it.
    [[nodiscard]] const char* skip_value(const char* at) noexcept {
        return is(at, '"') ? skip_string(at) : skip_any_value(at);
    }

    /// Walks the object whose opening brace is at `at`. `on_member(key, value_at)` is called for each member with the
    /// place where its value begins, and returns where it ends (null after a fault). Returns the place after the
    /// closing brace. One such walk may stand inside another.
    template <class OnMember>
    [[nodiscard]] const char* walk_object(const char* at, OnMember&& on_member) {
        if (depth_ == deepest_) {
            return fail(at, too_deep);
        }
        at = skip_space(at + 1);
        return is(at, '}') ? at + 1 : walk_members(at, on_member);
    }

    /// The same from the place of a member's name on; the object's brace, and perhaps members, lie before.
    template <class OnMember>
    [[nodiscard]] const char* walk_members(const char* at, OnMember&& on_member) {
        ++depth_;
        for (;;) {
            if (!is(at, '"')) {
                return fail(at, name_expected);
            }
            const char* const name = at + 1;
            at = skip_string(at);
            if (at == nullptr) {
                return nullptr;
            }
            const json_string key{{name, static_cast<std::size_t>(at - 1 - name)}};
            at = skip_colon(at);
            if (at == nullptr) {
                return nullptr;
            }
            at = on_member(key, at);
            if (at == nullptr) {
                return nullptr;
            }
            at = skip_space(at);
            if (!is(at, ',')) {
                break;
            }
            at = skip_space(at + 1);
        }
        if (!is(at, '}')) {
            return fail(at, object_goes_on);
        }
        --depth_;
        return at + 1;
    }

    /// The same for an array; `on_element(value_at)`.
    template <class OnElement>
    [[nodiscard]] const char* walk_array(const char* at, OnElement&& on_element) {
        if (depth_ == deepest_) {
            return fail(at, too_deep);
        }
        ++depth_;
        at = skip_space(at + 1);
        if (!is(at, ']')) {
            for (;;) {
                at = on_element(at);
                if (at == nullptr) {
                    return nullptr;
                }
                at = skip_space(at);
                if (!is(at, ',')) {
                    break;
                }
                at = skip_space(at + 1);
            }
            if (!is(at, ']')) {
                return fail(at, array_goes_on);
            }
        }
        --depth_;
        return at + 1;
    }

    /// Checks that nothing but white space follows. Returns `end` or null.
    [[nodiscard]] const char* expect_end(const char* at) noexcept {
        at = skip_space(at);
        return at == end_ ? at : fail(at, "something follows the JSON text");
    }

    /// Whether an escape has been seen so far. Where not, no name needs decoding, which spares a look for one in each.
    [[nodiscard]] bool escape_seen() const noexcept { return escape_seen_; }

    /// The first fault, after null was returned.
    [[nodiscard]] const json_fault& fault() const noexcept { return fault_; }

    /// Whether that fault is where the text ends: with more of it, it might have been JSON.
    [[nodiscard]] bool has_run_out() const noexcept {
        return fault_.offset == static_cast<std::size_t>(end_ - begin_) || fault_.reason == string_goes_on;
    }

private:
    static constexpr std::string_view string_goes_on = "a string is not terminated";
    static constexpr std::string_view too_deep = "it is nested more than 128 levels deep";
    static constexpr std::string_view name_expected = "a member's name in double quotes is expected";
    static constexpr std::string_view object_goes_on = "a comma or a closing brace is expected";
    static constexpr std::string_view array_goes_on = "a comma or a closing bracket is expected";

    const char* fail(const char* at, std::string_view reason) noexcept {
        fault_ = {static_cast<std::size_t>(at - begin_), reason};
        return nullptr;
    }

    const char* skip_any_value(const char* at) noexcept;
    const char* skip_long_string(const char* at) noexcept;
    const char* skip_special(const char* at) noexcept;
    const char* skip_number(const char* at) noexcept;

    const char* skip_literal(const char* at, std::string_view literal) noexcept {
        const auto left = static_cast<std::size_t>(end_ - at);
        if (left < literal.size() || std::memcmp(at, literal.data(), literal.size()) != 0) {
            return fail(at, "a value is expected (true, false and null are the only bare words)");
        }
        return at + literal.size();
    }

    const char* skip_colon(const char* at) noexcept {
        at = skip_space(at);
        if (!is(at, ':')) {
            return fail(at, "a colon is expected after a member's name");
        }
        return skip_space(at + 1);
    }

    const char* skip_name(const char* at) noexcept {
        if (!is(at, '"')) {
            return fail(at, name_expected);
        }
        at = skip_string(at);
        return at == nullptr ? nullptr : skip_colon(at);
    }

    const char* begin_;
    const char* end_;
    std::size_t deepest_;
    std::size_t depth_ = 0;  // of the walks that are open
    bool escape_seen_ = false;
    json_fault fault_{};
};

inline const char* json_scanner::skip_long_string(const char* at) noexcept {
    const char* const start = at++;
    for (;;) {
        at = find_special(begin_, at, end_);
        if (at == end_) {
            return fail(start, string_goes_on);
        }
        if (*at == '"') {
            return at + 1;
        }
        at = skip_special(at);
        if (at == nullptr) {
            return nullptr;
        }
    }
}

/// Skips what stopped a plain run inside a string and is not its end: one escape, or the bytes up to the next ASCII
/// one.
inline const char* json_scanner::skip_special(const char* at) noexcept {
    const auto byte = static_cast<unsigned char>(*at);
    if (byte >= 0x80) {
        do {
            const std::size_t length = utf8_sequence(at, end_);
            if (length == 0) {
                return fail(at, "a string is not well-formed UTF-8");
            }
            at += length;
        } while (at != end_ && static_cast<unsigned char>(*at) >= 0x80);
        return at;
    }
    if (byte < 0x20) {
        return fail(at, "a string has a raw control character");
    }
    if (end_ - at < 2) {
        return fail(at, string_goes_on);
    }
    escape_seen_ = true;
    switch (at[1]) {
        case '"':
        case '\\':
        case '/':
        case 'b':
        case 'f':
        case 'n':
        case 'r':
        case 't':
            return at + 2;
        case 'u':
            if (end_ - at >= 6 && (hex_value(at[2]) | hex_value(at[3]) | hex_value(at[4]) | hex_value(at[5])) >= 0) {
                return at + 6;
            }
            return fail(at, "a \\u escape needs four hexadecimal digits");
        default:
            return fail(at, "a string has an unknown escape");
    }
}

inline const char* json_scanner::skip_number(const char* at) noexcept {
    const auto skip_digits = [this](const char* digit) {
        while (digit != end_ && is_digit(*digit)) {
            ++digit;
        }
        return digit;
    };
    if (*at == '-') {
        ++at;
    }
    if (at == end_ || !is_digit(*at)) {
        return fail(at, "a digit is expected after a minus sign");
    }
    if (*at == '0') {
        ++at;
        if (at != end_ && is_digit(*at)) {
            return fail(at, "a number has a leading zero");
        }
    } else {
        at = skip_digits(at + 1);
    }
    if (is(at, '.')) {
        ++at;
        if (at == end_ || !is_digit(*at)) {
            return fail(at, "a digit is expected after a decimal point");
        }
        at = skip_digits(at + 1);
    }
    if (at != end_ && (*at | 0x20) == 'e') {
        ++at;
        if (at != end_ && (*at == '+' || *at == '-')) {
            ++at;
        }
        if (at == end_ || !is_digit(*at)) {
            return fail(at, "a digit is expected in an exponent");
        }
        at = skip_digits(at + 1);
    }
    return at;
}

inline const char* json_scanner::skip_any_value(const char* at) noexcept {
    static_assert(max_json_depth <= scannable_depth && scannable_depth % 64 == 0, "one bit a level");
    std::uint64_t objects[scannable_depth / 64] =
        {};  // bit i: the container at level i, counted from `at`, is an object
    std::size_t level = 0;
    bool in_object = false;
    const std::size_t room = deepest_ - depth_;
    for (;;) {
        // Here a value begins. A container that is not empty goes round again with its first value.
        if (at == end_) {
            return fail(at, "a value is expected where the text ends");
        }
        switch (*at) {
            case '{':
            case '[': {
                if (level == room) {
                    return fail(at, too_deep);
                }
                const bool object = *at == '{';
                at = skip_space(at + 1);
                if (is(at, object ? '}' : ']')) {
                    ++at;
                    break;
                }
                const std::uint64_t bit = std::uint64_t{1} << (level % 64);
                objects[level / 64] = (objects[level / 64] & ~bit) | (object ? bit : 0);
                ++level;
                in_object = object;
                if (object) {
                    at = skip_name(at);
                }
                if (at == nullptr) {
                    return nullptr;
                }
                continue;
            }
            case '"':
                at = skip_string(at);
                break;
            case '-':
            case '0':
            case '1':
            case '2':
            case '3':
            case '4':
            case '5':
            case '6':
            case '7':
            case '8':
            case '9':
                at = skip_number(at);
                break;
            case 't':
                at = skip_literal(at, "true");
                break;
            case 'f':
                at = skip_literal(at, "false");
                break;
            case 'n':
                at = skip_literal(at, "null");
                break;
            default:
                return fail(at, *at == '\xEF' && at == begin_ ? "the text begins with a byte order mark: send none"
                                                              : "a value is expected");
        }
        if (at == nullptr) {
            return nullptr;
        }

        // Here a value has ended: close every container that ends with it, up to the comma that another one follows.
        for (;;) {
            if (level == 0) {
                return at;
            }
            at = skip_space(at);
            if (is(at, ',')) {
                at = skip_space(at + 1);
                if (in_object) {
                    at = skip_name(at);
                }
                if (at == nullptr) {
                    return nullptr;
                }
                break;
            }
            if (!is(at, in_object ? '}' : ']')) {
                return fail(at, in_object ? object_goes_on : array_goes_on);
            }
            ++at;
            if (--level != 0) {
                in_object = ((objects[(level - 1) / 64] >> ((level - 1) % 64)) & 1U) != 0;
            }
        }
    }
}

}  // namespace hookd::base
