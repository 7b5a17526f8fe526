// SPDX-License-Identifier: BSL-1.0
#include "app/option_values.hpp"

#include <base/posix/accounts.hpp>
#include <base/text/number.hpp>
#include <base/text/quantity.hpp>

#include <optional>

namespace hookd::server {
namespace {

[[noreturn]] void refuse(const std::string& expected, std::string_view text) {
    throw bad_value("must be " + expected + ", not \"" + std::string{text} + "\"");
}

std::uint32_t account(std::optional<std::uint32_t> found, const std::string& kind, std::string_view text) {
    if (!found) {
        refuse("the name or number of a " + kind + " that this system knows", text);
    }
    return *found;
}

}  // namespace

std::size_t parse_count(std::string_view text, std::size_t least, std::size_t most) {
    const auto number = base::parse_number<std::size_t>(text);
    if (!number || *number < least || *number > most) {
        refuse("a number from " + std::to_string(least) + " to " + std::to_string(most), text);
    }
    return *number;
}

std::size_t parse_size(std::string_view text, std::size_t least_bytes, std::size_t most_bytes) {
    const auto bytes = base::parse_size(text);
    if (!bytes || *bytes < least_bytes || *bytes > most_bytes) {
        refuse("a size in bytes, KiB, MiB or GiB, from " + base::size_text(least_bytes) + " to " +
                   base::size_text(most_bytes),
            text);
    }
    return *bytes;
}

std::chrono::milliseconds parse_duration(
    std::string_view text, std::chrono::milliseconds least, std::chrono::milliseconds most) {
    const auto span = base::parse_duration(text);
    if (!span || *span < least || *span > most) {
        refuse(
            "a duration in ms, s or m, from " + base::duration_text(least) + " to " + base::duration_text(most), text);
    }
    return *span;
}

std::uint32_t parse_user(std::string_view text) { return account(base::find_user(text), "user", text); }

std::uint32_t parse_group(std::string_view text) { return account(base::find_group(text), "group", text); }

}  // namespace hookd::server
