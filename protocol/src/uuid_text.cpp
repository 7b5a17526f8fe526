#include <hookd/protocol/uuid_text.hpp>

#include <boost/endian/conversion.hpp>

#include <array>
#include <cstdint>
#include <cstring>

namespace hookd::protocol {
namespace {

/// The eight hexadecimal digits of `bytes`, as the bytes of a word, first digit first in memory.
std::uint64_t hex_digits(std::uint32_t bytes) noexcept {
    // Each nibble is spread to a byte of its own, and what is above 9 is moved on to the letters.
    std::uint64_t nibbles = bytes;
    nibbles = ((nibbles << 16U) | nibbles) & 0x0000FFFF0000FFFFU;
    nibbles = ((nibbles << 8U) | nibbles) & 0x00FF00FF00FF00FFU;
    nibbles = ((nibbles << 4U) | nibbles) & 0x0F0F0F0F0F0F0F0FU;
    const std::uint64_t letters = ((nibbles + 0x0606060606060606U) >> 4U) & 0x0101010101010101U;
    return boost::endian::native_to_big(nibbles + 0x3030303030303030U + letters * ('a' - '9' - 1));
}

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

}  // namespace

char* write_uuid(char* out, const uuid& id) noexcept {
    std::uint64_t digits[4];
    for (std::size_t i = 0; i < 4; ++i) {
        digits[i] = hex_digits(boost::endian::load_big_u32(id.data + 4 * i));
    }
    const auto* const in = reinterpret_cast<const char*>(digits);
    std::memcpy(out, in, 8);
    std::memcpy(out + 9, in + 8, 4);
    std::memcpy(out + 14, in + 12, 4);
    std::memcpy(out + 19, in + 16, 4);
    std::memcpy(out + 24, in + 20, 12);
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
    constexpr std::array<std::uint8_t, 16> places{0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34};
    uuid id{};
    unsigned seen = 0;
    for (std::size_t byte = 0; byte < 16; ++byte) {
        const unsigned high = hex_values[static_cast<unsigned char>(text[places[byte]])];
        const unsigned low = hex_values[static_cast<unsigned char>(text[places[byte] + 1U])];
        seen |= high | low;
        id.data[byte] = static_cast<std::uint8_t>(high << 4U | low);
    }
    return (seen & 0x80U) == 0 ? std::optional{id} : std::nullopt;
}

}  // namespace hookd::protocol
