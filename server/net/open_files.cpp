// SPDX-License-Identifier: BSL-1.0
#include "open_files.hpp"

#include <sys/resource.h>

#include <algorithm>

namespace hookd::server {
namespace {

// A connection is a socket and, with a session, the process at its other end.
constexpr std::size_t files_a_connection = 2;

// The process's own, and pipes of commands.
constexpr std::size_t other_files = 128;

}  // namespace

open_files::open_files() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        soft_ = limit.rlim_cur;
        hard_ = limit.rlim_max;
    }
}

std::size_t open_files::most_connections(std::size_t configured) const noexcept {
    if (hard_ < 2 * other_files) {
        return configured;
    }
    return std::min(configured, (hard_ - other_files) / files_a_connection);
}

bool open_files::make_room_for(std::size_t connections) noexcept {
    if (soft_ >= hard_ || files_a_connection * connections + other_files <= soft_) {
        return false;
    }
    const rlimit raised{hard_, hard_};
    const bool done = ::setrlimit(RLIMIT_NOFILE, &raised) == 0;
    soft_ = hard_;  // or it cannot be raised: not to be tried for each connection
    return done;
}

}  // namespace hookd::server
