// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace hookd::catalogs {

/// A regular expression of a schema: ECMA 262's, in code points, without what cannot be matched in linear time
/// (look-ahead, look-behind, back references). All alternatives are followed at once, so no text and no pattern takes
/// more than size of text * size of pattern steps.
///
/// Thread-safety: as a const object.
class pattern {
public:
    /// Throws std::invalid_argument, which says what is wrong with `text` (UTF-8), or not supported.
    explicit pattern(std::string_view text);

    /// Whether some part of `subject` (well-formed UTF-8) matches. Takes what it needs off `steps`; nothing where they
    /// run out.
    [[nodiscard]] std::optional<bool> found_in(std::string_view subject, std::size_t& steps) const;

    struct code_range {
        char32_t first = 0;
        char32_t last = 0;
    };
    struct code_set {
        std::vector<code_range> ranges{};
        bool negated = false;
        /// Makes the ranges ascend without touching each other, as has() needs them: a class may list thousands.
        void order();
        [[nodiscard]] bool has(char32_t code) const noexcept;
    };
    struct instruction {
        enum class operation : std::uint8_t {
            one_of,
            fork,
            jump,
            at_begin,
            at_end,
            at_boundary,
            not_at_boundary,
            accept
        };
        operation what = operation::accept;
        std::uint32_t first = 0;   ///< the set; where to go on
        std::uint32_t second = 0;  ///< of a fork: where else
    };

private:
    std::vector<code_set> sets_{};
    std::vector<instruction> program_{};
};

/// The code point that begins at `at` of well-formed UTF-8, and moves `at` past it.
[[nodiscard]] char32_t take_code_point(std::string_view text, std::size_t& at) noexcept;

}  // namespace hookd::catalogs
