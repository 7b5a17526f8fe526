// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace hookd::catalogs {

/// A JSON number, exactly, whatever its size: what a check of it must not round.
class decimal {
public:
    /// `number`: the text of a JSON number. An exponent beyond 10^15 counts as that.
    explicit decimal(std::string_view number);

    /// 1.0 and 1e2 are integers, as draft 7 has it.
    [[nodiscard]] bool is_integer() const noexcept { return digits_.empty() || exponent_ >= 0; }
    /// A count (maxLength and the like); what is larger becomes the largest. For integers that are not negative.
    [[nodiscard]] std::int64_t to_count() const noexcept;
    /// Whether it is a multiple of `divisor`, which has a small_divisor().
    [[nodiscard]] bool is_multiple_of(const decimal& divisor) const noexcept;
    /// Its digits, without the zeros around them, as a number; nothing where they are more than 18, or where it is not
    /// positive.
    [[nodiscard]] std::optional<std::uint64_t> small_divisor() const noexcept;

    /// A text that is the same for equal numbers, and only for those: itself a JSON number.
    void append_canonical(std::string& out) const;

    friend std::strong_ordering operator<=>(const decimal& left, const decimal& right) noexcept;
    friend bool operator==(const decimal& left, const decimal& right) noexcept = default;

private:
    [[nodiscard]] std::strong_ordering compare_magnitude(const decimal& other) const noexcept;

    bool negative_ = false;
    std::string digits_{};       // no zero first or last; empty: zero
    std::int64_t exponent_ = 0;  // of the last digit
};

}  // namespace hookd::catalogs
