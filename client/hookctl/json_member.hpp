#pragma once

#include <hookd/protocol/json_text.hpp>

#include <string>
#include <string_view>

namespace hookd::hookctl {

/// A member of a valid JSON value, as sent; empty where it has none, or is no object. `value` has no white space around it.
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
    return protocol::kind_of(value) == protocol::json_kind::string ? protocol::json_string{value.substr(1, value.size() - 2)}.decode() : std::string();
}

/// A JSON text without the white space around it.
[[nodiscard]] inline std::string_view trimmed(std::string_view json) {
    const auto first = json.find_first_not_of(" \t\r\n");
    return first == std::string_view::npos ? std::string_view() : json.substr(first, json.find_last_not_of(" \t\r\n") + 1 - first);
}

}  // namespace hookd::hookctl
