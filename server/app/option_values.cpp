// SPDX-License-Identifier: BSL-1.0
#include "app/option_values.hpp"

#include <base/text/quantity.hpp>

#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <limits>
#include <system_error>
#include <utility>
#include <vector>

namespace hookd::server {
namespace {

[[noreturn]] void refuse(const std::string& what, std::string_view text) {
    throw bad_value("must be " + what + ", not \"" + std::string{text} + "\"");
}

/// Calls getpwnam_r or getgrnam_r with as much room as it asks for.
template <class Entry, class Lookup>
std::uint32_t looked_up(
    std::string_view text, const std::string& kind, Lookup lookup, std::uint32_t (*number_of)(const Entry&)) {
    std::uint32_t number = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
    // The highest number means "none" to the kernel (chown(2)): it is nobody's.
    if (failure == std::errc{} && end == text.data() + text.size() &&
        number != std::numeric_limits<std::uint32_t>::max()) {
        return number;
    }
    const std::string name{text};
    Entry entry{};
    Entry* found = nullptr;
    std::vector<char> room(4096);
    int error = lookup(name.c_str(), &entry, room.data(), room.size(), &found);
    while (error == ERANGE && room.size() < (std::size_t{1} << 24)) {
        room.resize(room.size() * 4);
        error = lookup(name.c_str(), &entry, room.data(), room.size(), &found);
    }
    if (found == nullptr) {
        refuse("the name or number of a " + kind + " that this system knows", text);
    }
    return number_of(*found);
}

}  // namespace

std::size_t parse_count(std::string_view text, std::size_t least, std::size_t most) {
    std::size_t number = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (failure != std::errc{} || end != text.data() + text.size() || number < least || number > most) {
        refuse("a number from " + std::to_string(least) + " to " + std::to_string(most), text);
    }
    return number;
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

std::uint32_t parse_user(std::string_view text) {
    return looked_up<passwd>(
        text, "user", ::getpwnam_r, [](const passwd& entry) -> std::uint32_t { return entry.pw_uid; });
}

std::uint32_t parse_group(std::string_view text) {
    return looked_up<group>(
        text, "group", ::getgrnam_r, [](const group& entry) -> std::uint32_t { return entry.gr_gid; });
}

}  // namespace hookd::server
