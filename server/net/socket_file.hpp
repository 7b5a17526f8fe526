#pragma once

#include <filesystem>

namespace hookd::server {

/// A listening unix domain socket at a path that this process owns, by a lock.
///
/// PROTOCOL.md, "Who may talk": the lock (flock on PATH.lock), not a guess about pids, decides who owns a path; missing directories are made
/// with mode 0700, an existing one is accepted where it belongs to this user or root and nobody else may write to it, or where it is
/// sticky; a stale socket is replaced; a path that is no socket is refused and never removed; the socket has mode 0600 from the
/// first moment on.
///
/// The lock file holds the owner's pid as text, for the message of the one that comes second, and stays when the socket goes: removing it
/// would let two processes lock two files of the same name.
///
/// Thread-safety: none. The destructor calls remove().
class socket_file {
public:
    /// Throws socket_in_use, or std::runtime_error with a message for a person.
    explicit socket_file(std::filesystem::path path);
    socket_file(const socket_file&) = delete;
    socket_file& operator=(const socket_file&) = delete;
    ~socket_file();

    /// Gives away the listening descriptor (non-blocking, close-on-exec); -1 the second time.
    [[nodiscard]] int release() noexcept;

    /// Removes the socket where it is still the one that was made here, and gives the lock back.
    void remove() noexcept;

private:
    void open_socket();

    std::filesystem::path path_;
    int lock_ = -1;
    int listening_ = -1;
    unsigned long long device_ = 0;
    unsigned long long inode_ = 0;
};

}  // namespace hookd::server
