// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <base/posix/file_lock.hpp>

#include <filesystem>
#include <optional>

namespace hookd::server {

/// The lock that decides who owns a socket's path: flock on PATH.lock, held from construction to destruction.
///
/// The file holds the owner's pid, and in a second line the pid namespace that it is one of, for the message of the
/// process that comes second. It stays when the owner goes: removing it would let two processes lock two files of the
/// same name.
///
/// Thread-safety: none.
class socket_lock {
public:
    /// Throws socket_in_use where another process holds it, else std::runtime_error with a message for a person.
    explicit socket_lock(const std::filesystem::path& socket);
    socket_lock(const socket_lock&) = delete;
    socket_lock& operator=(const socket_lock&) = delete;
    ~socket_lock();

    /// Whether PATH.lock is still the file that is locked, so that no other process can take the lock.
    [[nodiscard]] bool is_current() const noexcept;

    /// Locks the file that is PATH.lock now, in place of the one held. False where another process holds that. Throws
    /// std::runtime_error.
    [[nodiscard]] bool take_anew();

private:
    [[nodiscard]] std::filesystem::path file() const;
    [[nodiscard]] bool take(std::optional<long>& holder);
    void release() noexcept;

    std::filesystem::path socket_;
    base::file_lock lock_{};
};

}  // namespace hookd::server
