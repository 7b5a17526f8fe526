// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <charconv>
#include <optional>
#include <string_view>
#include <system_error>

namespace hookd::base {

/// The number that all of `text` writes, as std::from_chars reads it: in decimal, with no sign but `-`, no white space
/// and no unit. Nothing for any other text, and for what `Number` can't hold.
template <class Number>
[[nodiscard]] std::optional<Number> parse_number(std::string_view text) noexcept {
    Number number{};
    const char* const end = text.data() + text.size();
    const auto [stop, failure] = std::from_chars(text.data(), end, number);
    return failure == std::errc{} && stop == end ? std::optional{number} : std::nullopt;
}

}  // namespace hookd::base
