// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <base/json/object_writer.hpp>
#include <base/text/utf8.hpp>

#include <string>
#include <string_view>
#include <vector>

/// Bytes that are text most of the time: paths, names of refs, arguments. JSON has no room for those that are not
/// UTF-8.
namespace hookd::hookctl {

/// With padding (RFC 4648, section 4).
[[nodiscard]] std::string base64(std::string_view bytes);

/// The bytes of a well-formed text of that kind; those before the first character that does not belong there, of any
/// other.
[[nodiscard]] std::string from_base64(std::string_view text);

/// Adds the member KEY, and KEY_base64 where the bytes are not UTF-8: KEY then has U+FFFD for what is not.
void add_bytes(base::object_writer& object, std::string_view key, std::string_view bytes);

/// The same for an array of strings; KEY_base64 has all of them where one is not UTF-8.
template <class Texts>
void add_all_bytes(base::object_writer& object, std::string_view key, const Texts& all) {
    object.texts(key, all);
    bool is_text = true;
    for (const auto& each : all) {
        is_text = is_text && base::is_utf8(each);
    }
    if (!is_text) {
        std::vector<std::string> encoded;
        encoded.reserve(all.size());
        for (const auto& each : all) {
            encoded.push_back(base64(each));
        }
        object.texts(std::string(key) + "_base64", encoded);
    }
}

}  // namespace hookd::hookctl
