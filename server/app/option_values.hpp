// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace hookd::server {

/// A text is no value of an option's; what() says what it must be, so that `--OPTION ` and it make a sentence.
class bad_value : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

// Each throws bad_value where the text is none, or out of the range (both ends included).

[[nodiscard]] std::size_t parse_count(std::string_view text, std::size_t least, std::size_t most);

/// SIZE: bytes, or a number with KiB, MiB or GiB.
[[nodiscard]] std::size_t parse_size(std::string_view text, std::size_t least_bytes, std::size_t most_bytes);

/// DURATION: a number with ms, s or m.
[[nodiscard]] std::chrono::milliseconds parse_duration(
    std::string_view text, std::chrono::milliseconds least, std::chrono::milliseconds most);

/// A user's or group's number, given as such or by a name that the system knows.
[[nodiscard]] std::uint32_t parse_user(std::string_view text);
[[nodiscard]] std::uint32_t parse_group(std::string_view text);

}  // namespace hookd::server
