// SPDX-License-Identifier: BSL-1.0
#include <hookd/protocol/uuid_text.hpp>

#include <boost/endian/conversion.hpp>

#include <array>
#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace hookd::protocol {
namespace {

#if defined(__SSE2__)

/// The hexadecimal digits of 16 nibbles, each in a byte.
__m128i hex_digits(__m128i nibbles) noexcept {
    const __m128i letters = _mm_and_si128(_mm_cmpgt_epi8(nibbles, _mm_set1_epi8(9)), _mm_set1_epi8('a' - '9' - 1));
    return _mm_add_epi8(_mm_add_epi8(nibbles, _mm_set1_epi8('0')), letters);
}

/// The 32 digits of `id`.
void write_digits(char* out, const uuid& id) noexcept {
    __m128i bytes{};
    std::memcpy(&bytes, id.data, sizeof bytes);
    const __m128i nibble = _mm_set1_epi8(0x0f);
    const __m128i high = _mm_and_si128(_mm_srli_epi16(bytes, 4), nibble);
    const __m128i low = _mm_and_si128(bytes, nibble);
    const __m128i first = hex_digits(_mm_unpacklo_epi8(high, low));
    const __m128i second = hex_digits(_mm_unpackhi_epi8(high, low));
    std::memcpy(out, &first, sizeof first);
    std::memcpy(out + sizeof first, &second, sizeof second);
}

/// The values of 16 hexadecimal digits; `valid` becomes 0 where one of them is none.
__m128i nibbles_of(const char* digits, __m128i& valid) noexcept {
    __m128i text{};
    std::memcpy(&text, digits, sizeof text);
    const __m128i digit = _mm_sub_epi8(text, _mm_set1_epi8('0'));
    const __m128i is_digit = _mm_cmpeq_epi8(_mm_min_epu8(digit, _mm_set1_epi8(9)), digit);
    const __m128i letter = _mm_sub_epi8(_mm_or_si128(text, _mm_set1_epi8(0x20)), _mm_set1_epi8('a'));
    const __m128i is_letter = _mm_cmpeq_epi8(_mm_min_epu8(letter, _mm_set1_epi8(5)), letter);
    valid = _mm_and_si128(valid, _mm_or_si128(is_digit, is_letter));
    return _mm_or_si128(
        _mm_and_si128(digit, is_digit), _mm_and_si128(_mm_add_epi8(letter, _mm_set1_epi8(10)), is_letter));
}

/// The 16 bytes that 32 digits stand for; false where one of them is none.
bool read_digits(const char* digits, uuid& id) noexcept {
    __m128i valid = _mm_set1_epi8(-1);
    const auto bytes_of = [&valid](const char* digits) {
        const __m128i nibbles = nibbles_of(digits, valid);
        return _mm_and_si128(
            _mm_or_si128(_mm_slli_epi16(nibbles, 4), _mm_srli_epi16(nibbles, 8)), _mm_set1_epi16(0xff));
    };
    const __m128i first = bytes_of(digits);
    const __m128i bytes = _mm_packus_epi16(first, bytes_of(digits + 16));
    std::memcpy(id.data, &bytes, sizeof bytes);
    return _mm_movemask_epi8(valid) == 0xffff;
}

#else

/// The value of each hexadecimal digit; 0x80 for what is none.
constexpr auto hex_values = [] {
    std::array<std::uint8_t, 256> values{};
    values.fill(0x80);
    for (unsigned digit = 0; digit < 10; ++digit) {
        values['0' + digit] = static_cast<std::uint8_t>(digit);
    }
    for (unsigned letter = 0; letter < 6; ++letter) {
        values['a' + letter] = values['A' + letter] = static_cast<std::uint8_t>(10 + letter);
    }
    return values;
}();

/// The 16 bytes that 32 digits stand for; false where one of them is none.
bool read_digits(const char* digits, uuid& id) noexcept {
    unsigned seen = 0;
    for (std::size_t byte = 0; byte < 16; ++byte) {
        const unsigned high = hex_values[static_cast<unsigned char>(digits[2 * byte])];
        const unsigned low = hex_values[static_cast<unsigned char>(digits[2 * byte + 1])];
        seen |= high | low;
        id.data[byte] = static_cast<std::uint8_t>(high << 4U | low);
    }
    return (seen & 0x80U) == 0;
}

/// The 32 digits of `id`.
void write_digits(char* out, const uuid& id) noexcept {
    for (std::size_t i = 0; i < 4; ++i) {
        // Each nibble is spread to a byte of its own, and what is above 9 is moved on to the letters.
        std::uint64_t nibbles = boost::endian::load_big_u32(id.data + 4 * i);
        nibbles = ((nibbles << 16U) | nibbles) & 0x0000FFFF0000FFFFU;
        nibbles = ((nibbles << 8U) | nibbles) & 0x00FF00FF00FF00FFU;
        nibbles = ((nibbles << 4U) | nibbles) & 0x0F0F0F0F0F0F0F0FU;
        const std::uint64_t letters = ((nibbles + 0x0606060606060606U) >> 4U) & 0x0101010101010101U;
        boost::endian::store_big_u64(
            reinterpret_cast<unsigned char*>(out) + 8 * i, nibbles + 0x3030303030303030U + letters * ('a' - '9' - 1));
    }
}

#endif

}  // namespace

char* write_uuid(char* out, const uuid& id) noexcept {
    char digits[32];
    write_digits(digits, id);
    std::memcpy(out, digits, 8);
    std::memcpy(out + 9, digits + 8, 4);
    std::memcpy(out + 14, digits + 12, 4);
    std::memcpy(out + 19, digits + 16, 4);
    std::memcpy(out + 24, digits + 20, 12);
    out[8] = out[13] = out[18] = out[23] = '-';
    return out + uuid_text_size;
}

void append_uuid(std::string& out, const uuid& id) {
    char text[uuid_text_size];
    out.append(text, write_uuid(text, id));
}

std::optional<uuid> parse_uuid(std::string_view text) noexcept {
    if (text.size() != uuid_text_size || text[8] != '-' || text[13] != '-' || text[18] != '-' || text[23] != '-') {
        return std::nullopt;
    }
    char digits[32];
    std::memcpy(digits, text.data(), 8);
    std::memcpy(digits + 8, text.data() + 9, 4);
    std::memcpy(digits + 12, text.data() + 14, 4);
    std::memcpy(digits + 16, text.data() + 19, 4);
    std::memcpy(digits + 20, text.data() + 24, 12);
    uuid id{};
    return read_digits(digits, id) ? std::optional{id} : std::nullopt;
}

}  // namespace hookd::protocol
