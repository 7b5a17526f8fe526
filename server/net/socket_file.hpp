// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "net/socket_lock.hpp"

#include <base/posix/unique_fd.hpp>

#include <filesystem>
#include <optional>

namespace hookd::server {

/// A listening unix domain socket at a path that this process owns, by a lock (socket_lock).
///
/// PROTOCOL.md, "Who may talk": missing directories are made with mode 0700, an existing one is accepted where it
/// belongs to this user or root and nobody else may write to it, or where it is sticky and root's; a stale socket is
/// replaced; a path that is no socket is refused and never removed; the socket has mode 0600 from the first moment on.
/// `@NAME` is a name in the abstract namespace (unix(7)): it has neither file nor lock.
///
/// Thread-safety: none. The destructor calls remove().
class socket_file {
public:
    /// Makes the socket. Throws socket_in_use, or std::runtime_error with a message for a person.
    explicit socket_file(std::filesystem::path path);
    /// Takes over a socket that a service manager listens on at `path`: takes the lock, and leaves the file to the
    /// manager. Throws alike.
    socket_file(std::filesystem::path path, int inherited);
    socket_file(const socket_file&) = delete;
    socket_file& operator=(const socket_file&) = delete;
    ~socket_file();

    /// Gives away the listening descriptor (non-blocking, close-on-exec); -1 the second time.
    [[nodiscard]] int release() noexcept;

    /// Whether there is a file at all: not so for an abstract name.
    [[nodiscard]] bool has_file() const noexcept;
    /// Whether this process holds the lock. Of a handed-over socket it may not, where it may not write to the
    /// directory.
    [[nodiscard]] bool is_locked() const noexcept { return lock_.has_value(); }

    /// Sees to it that clients which go by the path come here. Where the socket's file is gone, or another socket
    /// stands there, makes a new one, for release(), and returns true. A lock file that is gone is made and locked
    /// anew. Throws std::runtime_error where that cannot be: the directory is gone or not safe any more, something that
    /// is no socket stands there, or another process has taken the lock meanwhile.
    [[nodiscard]] bool put_back();

    /// Removes the socket where it is still the one that was made here, and gives the lock back.
    void remove() noexcept;

private:
    void open_abstract_socket();
    void open_socket();
    void remember_file();
    [[nodiscard]] bool is_in_place() const noexcept;

    std::filesystem::path path_;
    std::optional<socket_lock> lock_{};
    base::unique_fd listening_{};
    bool made_here_ = false;  // the file
    unsigned long long device_ = 0;
    unsigned long long inode_ = 0;
};

}  // namespace hookd::server
