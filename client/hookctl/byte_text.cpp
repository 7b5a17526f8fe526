#include "byte_text.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace hookd::hookctl {

namespace {

constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// How many bytes the character at the front takes; 0 where it is none (RFC 3629, section 4).
std::size_t character_size(std::string_view bytes) noexcept {
    const auto at = [bytes](std::size_t i) { return i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0U; };
    const auto continues = [&at](std::size_t i) { return (at(i) & 0xc0U) == 0x80U; };
    const auto lead = at(0);
    if (lead < 0x80) {
        return 1;
    }
    if (lead >= 0xc2 && lead <= 0xdf) {
        return continues(1) ? 2 : 0;
    }
    if (lead >= 0xe0 && lead <= 0xef) {
        const bool overlong = lead == 0xe0 && at(1) < 0xa0;
        const bool surrogate = lead == 0xed && at(1) > 0x9f;
        return continues(1) && continues(2) && !overlong && !surrogate ? 3 : 0;
    }
    if (lead >= 0xf0 && lead <= 0xf4) {
        const bool overlong = lead == 0xf0 && at(1) < 0x90;
        const bool too_large = lead == 0xf4 && at(1) > 0x8f;
        return continues(1) && continues(2) && continues(3) && !overlong && !too_large ? 4 : 0;
    }
    return 0;
}

}  // namespace

bool is_utf8(std::string_view bytes) noexcept {
    while (!bytes.empty()) {
        const auto size = character_size(bytes);
        if (size == 0) {
            return false;
        }
        bytes.remove_prefix(size);
    }
    return true;
}

std::string base64(std::string_view bytes) {
    std::string text;
    while (!bytes.empty()) {
        const auto taken = bytes.substr(0, 3);
        std::uint32_t group = 0;
        for (std::size_t i = 0; i < 3; ++i) {
            group = group << 8 | (i < taken.size() ? static_cast<unsigned char>(taken[i]) : 0U);
        }
        for (std::size_t i = 0; i < 4; ++i) {
            text += i <= taken.size() ? digits[group >> (18 - 6 * i) & 0x3f] : '=';
        }
        bytes.remove_prefix(taken.size());
    }
    return text;
}

std::string from_base64(std::string_view text) {
    std::string bytes;
    std::uint32_t group = 0;
    for (unsigned bits = 0; const char c : text) {
        const auto digit = digits.find(c);
        if (digit == std::string_view::npos) {
            break;
        }
        group = group << 6 | static_cast<std::uint32_t>(digit);
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            bytes += static_cast<char>(group >> bits & 0xff);
        }
    }
    return bytes;
}

void add_bytes(json_object& object, std::string_view key, std::string_view bytes) {
    object.text(key, bytes);
    if (!is_utf8(bytes)) {
        object.text(std::string(key) + "_base64", base64(bytes));
    }
}

}  // namespace hookd::hookctl
