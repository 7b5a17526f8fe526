// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cerrno>
#include <utility>

#include <unistd.h>

namespace hookd::base {

/// Owns a file descriptor, and closes it.
///
/// Thread-safety: none for one object.
class unique_fd {
public:
    unique_fd() noexcept = default;
    /// A negative number owns nothing.
    explicit unique_fd(int fd) noexcept : fd_(fd) {}
    unique_fd(unique_fd&& other) noexcept : fd_(other.release()) {}
    unique_fd& operator=(unique_fd&& other) noexcept {
        if (this != &other) {
            reset(other.release());
        }
        return *this;
    }
    ~unique_fd() { reset(); }

    [[nodiscard]] explicit operator bool() const noexcept { return fd_ >= 0; }
    [[nodiscard]] int get() const noexcept { return fd_; }
    /// Gives the descriptor away; -1 if it owns none.
    [[nodiscard]] int release() noexcept { return std::exchange(fd_, -1); }
    /// Closes the descriptor and owns `fd` instead. Leaves errno as it is, which may be about to be reported.
    void reset(int fd = -1) noexcept {
        if (const int closing = std::exchange(fd_, fd); closing >= 0) {
            const int error = errno;
            ::close(closing);
            errno = error;
        }
    }

private:
    int fd_ = -1;
};

}  // namespace hookd::base
