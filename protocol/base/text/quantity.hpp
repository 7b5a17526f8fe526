// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

// Sizes and durations: as options and files have them, a whole number with its unit behind it, and as people read them.
// Each parse_ function gives nothing for any other text, and for what its result can't hold.
namespace hookd::base {

/// A number of bytes, alone or with KiB, MiB or GiB: `4096`, `64KiB`.
[[nodiscard]] std::optional<std::size_t> parse_size(std::string_view text) noexcept;
/// In the largest unit that needs no fraction, as parse_size reads it.
[[nodiscard]] std::string size_text(std::size_t bytes);
/// The same for people: `64 KiB`, `100 bytes`.
[[nodiscard]] std::string describe_size(std::size_t bytes);

/// A number with ms, s or m: `250ms`, `30s`, `5m`.
[[nodiscard]] std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) noexcept;
/// The same, with h or d as well: `2h`, `3d`. For how long ago something was.
[[nodiscard]] std::optional<std::chrono::milliseconds> parse_age(std::string_view text) noexcept;
/// In the largest unit of parse_duration that needs no fraction.
[[nodiscard]] std::string duration_text(std::chrono::milliseconds span);
/// For people, in the unit that fits, with at most one digit of a fraction: `250 ms`, `1.5 s`, `12 min`.
[[nodiscard]] std::string describe_duration(std::chrono::milliseconds span);

}  // namespace hookd::base
