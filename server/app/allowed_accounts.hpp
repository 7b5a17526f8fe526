// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <hookd/server/options.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace hookd::server {

/// The values of --allow-user and --allow-group: `NAME[:ROLE,...]`, the roles being those of hookd::server::roles.
/// `resolve` gives the number of a name. Throws bad_value.
[[nodiscard]] std::vector<allowed_account> parse_accounts(
    const std::vector<std::string>& texts, std::uint32_t (*resolve)(std::string_view));

/// As parse_accounts() takes them, with the roles only where they are not the default ones.
[[nodiscard]] std::vector<std::string> account_texts(const std::vector<allowed_account>& accounts);

/// A list that was split at its commas, with the roles of an account joined to it again: `a:emit`, `answer`, `b`
/// becomes `a:emit,answer`, `b`.
[[nodiscard]] std::vector<std::string> with_roles_joined(const std::vector<std::string>& parts);

}  // namespace hookd::server
