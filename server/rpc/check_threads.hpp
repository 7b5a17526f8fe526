// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace hookd::server::rpc {

/// Threads for what would keep other peers waiting: a schema's check of a large payload takes seconds. They start when
/// they are needed.
///
/// Thread-safety: all functions. The destructor gives up, waits for the work that runs and drops the rest.
/// Cancellation: work that takes long ends soon once is_given_up() is true.
class check_threads {
public:
    static constexpr std::size_t most_threads = 4;

    check_threads() = default;
    check_threads(const check_threads&) = delete;
    check_threads& operator=(const check_threads&) = delete;
    ~check_threads();

    /// `work` must not throw. Throws std::system_error where there can be no thread at all.
    void run(std::function<void()> work);
    /// Nothing that runs, or will, is wanted any more.
    void give_up() noexcept { given_up_.store(true, std::memory_order_relaxed); }
    [[nodiscard]] const std::atomic<bool>& is_given_up() const noexcept { return given_up_; }

private:
    void serve();
    void start_thread();

    std::mutex mutex_{};
    std::condition_variable changed_{};
    std::deque<std::function<void()>> waiting_{};
    std::vector<std::thread> threads_{};
    std::size_t idle_ = 0;
    bool stopping_ = false;
    std::atomic<bool> given_up_{false};
};

}  // namespace hookd::server::rpc
