// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// Whose daemon a client talks to. The default path of a socket may be in a directory where other users can make files,
/// too, and whoever listens there first would get payloads and give verdicts.
namespace hookd::detail {

/// The user that a client was told besides its own and root: `user`, a name or a number, or, where that is empty,
/// $HOOKD_DAEMON_USER. Nothing where neither says one. Throws error (invalid_argument) for a user that this system does
/// not know.
[[nodiscard]] std::optional<std::uint32_t> named_daemon_user(const std::string& user);

/// Whether a client of user `own` talks to a daemon of user `owner`. `is_overflow`: whether `owner` is the number that
/// stands for every user without one in this user namespace, so that it says nothing (user_namespaces(7)).
[[nodiscard]] bool is_trusted_owner(
    std::uint32_t owner, std::uint32_t own, std::optional<std::uint32_t> named, bool is_overflow) noexcept;

}  // namespace hookd::detail
