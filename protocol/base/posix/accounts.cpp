// SPDX-License-Identifier: BSL-1.0
#include "accounts.hpp"

#include <base/text/number.hpp>

#include <grp.h>
#include <pwd.h>

#include <cerrno>
#include <cstddef>
#include <limits>
#include <string>
#include <vector>

namespace hookd::base {
namespace {

constexpr std::uint32_t none = std::numeric_limits<std::uint32_t>::max();

/// Calls getpwnam_r or getgrnam_r with as much room as it asks for; `id` is the member of its entry.
template <class Entry, class Lookup, class Id>
std::optional<std::uint32_t> find_account(std::string_view name_or_number, Lookup look_up, Id Entry::*id) {
    auto number = parse_number<std::uint32_t>(name_or_number);
    if (!number) {
        constexpr std::size_t first_room = 4096;
        constexpr std::size_t most_room = std::size_t{1} << 24U;
        const std::string name{name_or_number};
        Entry entry{};
        Entry* found = nullptr;
        std::vector<char> room(first_room);
        while (look_up(name.c_str(), &entry, room.data(), room.size(), &found) == ERANGE && room.size() < most_room) {
            room.resize(room.size() * 4);
        }
        if (found != nullptr) {
            number = found->*id;
        }
    }
    return number == none ? std::nullopt : number;
}

}  // namespace

std::optional<std::uint32_t> find_user(std::string_view name_or_number) {
    return find_account(name_or_number, ::getpwnam_r, &passwd::pw_uid);
}

std::optional<std::uint32_t> find_group(std::string_view name_or_number) {
    return find_account(name_or_number, ::getgrnam_r, &group::gr_gid);
}

}  // namespace hookd::base
