// SPDX-License-Identifier: BSL-1.0
#include <hookd/protocol/uuid_text.hpp>

#include <boost/uuid/uuid_io.hpp>

#include <array>
#include <cstddef>
#include <cstdint>

namespace hookd::protocol {
namespace {

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
    boost::uuids::to_chars(id, out, out + uuid_text_size);
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
    uuid id{};
    unsigned seen = 0;
    for (std::size_t byte = 0, at = 0; byte < id.size(); ++byte, at += 2) {
        at += byte == 4 || byte == 6 || byte == 8 || byte == 10 ? 1 : 0;
        const unsigned high = hex_values[static_cast<unsigned char>(text[at])];
        const unsigned low = hex_values[static_cast<unsigned char>(text[at + 1])];
        seen |= high | low;
        id.data[byte] = static_cast<std::uint8_t>(high << 4U | low);
    }
    return (seen & 0x80U) == 0 ? std::optional{id} : std::nullopt;
}

}  // namespace hookd::protocol
