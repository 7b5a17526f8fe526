// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <base/posix/unique_fd.hpp>

#include <functional>
#include <thread>

namespace hookd::hookctl {

/// Tells a program that runs until it is told to stop when that is: at SIGINT, SIGTERM or SIGHUP, unless it was
/// started with that ignored; and, if it lives for its output, when nobody reads that any more.
///
/// Thread-safety: the handler is called on a thread of the watcher's own, once for each signal, and once for standard
/// output. Lifetime: make it before any other thread, since those must not take the signals either. The destructor
/// waits for a call of the handler that is under way, and gives the signals back.
class stop_watcher {
public:
    /// What there is to stop for.
    enum class output : unsigned char {
        matters,  ///< also stop when standard output is a pipe or a socket without a reader
        does_not_matter,
    };

    /// Throws std::system_error where the system lacks descriptors or threads.
    stop_watcher(output watched, std::function<void()> on_stop);
    ~stop_watcher();
    stop_watcher(const stop_watcher&) = delete;
    stop_watcher& operator=(const stop_watcher&) = delete;

    /// Readable once it is time to stop, and from then on: for whoever waits with poll(2).
    [[nodiscard]] int stopped_fd() const noexcept { return stopped_fd_.get(); }

private:
    void watch() noexcept;

    output output_;
    std::function<void()> on_stop_;
    base::unique_fd signal_fd_{};
    base::unique_fd stopped_fd_{};
    base::unique_fd end_fd_{};
    std::thread thread_;
};

}  // namespace hookd::hookctl
