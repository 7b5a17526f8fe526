// SPDX-License-Identifier: BSL-1.0
#include "app/option_values.hpp"

#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <limits>
#include <optional>
#include <span>
#include <system_error>
#include <utility>
#include <vector>

namespace hookd::server {
namespace {

struct unit {
    std::string_view name;
    std::uint64_t factor;
};

// Largest first: that is how they are written again.
constexpr std::array size_units{unit{"GiB", 1u << 30}, unit{"MiB", 1u << 20}, unit{"KiB", 1u << 10}, unit{"", 1}};
constexpr std::array duration_units{unit{"m", 60'000}, unit{"s", 1'000}, unit{"ms", 1}};

/// A whole number and one of the units; nothing for anything else, and for what 64 bits don't hold.
std::optional<std::uint64_t> number_with_unit(std::string_view text, std::span<const unit> units) {
    std::uint64_t number = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (failure != std::errc{}) {
        return std::nullopt;
    }
    const std::string_view rest{end, static_cast<std::size_t>(text.data() + text.size() - end)};
    for (const auto& each : units) {
        if (each.name == rest) {
            return number <= std::numeric_limits<std::uint64_t>::max() / each.factor
                       ? std::optional{number * each.factor}
                       : std::nullopt;
        }
    }
    return std::nullopt;
}

std::string text_of(std::uint64_t number, std::span<const unit> units) {
    for (const auto& each : units) {
        if (number != 0 && number % each.factor == 0) {
            return std::to_string(number / each.factor) + std::string{each.name};
        }
    }
    return "0" + std::string{units.back().name};
}

[[noreturn]] void refuse(const std::string& what, std::string_view text) {
    throw bad_value("must be " + what + ", not \"" + std::string{text} + "\"");
}

std::uint64_t in_range(std::string_view text, std::span<const unit> units, std::uint64_t least, std::uint64_t most,
    const std::string& what) {
    const auto number = number_with_unit(text, units);
    if (!number || *number < least || *number > most) {
        refuse(what + " from " + text_of(least, units) + " to " + text_of(most, units), text);
    }
    return *number;
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
    static constexpr std::array plain{unit{"", 1}};
    return in_range(text, plain, least, most, "a number");
}

std::size_t parse_size(std::string_view text, std::size_t least_bytes, std::size_t most_bytes) {
    return in_range(text, size_units, least_bytes, most_bytes, "a size in bytes, KiB, MiB or GiB,");
}

std::string size_text(std::size_t bytes) { return text_of(bytes, size_units); }

std::chrono::milliseconds parse_duration(
    std::string_view text, std::chrono::milliseconds least, std::chrono::milliseconds most) {
    return std::chrono::milliseconds{in_range(text, duration_units, static_cast<std::uint64_t>(least.count()),
        static_cast<std::uint64_t>(most.count()), "a duration in ms, s or m,")};
}

std::string duration_text(std::chrono::milliseconds span) {
    return text_of(static_cast<std::uint64_t>(span.count()), duration_units);
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
