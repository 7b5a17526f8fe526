// SPDX-License-Identifier: BSL-1.0
#include "overflow_user.hpp"

#include "read_file.hpp"

#include <base/text/number.hpp>

#include <algorithm>
#include <cstddef>
#include <limits>
#include <optional>
#include <string>

#include <unistd.h>

namespace hookd::base {
namespace {

// Numbers, less the highest, which means "none" to the kernel (chown(2)).
constexpr std::uint32_t all_users = std::numeric_limits<std::uint32_t>::max();

// A file of /proc, which is small; empty where it can't be read.
std::string proc_text(const char* path) {
    constexpr std::size_t longest = 4096;
    return read_front(path, longest).value_or(std::string{});
}

// The words of a text, one after the other.
std::string_view next_word(std::string_view& text) noexcept {
    constexpr std::string_view white = " \t\n";
    text.remove_prefix(std::min(text.find_first_not_of(white), text.size()));
    const auto word = text.substr(0, text.find_first_of(white));
    text.remove_prefix(word.size());
    return word;
}

// The number that stands for those that are not mapped; nothing where all are.
std::optional<std::uint32_t> overflow_number(const char* overflow, const char* map) {
    constexpr std::uint32_t unless_said = 65534;
    if (!leaves_users_unmapped(proc_text(map))) {
        return std::nullopt;
    }
    const auto text = proc_text(overflow);
    std::string_view rest = text;
    return parse_number<std::uint32_t>(next_word(rest)).value_or(unless_said);
}

}  // namespace

bool leaves_users_unmapped(std::string_view uid_map) noexcept {
    // Lines of: first number here, first number outside, how many.
    std::uint64_t mapped = 0;
    while (!next_word(uid_map).empty()) {
        next_word(uid_map);
        mapped += parse_number<std::uint32_t>(next_word(uid_map)).value_or(0);
    }
    return mapped < all_users;
}

bool is_overflow_user(std::uint32_t user) {
    static const auto number = overflow_number("/proc/sys/kernel/overflowuid", "/proc/self/uid_map");
    return user == number;
}

bool is_overflow_group(std::uint32_t group) {
    static const auto number = overflow_number("/proc/sys/kernel/overflowgid", "/proc/self/gid_map");
    return group == number;
}

}  // namespace hookd::base
