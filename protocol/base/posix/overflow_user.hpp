// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>
#include <string_view>

/// In a user namespace (user_namespaces(7)) all users without a number of their own have the same, the overflow user's:
/// it says nothing about who somebody is.
namespace hookd::base {

/// Whether a user namespace with this `uid_map` (the text of /proc/self/uid_map) has users without a number of their
/// own.
[[nodiscard]] bool leaves_users_unmapped(std::string_view uid_map) noexcept;

/// Whether `user` is the number of every user that has none in this process's user namespace. Reads /proc at the first
/// call.
[[nodiscard]] bool is_overflow_user(std::uint32_t user);

/// The same for groups.
[[nodiscard]] bool is_overflow_group(std::uint32_t group);

}  // namespace hookd::base
