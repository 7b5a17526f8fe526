#include <hookd/protocol/uuid_text.hpp>

#include <array>

namespace hookd::protocol {
namespace {

constexpr auto hex_pairs = [] {
    std::array<char, 512> pairs{};
    constexpr char digits[] = "0123456789abcdef";
    for (std::size_t byte = 0; byte < 256; ++byte) {
        pairs[2 * byte] = digits[byte >> 4];
        pairs[2 * byte + 1] = digits[byte & 15];
    }
    return pairs;
}();

constexpr int hex_value(char c) noexcept {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    if (c >= 'A' && c <= 'F') {
        return c - 'A' + 10;
    }
    return -1;
}

constexpr bool hyphen_follows(std::size_t byte) noexcept { return byte == 3 || byte == 5 || byte == 7 || byte == 9; }

}  // namespace

char* write_uuid(char* out, const uuid& id) noexcept {
    for (std::size_t byte = 0; byte < 16; ++byte) {
        *out++ = hex_pairs[2 * id.data[byte]];
        *out++ = hex_pairs[2 * id.data[byte] + 1];
        if (hyphen_follows(byte)) {
            *out++ = '-';
        }
    }
    return out;
}

void append_uuid(std::string& out, const uuid& id) {
    char text[uuid_text_size];
    out.append(text, write_uuid(text, id));
}

std::optional<uuid> parse_uuid(std::string_view text) noexcept {
    if (text.size() != uuid_text_size) {
        return std::nullopt;
    }
    uuid id{};
    const char* in = text.data();
    for (std::size_t byte = 0; byte < 16; ++byte) {
        const int high = hex_value(in[0]);
        const int low = hex_value(in[1]);
        if (high < 0 || low < 0) {
            return std::nullopt;
        }
        id.data[byte] = static_cast<std::uint8_t>(high << 4 | low);
        in += 2;
        if (hyphen_follows(byte) && *in++ != '-') {
            return std::nullopt;
        }
    }
    return id;
}

}  // namespace hookd::protocol
