// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace hookd::base {

// Places in a valid JSON text by JSON Pointer (RFC 6901). Of a repeated member the last counts, as parsers have it.

/// The value at `pointer`; nothing where the pointer leads nowhere.
[[nodiscard]] std::optional<std::string_view> find_value(std::string_view text, std::string_view pointer);

/// The same; as near as there is one where the pointer leads nowhere.
[[nodiscard]] std::string_view nearest_value(std::string_view text, std::string_view pointer);

/// The next reference token of a pointer that begins with one, decoded (RFC 6901, section 4); takes it off.
[[nodiscard]] std::string take_pointer_token(std::string_view& pointer);

/// The element of an array that a token means; nothing: none.
[[nodiscard]] std::optional<std::size_t> element_index(std::string_view token) noexcept;

/// The value without the white space around it.
[[nodiscard]] std::string_view trimmed_json(std::string_view text) noexcept;

}  // namespace hookd::base
