// SPDX-License-Identifier: BSL-1.0
#include "parallel.hpp"

#include <exception>
#include <mutex>
#include <stdexcept>
#include <thread>

namespace hookd::test {

void in_parallel(const std::vector<std::function<void()>>& jobs) {
    std::mutex mutex;
    std::exception_ptr first;
    std::vector<std::thread> threads;
    threads.reserve(jobs.size());
    for (const auto& job : jobs) {
        threads.emplace_back([&] {
            try {
                job();
            } catch (...) {
                const std::lock_guard lock(mutex);
                if (!first) {
                    first = std::current_exception();
                }
            }
        });
    }
    for (auto& thread : threads) {
        thread.join();
    }
    if (first) {
        std::rethrow_exception(first);
    }
}

void require(bool condition, const char* what) {
    if (!condition) {
        throw std::runtime_error(what);
    }
}

}  // namespace hookd::test
