// SPDX-License-Identifier: BSL-1.0
#include "file_lock.hpp"

#include <sys/file.h>

#include <cerrno>
#include <system_error>
#include <thread>

namespace hookd::base {

namespace {

constexpr std::chrono::milliseconds between_tries{2};

/// False where another has the lock, which only LOCK_NB says.
bool lock_file(int fd, int operation) {
    while (::flock(fd, operation) != 0) {
        if (errno == EWOULDBLOCK) {
            return false;
        }
        if (errno != EINTR) {
            throw std::system_error(errno, std::generic_category());
        }
    }
    return true;
}

}  // namespace

bool file_lock::try_lock() { return lock_file(file_.get(), LOCK_EX | LOCK_NB); }

bool file_lock::lock_within(std::chrono::milliseconds limit) {
    const auto end = std::chrono::steady_clock::now() + limit;
    while (!try_lock()) {
        if (std::chrono::steady_clock::now() >= end) {
            return false;
        }
        std::this_thread::sleep_for(between_tries);
    }
    return true;
}

void file_lock::lock() { lock_file(file_.get(), LOCK_EX); }

}  // namespace hookd::base
