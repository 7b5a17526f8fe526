// SPDX-License-Identifier: BSL-1.0
#include "net/path_watch.hpp"

#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <utility>

namespace hookd::server {
namespace {

constexpr std::chrono::milliseconds after_a_change{200};
constexpr std::chrono::milliseconds in_any_case{1'000};

constexpr std::uint32_t changes_of_names =
    IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;

}  // namespace

path_watch::path_watch(const strand& watch_strand, std::filesystem::path directory, std::function<void()> look)
    : directory_(directory.empty() ? "." : std::move(directory)),
      look_(std::move(look)),
      changes_(watch_strand),
      timer_(watch_strand) {
    // A user has few of these. Without one there are the looks.
    if (const int made = ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC); made >= 0) {
        changes_.assign(made);
    }
}

void path_watch::start() {
    watch_directory();
    await_change();
    look_in(in_any_case);
}

void path_watch::stop() {
    stopped_ = true;
    timer_.cancel();
    boost::system::error_code ignored;
    changes_.close(ignored);
}

// Once more is not twice; and where the path leads to another directory by now, that one is watched, too.
void path_watch::watch_directory() {
    if (changes_.is_open()) {
        static_cast<void>(::inotify_add_watch(changes_.native_handle(), directory_.c_str(), changes_of_names));
    }
}

void path_watch::await_change() {
    if (!changes_.is_open() || std::exchange(awaits_change_, true)) {
        return;
    }
    changes_.async_wait(descriptor::wait_read, [self = shared_from_this()](const boost::system::error_code& failure) {
        self->awaits_change_ = false;
        if (!failure && !self->stopped_) {
            self->discard_changes();
            self->look_in(after_a_change);  // and no more is awaited until then: many changes are one look
        }
    });
}

void path_watch::discard_changes() {
    std::array<char, 4096> room;
    // Bounded: there may be a flood of them.
    for (int i = 0; i < 16 && ::read(changes_.native_handle(), room.data(), room.size()) > 0; ++i) {
    }
}

void path_watch::look_in(std::chrono::milliseconds time) {
    timer_.expires_after(time);
    timer_.async_wait([self = shared_from_this()](const boost::system::error_code& failure) {
        if (failure || self->stopped_) {
            return;
        }
        self->watch_directory();
        self->look_();
        if (!self->stopped_) {
            self->await_change();
            self->look_in(in_any_case);
        }
    });
}

}  // namespace hookd::server
