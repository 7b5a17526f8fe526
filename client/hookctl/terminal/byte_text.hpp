// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "hookctl/json/json_object.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

/// Bytes that are text most of the time: paths, names of refs, arguments. JSON has no room for those that are not
/// UTF-8.
namespace hookd::hookctl {

/// How many bytes the character at the front of `bytes`, which is not empty, takes; 0 if it is not well-formed UTF-8
/// (RFC 3629).
[[nodiscard]] std::size_t utf8_size(std::string_view bytes) noexcept;

/// Whether it is well-formed UTF-8 (RFC 3629).
[[nodiscard]] bool is_utf8(std::string_view bytes) noexcept;

/// With padding (RFC 4648, section 4).
[[nodiscard]] std::string base64(std::string_view bytes);

/// The bytes of a well-formed text of that kind; those before the first character that does not belong there, of any
/// other.
[[nodiscard]] std::string from_base64(std::string_view text);

/// Adds the member KEY, and KEY_base64 where the bytes are not UTF-8: KEY then has U+FFFD for what is not.
void add_bytes(json_object& object, std::string_view key, std::string_view bytes);

/// The same for an array of strings; KEY_base64 has all of them where one is not UTF-8.
template <class Texts>
void add_all_bytes(json_object& object, std::string_view key, const Texts& all) {
    object.texts(key, all);
    bool is_text = true;
    for (const auto& each : all) {
        is_text = is_text && is_utf8(each);
    }
    if (!is_text) {
        std::vector<std::string> encoded;
        for (const auto& each : all) {
            encoded.push_back(base64(each));
        }
        object.texts(std::string(key) + "_base64", encoded);
    }
}

}  // namespace hookd::hookctl
