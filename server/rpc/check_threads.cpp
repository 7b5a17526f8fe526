// SPDX-License-Identifier: BSL-1.0
#include "check_threads.hpp"

#include <csignal>
#include <system_error>
#include <utility>

namespace hookd::server::rpc {

check_threads::~check_threads() {
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

// Signals are for the threads that run the broker.
void check_threads::start_thread() {
    sigset_t all;
    sigset_t before;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_BLOCK, &all, &before);
    try {
        threads_.emplace_back([this] { serve(); });
    } catch (const std::system_error&) {
        ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
        throw;
    }
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
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
