// SPDX-License-Identifier: BSL-1.0
#include "check_threads.hpp"

#include <base/posix/signals_held_back.hpp>

#include <system_error>
#include <utility>

namespace hookd::server::rpc {

check_threads::~check_threads() {
    give_up();
    {
        const std::lock_guard lock{mutex_};
        stopping_ = true;
        waiting_.clear();
    }
    changed_.notify_all();
    for (auto& each : threads_) {
        each.join();
    }
}

void check_threads::run(std::function<void()> work) {
    const std::lock_guard lock{mutex_};
    if (idle_ <= waiting_.size() && threads_.size() < most_threads) {
        try {
            start_thread();
        } catch (const std::system_error&) {
            if (threads_.empty()) {
                throw;
            }
        }
    }
    waiting_.push_back(std::move(work));
    changed_.notify_one();
}

void check_threads::start_thread() {
    const base::signals_held_back during_start;
    threads_.emplace_back([this] { serve(); });
}

void check_threads::serve() {
    std::unique_lock lock{mutex_};
    for (;;) {
        ++idle_;
        changed_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
        --idle_;
        if (stopping_) {
            return;
        }
        const auto work = std::move(waiting_.front());
        waiting_.pop_front();
        lock.unlock();
        work();
        lock.lock();
    }
}

}  // namespace hookd::server::rpc
