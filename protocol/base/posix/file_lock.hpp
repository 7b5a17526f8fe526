// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "unique_fd.hpp"

#include <chrono>

namespace hookd::base {

/// An exclusive lock (flock(2)) on an open file or directory, held from a call that says so until destruction. Another
/// process, or another object in this one, that opens the same file can't have it meanwhile; a process that doesn't
/// ask for the lock is not kept out.
///
/// Thread-safety: none for one object. Errors: std::system_error, as of a file system without locks.
class file_lock {
public:
    file_lock() noexcept = default;
    /// Precondition: `file` is open.
    explicit file_lock(unique_fd file) noexcept : file_(std::move(file)) {}

    /// False if another has it.
    [[nodiscard]] bool try_lock();
    /// Tries for at most `limit`; false if another has it until then.
    [[nodiscard]] bool lock_within(std::chrono::milliseconds limit);
    /// Waits as long as it takes.
    void lock();

    [[nodiscard]] const unique_fd& file() const noexcept { return file_; }

private:
    unique_fd file_{};
};

}  // namespace hookd::base
