// SPDX-License-Identifier: BSL-1.0
#include "daemon_owner.hpp"

#include "errors.hpp"

#include <pwd.h>
#include <unistd.h>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <limits>
#include <vector>

namespace hookd::detail {
namespace {

// The highest number means "none" to the kernel (chown(2)).
constexpr std::uint32_t no_user = std::numeric_limits<std::uint32_t>::max();

std::optional<std::uint32_t> number_in(std::string_view text) noexcept {
    std::uint32_t number = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
    return failure == std::errc{} && end == text.data() + text.size() ? std::optional{number} : std::nullopt;
}

std::optional<std::uint32_t> user_called(const std::string& name) {
    passwd entry{};
    passwd* found = nullptr;
    std::vector<char> room(4096);
    while (::getpwnam_r(name.c_str(), &entry, room.data(), room.size(), &found) == ERANGE &&
           room.size() < (std::size_t{1} << 24)) {
        room.resize(room.size() * 4);
    }
    return found == nullptr ? std::nullopt : std::optional<std::uint32_t>{found->pw_uid};
}

}  // namespace

std::optional<std::uint32_t> named_daemon_user(const std::string& user) {
    // NOLINTNEXTLINE(concurrency-mt-unsafe): said in the header of client_options.
    const char* const inherited = std::getenv("HOOKD_DAEMON_USER");
    const std::string given = user.empty() && inherited != nullptr ? inherited : user;
    if (given.empty()) {
        return std::nullopt;
    }
    const auto number = number_in(given);
    const auto found = number ? number : user_called(given);
    if (!found || *found == no_user) {
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
