#include "daemon_owner.hpp"

#include "errors.hpp"

#include <array>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <fcntl.h>
#include <limits>
#include <pwd.h>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

namespace hookd::detail {
namespace {

// The highest number means "none" to the kernel (chown(2)).
constexpr std::uint32_t no_user = std::numeric_limits<std::uint32_t>::max();

// What the kernel has unless /proc/sys/kernel/overflowuid says otherwise.
constexpr std::uint32_t default_overflow_user = 65534;

std::optional<std::uint32_t> number_in(std::string_view text) noexcept {
    std::uint32_t number = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
    return failure == std::errc{} && end == text.data() + text.size() ? std::optional{number} : std::nullopt;
}

std::optional<std::uint32_t> user_called(const std::string& name) {
    passwd entry{};
    passwd* found = nullptr;
    std::vector<char> room(4096);
    while (::getpwnam_r(name.c_str(), &entry, room.data(), room.size(), &found) == ERANGE && room.size() < (std::size_t{1} << 24)) {
        room.resize(room.size() * 4);
    }
    return found == nullptr ? std::nullopt : std::optional<std::uint32_t>{found->pw_uid};
}

// A file of /proc, which is small; empty where it can't be read.
std::string proc_text(const char* path) {
    std::array<char, 4096> room{};
    const int fd = ::open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return {};
    }
    const auto size = ::read(fd, room.data(), room.size());
    ::close(fd);
    return {room.data(), size > 0 ? static_cast<std::size_t>(size) : 0};
}

// The words of a text, one after the other.
std::string_view next_word(std::string_view& text) noexcept {
    constexpr std::string_view white = " \t\n";
    text.remove_prefix(std::min(text.find_first_not_of(white), text.size()));
    const auto word = text.substr(0, text.find_first_of(white));
    text.remove_prefix(word.size());
    return word;
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
        throw invalid_argument_error("the daemon's user has to be the name or number of a user that this system knows, not \"" + given +
                                     "\" (--daemon-user, HOOKD_DAEMON_USER)");
    }
    return found;
}

bool is_trusted_owner(std::uint32_t owner, std::uint32_t own, std::optional<std::uint32_t> named, bool is_overflow) noexcept {
    return !is_overflow && (owner == 0 || owner == own || owner == named);
}

bool leaves_users_unmapped(std::string_view uid_map) noexcept {
    // Lines of: first number here, first number outside, how many.
    std::uint64_t mapped = 0;
    while (!next_word(uid_map).empty()) {
        next_word(uid_map);
        mapped += number_in(next_word(uid_map)).value_or(0);
    }
    return mapped < no_user;
}

bool is_overflow_user(std::uint32_t user) {
    auto text = proc_text("/proc/sys/kernel/overflowuid");
    std::string_view rest = text;
    return user == number_in(next_word(rest)).value_or(default_overflow_user) && leaves_users_unmapped(proc_text("/proc/self/uid_map"));
}

std::optional<std::uint32_t> owner_of_peer(int socket) noexcept {
    ucred raw{};
    socklen_t size = sizeof raw;
    return ::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &raw, &size) == 0 ? std::optional<std::uint32_t>{raw.uid} : std::nullopt;
}

}  // namespace hookd::detail
