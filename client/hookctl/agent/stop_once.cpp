// SPDX-License-Identifier: BSL-1.0
#include "stop_once.hpp"

#include <base/posix/private_directory.hpp>
#include <base/posix/unique_fd.hpp>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <system_error>

#include <fcntl.h>
#include <unistd.h>

namespace hookd::hookctl {

namespace {

namespace fs = std::filesystem;

/// Empty if there is none.
fs::path stops_directory() {
    const char* state = std::getenv("XDG_STATE_HOME");
    const char* home = std::getenv("HOME");
    if (state != nullptr && *state == '/') {
        return fs::path(state) / "hookd" / "agent-stops";
    }
    return home != nullptr && *home == '/' ? fs::path(home) / ".local" / "state" / "hookd" / "agent-stops" : fs::path();
}

/// The session's file: its name has each odd character as %XX, and is cut where a file's name ends.
fs::path file_of(const agent_event& event) {
    constexpr std::string_view digits = "0123456789abcdef";
    constexpr std::size_t longest = 200;
    std::string name(event.dialect->name);
    name += '-';
    for (const char c : event.session_id) {
        const bool is_plain =
            (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
        const auto byte = static_cast<unsigned char>(c);
        name += is_plain ? std::string(1, c) : std::string{'%', digits[byte >> 4U], digits[byte & 15U]};
    }
    return stops_directory() / name.substr(0, longest);
}

/// Makes the directory if it is absent; whether it is this user's alone.
bool has_private_directory(const fs::path& path) {
    try {
        base::make_private_directory(path);
    } catch (const fs::filesystem_error&) {
        return false;
    }
    return base::is_private_directory(path);
}

}  // namespace

std::string record_blocked_stop(const agent_event& event) {
    if (event.session_id.empty() || stops_directory().empty()) {
        return "it can't be told which session this is, and whether its end was blocked before";
    }
    if (!has_private_directory(stops_directory())) {
        return "that it is blocked can't be recorded in " + stops_directory().string() +
               ", which is not a directory of yours alone";
    }
    const auto file = file_of(event);
    const base::unique_fd made{::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600)};
    if (made) {
        return {};
    }
    return errno == EEXIST ? "this session's end was blocked once before"
                           : "that it is blocked can't be recorded in " + file.string() + ": " +
                                 std::generic_category().message(errno);
}

void forget_blocked_stop(const agent_event& event) noexcept {
    if (!event.session_id.empty() && !stops_directory().empty()) {
        ::unlink(file_of(event).c_str());
    }
}

}  // namespace hookd::hookctl
