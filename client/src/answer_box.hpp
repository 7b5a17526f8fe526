// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "unix_socket.hpp"

#include <base/posix/unique_fd.hpp>
#include <hookd/reply.hpp>

#include <atomic>
#include <cstdint>
#include <mutex>
#include <vector>

namespace hookd::detail {

/// Where other threads leave answers and the wish to stop for the thread of run(), which wakes up through an
/// eventfd(2).
///
/// Bounded by hook_runner_options::max_unanswered: each event that was handed out puts in one answer at most.
/// Thread-safety: all members, save that only one thread reads. request_stop is async-signal-safe.
class answer_box {
public:
    /// Answers of an earlier run, and the same one twice, are told apart by their tickets.
    using ticket = std::uint64_t;

    struct entry {
        ticket which = 0;
        reply value;
        bool dropped = false;  ///< nobody answered: the last hookd::answer was destroyed
    };

    /// Throws std::system_error where the system has no descriptor left.
    answer_box();

    /// Only the thread that reads draws tickets.
    [[nodiscard]] ticket draw() noexcept { return ++last_ticket_; }

    void put(entry answered);
    void request_stop() noexcept;
    /// Whether a stop was asked for. take_stop() also forgets it.
    [[nodiscard]] bool stop_requested() const noexcept { return stop_.load(); }
    bool take_stop() noexcept { return stop_.exchange(false); }

    /// Everything put since the last call.
    [[nodiscard]] std::vector<entry> take();

    /// Readable when there is something to take; clear_wakeup() makes it wait again.
    [[nodiscard]] int descriptor() const noexcept { return wakeup_.get(); }
    void clear_wakeup() noexcept;

private:
    void wake() noexcept;

    base::unique_fd wakeup_;
    std::atomic<bool> stop_ = false;
    static_assert(std::atomic<bool>::is_always_lock_free, "request_stop may be called from a signal handler");
    ticket last_ticket_ = 0;
    std::mutex mutex_;
    std::vector<entry> answers_;
};

}  // namespace hookd::detail
