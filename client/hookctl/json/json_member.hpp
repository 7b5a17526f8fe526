// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <hookd/protocol/json_text.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace hookd::hookctl {

/// A member of a valid JSON value, as sent; empty where it has none, or is no object. `value` has no white space around
/// it.
[[nodiscard]] inline std::string_view member_of(std::string_view value, std::string_view name) {
    if (protocol::kind_of(value) == protocol::json_kind::object) {
        protocol::json_cursor members(value);
        while (const auto member = members.next()) {
            if (member->key.equals(name)) {
                return member->value;
            }
        }
    }
    return {};
}

/// The text of a JSON string; empty for any other value.
[[nodiscard]] inline std::string string_of(std::string_view value) {
    return protocol::kind_of(value) == protocol::json_kind::string
               ? protocol::json_string{value.substr(1, value.size() - 2)}.decode()
               : std::string();
}

/// The elements of a valid JSON array, as sent; none of any other value. `value` has no white space around it.
[[nodiscard]] inline std::vector<std::string_view> elements_of(std::string_view value) {
    std::vector<std::string_view> all;
    if (protocol::kind_of(value) == protocol::json_kind::array) {
        protocol::json_cursor elements(value);
        while (const auto element = elements.next()) {
            all.push_back(element->value);
        }
    }
    return all;
}

/// A JSON text without the white space around it.
[[nodiscard]] inline std::string_view trimmed(std::string_view json) {
    const auto first = json.find_first_not_of(" \t\r\n");
    return first == std::string_view::npos ? std::string_view()
                                           : json.substr(first, json.find_last_not_of(" \t\r\n") + 1 - first);
}

}  // namespace hookd::hookctl
