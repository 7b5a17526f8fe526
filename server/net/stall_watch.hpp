// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <algorithm>
#include <chrono>
#include <utility>

namespace hookd::server::net {

/// Decides when a peer that has output waiting has stalled: it has read nothing for the limit, or for a second while
/// others wait for the event memory that it holds. It reads no clock; who asks passes the time.
///
/// A stream socket becomes writable only once a good part of its buffer is free, which a slow reader may need more time
/// for than the limit: so what the peer has not read is looked at, too.
///
/// Thread-safety: none (the connection's strand).
class stall_watch {
public:
    using time_point = std::chrono::steady_clock::time_point;

    explicit stall_watch(std::chrono::milliseconds limit) noexcept : limit_(limit) {}

    [[nodiscard]] bool is_running() const noexcept { return is_running_; }
    /// A write was refused, and `unread` is what the peer has not read.
    void start(time_point now, int unread) noexcept {
        is_running_ = true;
        last_progress_ = now;
        unread_ = unread;
    }
    /// No output waits any more, and none waits for the peer.
    void stop() noexcept {
        is_running_ = false;
        is_urgent_ = false;
    }
    void note_write(time_point now) noexcept { last_progress_ = now; }
    /// `unread` is what the peer has not read now: where that has changed, it reads.
    void look(time_point now, int unread) noexcept {
        if (std::exchange(unread_, unread) != unread) {
            last_progress_ = now;
        }
    }

    /// Others wait for memory that the peer holds, or don't any more.
    void set_urgent(bool is_urgent) noexcept { is_urgent_ = is_urgent; }
    [[nodiscard]] bool is_urgent() const noexcept { return is_urgent_; }

    [[nodiscard]] std::chrono::milliseconds limit() const noexcept {
        return is_urgent_ ? std::min(limit_, urgent_limit) : limit_;
    }
    /// When to look again.
    [[nodiscard]] std::chrono::milliseconds interval() const noexcept { return limit() / looks_a_limit; }
    [[nodiscard]] bool has_stalled(time_point now) const noexcept { return now - last_progress_ >= limit(); }

private:
    static constexpr std::chrono::milliseconds urgent_limit{1000};
    static constexpr int looks_a_limit = 4;

    std::chrono::milliseconds limit_;
    time_point last_progress_{};
    int unread_ = 0;
    bool is_running_ = false;
    bool is_urgent_ = false;
};

}  // namespace hookd::server::net
