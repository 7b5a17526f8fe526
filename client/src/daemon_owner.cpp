// SPDX-License-Identifier: BSL-1.0
#include "daemon_owner.hpp"

#include "errors.hpp"

#include <base/posix/accounts.hpp>

#include <cstdlib>

namespace hookd::detail {

std::optional<std::uint32_t> named_daemon_user(const std::string& user) {
    // NOLINTNEXTLINE(concurrency-mt-unsafe): said in the header of client_options.
    const char* const inherited = std::getenv("HOOKD_DAEMON_USER");
    const std::string given = user.empty() && inherited != nullptr ? inherited : user;
    if (given.empty()) {
        return std::nullopt;
    }
    const auto found = base::find_user(given);
    if (!found) {
        throw invalid_argument_error(
            "the daemon's user has to be the name or number of a user that this system knows, not \"" + given +
            "\" (--daemon-user, HOOKD_DAEMON_USER)");
    }
    return found;
}

bool is_trusted_owner(
    std::uint32_t owner, std::uint32_t own, std::optional<std::uint32_t> named, bool is_overflow) noexcept {
    return !is_overflow && (owner == 0 || owner == own || owner == named);
}

}  // namespace hookd::detail
