// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace hookd::base {

/// One character, as far as a terminal is concerned.
struct terminal_character {
    std::size_t bytes = 1;  ///< how many it takes
    std::optional<std::uint32_t>
        harmful{};  ///< its code point, where it could drive a terminal or mislead who reads it
};

/// The character at the front of `text`, which is not empty. Harmful are the control characters of ECMA-48 (C0, DEL,
/// and C1, U+0080 to U+009F), those that change the direction of what follows (U+202A to U+202E, U+2066 to U+2069), and
/// a byte that is no well-formed UTF-8, which a terminal may take for one of C1: it counts as U+FFFD.
[[nodiscard]] terminal_character front_character(std::string_view text) noexcept;

/// Text from elsewhere without harmful characters: each becomes `?`, save LF and tab where `lines` may stay.
[[nodiscard]] std::string harmless(std::string_view text, bool lines = false);

}  // namespace hookd::base
