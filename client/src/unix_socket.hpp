#pragma once

#include <chrono>
#include <string>

namespace hookd::detail {

/// A descriptor that closes itself. Move-only.
class unique_fd {
public:
    unique_fd() noexcept = default;
    explicit unique_fd(int fd) noexcept : fd_(fd) {}
    unique_fd(unique_fd&& other) noexcept : fd_(other.release()) {}
    unique_fd& operator=(unique_fd&& other) noexcept;
    ~unique_fd() { reset(); }

    [[nodiscard]] int get() const noexcept { return fd_; }
    [[nodiscard]] explicit operator bool() const noexcept { return fd_ >= 0; }
    int release() noexcept;
    void reset() noexcept;

private:
    int fd_ = -1;
};

/// Where a client connects to: `path`, or the default where it is empty. Throws error (invalid_argument) for one that is
/// longer than the system allows.
[[nodiscard]] std::string resolve_socket_path(std::string path);

/// Connects without blocking. Returns no descriptor, with errno in `error_number`, on failure: EAGAIN where the daemon's queue of unaccepted
/// connections is full, which poll(2) cannot wait for, so that it has to be tried again (unix(7)). The socket is non-blocking and closed on exec.
[[nodiscard]] unique_fd try_connect(const std::string& path, int& error_number);

/// Tries again while the queue is full, for at most `timeout`. Throws error (no_daemon).
[[nodiscard]] unique_fd connect_blocking(const std::string& path, std::chrono::milliseconds timeout);

}  // namespace hookd::detail
