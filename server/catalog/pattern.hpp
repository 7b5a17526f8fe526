// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

namespace re2 {
class RE2;
}

namespace hookd::catalogs {

/// A regular expression of a schema: what re2_syntax() takes of ECMA 262. RE2 matches it in a time that is linear in
/// the size of the text and in that of the pattern, which is bounded.
///
/// Thread-safety: as a const object.
class pattern {
public:
    /// Throws std::invalid_argument, which says what is wrong with `text` (UTF-8), not supported, or too large.
    explicit pattern(std::string_view text);

    /// What a match takes off the steps: what it took, and it is interrupted once they are spent; or, before it begins,
    /// what it could take at most. The latter where running out of steps just means to go on elsewhere.
    enum class charge : std::uint8_t { actual, worst_case };

    /// Whether a part of `subject` (well-formed UTF-8) matches. Takes what it needs off `steps` (60 ns each); nothing
    /// if they run out.
    [[nodiscard]] std::optional<bool> found_in(
        std::string_view subject, std::size_t& steps, charge charged = charge::actual) const;

private:
    std::shared_ptr<const re2::RE2> compiled_;
    std::size_t size_ = 0;  ///< instructions
};

}  // namespace hookd::catalogs
