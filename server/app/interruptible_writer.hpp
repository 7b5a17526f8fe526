// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <base/posix/unique_fd.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string_view>

namespace hookd::server {

/// Writes to a descriptor that is shared with other processes (standard error), waiting for room in a way that can be
/// called off.
///
/// A plain write(2) to a full pipe whose reader sleeps never ends, and with it the thread that should be joined at
/// exit. O_NONBLOCK on the descriptor itself would also change it for everybody who has inherited it, the caller's
/// shell first. So a pipe or terminal is opened anew (/proc/self/fd/N gives an open file of our own), a socket is
/// written to with MSG_DONTWAIT, and what is neither, a file, never waits for a reader. Where opening anew is refused,
/// at most PIPE_BUF bytes are written once poll(2) has said that they fit.
///
/// Thread-safety: write() from one thread; set_deadline() from any, once.
class interruptible_writer {
public:
    explicit interruptible_writer(int fd);
    interruptible_writer(const interruptible_writer&) = delete;
    interruptible_writer& operator=(const interruptible_writer&) = delete;

    /// Waits for room as long as it takes, or until it is called off. False where not all was written.
    bool write(std::string_view text) noexcept;

    /// From `span` from now on, nothing is waited for any longer; a write() that waits ends then.
    void set_deadline(std::chrono::milliseconds span) noexcept;

private:
    enum class kind : std::uint8_t { own, socket, shared };

    bool wait_for_room() noexcept;
    [[nodiscard]] long write_some(std::string_view text) const noexcept;

    int fd_;
    base::unique_fd own_{};  // behind fd_, if it was opened anew
    kind kind_ = kind::shared;
    base::unique_fd wake_;                   ///< an eventfd: readable once there is a deadline
    std::atomic<std::int64_t> deadline_ns_;  ///< of the steady clock
};

}  // namespace hookd::server
