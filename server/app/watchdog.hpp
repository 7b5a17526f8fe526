// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>

#include <chrono>
#include <optional>

namespace hookd::server {

/// Tells the service manager that the daemon is alive, twice within the time in which it wants to hear that
/// (WatchdogSec=). The word is a handler of the io_context: a daemon that hangs does not send it.
///
/// Thread-safety: all calls on the strand, or before the context runs. It is work of the context until stop().
class watchdog {
public:
    using strand = boost::asio::strand<boost::asio::io_context::executor_type>;

    /// `time`: see service::take_watchdog_time; without one it does nothing.
    watchdog(const strand& executor, std::optional<std::chrono::microseconds> time);

    void start();
    void stop();

private:
    boost::asio::steady_timer timer_;
    std::optional<std::chrono::microseconds> time_;
};

}  // namespace hookd::server
