// SPDX-License-Identifier: BSL-1.0
#include "byte_text.hpp"

#include <base/json/object_writer.hpp>
#include <base/text/utf8.hpp>

#include <array>
#include <cstddef>
#include <cstdint>

namespace hookd::hookctl {

namespace {

constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

}  // namespace

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

void add_bytes(base::object_writer& object, std::string_view key, std::string_view bytes) {
    object.text(key, bytes);
    if (!base::is_utf8(bytes)) {
        object.text(std::string(key) + "_base64", base64(bytes));
    }
}

}  // namespace hookd::hookctl
