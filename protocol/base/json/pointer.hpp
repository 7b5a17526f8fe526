// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <optional>
#include <string_view>

namespace hookd::base {

// Places in a valid JSON text by JSON Pointer (RFC 6901). Of a repeated member the last counts, as parsers have it.

/// The value at `pointer`; nothing where the pointer leads nowhere.
[[nodiscard]] std::optional<std::string_view> find_value(std::string_view text, std::string_view pointer);

/// The same; as near as there is one where the pointer leads nowhere.
[[nodiscard]] std::string_view nearest_value(std::string_view text, std::string_view pointer);

/// The value without the white space around it.
[[nodiscard]] std::string_view trimmed_json(std::string_view text) noexcept;

}  // namespace hookd::base
