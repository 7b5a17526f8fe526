// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace hookd::base {

/// Whether `pattern` matches the whole of `name`: `*` stands for any run of characters, the empty one too, `?` for
/// exactly one, of UTF-8. Time: at most pattern.size() * name.size() steps.
[[nodiscard]] bool glob_matches(std::string_view pattern, std::string_view name) noexcept;

/// Whether `pattern` has a `*` or `?`.
[[nodiscard]] bool is_glob(std::string_view pattern) noexcept;

/// Places of a name, as bits: `i` stands for what is behind its first `i` characters.
class place_set {
public:
    /// All from `lowest` on.
    [[nodiscard]] static place_set from(std::size_t lowest) noexcept {
        place_set all;
        for (std::size_t i = 0; i < words; ++i) {
            all.bits_[i] = lowest <= 64 * i        ? ~std::uint64_t{0}
                           : lowest < 64 * (i + 1) ? ~std::uint64_t{0} << (lowest % 64)
                                                   : 0;
        }
        return all;
    }

    void add(std::size_t place) noexcept { bits_[place / 64] |= std::uint64_t{1} << (place % 64); }

    /// Each one on.
    [[nodiscard]] place_set moved_on() const noexcept {
        place_set next;
        for (std::size_t i = words; i-- > 0;) {
            next.bits_[i] = bits_[i] << 1 | (i > 0 ? bits_[i - 1] >> 63 : 0);
        }
        return next;
    }

    [[nodiscard]] friend place_set operator&(const place_set& a, const place_set& b) noexcept {
        place_set both;
        for (std::size_t i = 0; i < words; ++i) {
            both.bits_[i] = a.bits_[i] & b.bits_[i];
        }
        return both;
    }

    /// More than any place of a name where it is empty.
    [[nodiscard]] std::size_t lowest() const noexcept {
        for (std::size_t i = 0; i < words; ++i) {
            if (bits_[i] != 0) {
                return 64 * i + static_cast<std::size_t>(std::countr_zero(bits_[i]));
            }
        }
        return 64 * words;
    }

private:
    static constexpr std::size_t words = 3;

    std::array<std::uint64_t, words> bits_{};
};

/// A name that many patterns are compared with. However they are made, each takes at most as many steps as it has
/// characters, of a few nanoseconds: all places of the name that a part of the pattern may end at are followed at once,
/// from one character of the pattern to the next.
///
/// Thread-safety: none. Lifetime: the name must outlive it.
class glob_subject {
public:
    static constexpr std::size_t max_name = 128;

    /// `name`: at most max_name characters of ASCII.
    explicit glob_subject(std::string_view name) noexcept : name_(name) {}

    /// As glob_matches() says.
    [[nodiscard]] bool matches(std::string_view pattern) noexcept;
    /// How many steps matches() has taken in all.
    [[nodiscard]] std::size_t steps() const noexcept { return steps_; }

private:
    [[nodiscard]] static std::size_t index_of(char letter) noexcept { return static_cast<unsigned char>(letter) % 128; }
    [[nodiscard]] bool matches_between(std::string_view pattern, std::size_t begin, std::size_t end) noexcept;
    [[nodiscard]] const place_set& places_of(char letter) noexcept;

    std::string_view name_;
    std::size_t steps_ = 0;
    std::optional<std::array<place_set, 128>> places_{};  // by letter; made when it is first asked for
};

}  // namespace hookd::base
