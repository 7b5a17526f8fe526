// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <functional>
#include <utility>
#include <vector>

namespace hookd::test {

/// Runs each of `jobs` on a thread of its own and waits for all. Throws the first exception that one threw, once all
/// are done. Boost.Test's checks are not for other threads: a job throws what it finds.
void in_parallel(const std::vector<std::function<void()>>& jobs);

/// For a job: throws std::runtime_error with `what` unless `condition` holds.
void require(bool condition, const char* what);

/// Calls something at the end of a scope, whichever way that is left: what lets the other jobs end when one fails.
class finally {
public:
    explicit finally(std::function<void()> action) : action_(std::move(action)) {}
    ~finally() { action_(); }
    finally(const finally&) = delete;
    finally& operator=(const finally&) = delete;

private:
    std::function<void()> action_;
};

}  // namespace hookd::test
