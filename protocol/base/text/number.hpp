// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <array>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
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

/// Appends the time in milliseconds, with three decimals unless they are zeros. A negative one is 0.
inline void append_milliseconds(std::string& out, std::chrono::nanoseconds time) {
    const auto nanoseconds = static_cast<std::uint64_t>(time.count() < 0 ? 0 : time.count());
    std::array<char, std::numeric_limits<std::uint64_t>::digits10 + 1> whole;
    out.append(whole.data(), std::to_chars(whole.data(), whole.data() + whole.size(), nanoseconds / 1'000'000).ptr);
    const std::uint64_t fraction = nanoseconds % 1'000'000 / 1'000;
    if (fraction != 0) {
        const std::array decimals{'.', static_cast<char>('0' + fraction / 100),
            static_cast<char>('0' + fraction / 10 % 10), static_cast<char>('0' + fraction % 10)};
        out.append(decimals.data(), decimals.size());
    }
}

}  // namespace hookd::base
