// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "core/peer.hpp"

#include <hookd/server/options.hpp>

#include <array>
#include <string>
#include <string_view>

/// Who is at the other end, and what it may do, in words.
namespace hookd::server::rpc {

/// Of the daemon's own user, or root.
[[nodiscard]] inline bool is_owner(const core::peer& asked) noexcept { return !asked.is_named; }

/// For logs: `pid 12, uid 1000`.
[[nodiscard]] std::string describe(const core::peer& described);

/// As --allow-user takes them: `emit,observe`.
[[nodiscard]] std::string describe(const roles& may);

struct named_role {
    std::string_view name;
    bool roles::*role;
};
inline constexpr std::array role_names{
    named_role{"emit", &roles::emit}, named_role{"observe", &roles::observe}, named_role{"answer", &roles::answer}};
[[nodiscard]] std::string_view name_of(bool roles::*role) noexcept;

}  // namespace hookd::server::rpc
