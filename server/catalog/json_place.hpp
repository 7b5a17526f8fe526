// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

/// Places in a JSON text, by JSON Pointer (RFC 6901), and values that can be compared.
namespace hookd::catalogs {

/// Appends `/` and `name` with its `~` and `/` escaped.
void append_pointer(std::string& pointer, std::string_view name);

/// A text that is the same for values that are equal in JSON Schema's eyes, and only for those: members in order of
/// their names (of a repeated one the last), strings decoded, numbers by value. `value` is valid JSON. `spend` is told
/// what each value in it takes, 1 and more for long ones, before it is read, and may throw: a text is read once for
/// each level of its nesting.
[[nodiscard]] std::string canonical_json(std::string_view value, const std::function<void(std::size_t)>& spend);
[[nodiscard]] std::string canonical_json(std::string_view value);

/// A member's name that stands twice in one object of the valid JSON `text`: where, and which.
struct repeated_name {
    std::size_t offset = 0;  ///< of the second one's value
    std::string name{};
};
[[nodiscard]] std::optional<repeated_name> find_repeated_name(std::string_view text);

}  // namespace hookd::catalogs
