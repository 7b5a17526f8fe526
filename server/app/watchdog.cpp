// SPDX-License-Identifier: BSL-1.0
#include "app/watchdog.hpp"

#include "app/service.hpp"

namespace hookd::server {

watchdog::watchdog(const strand& executor, std::optional<std::chrono::microseconds> time)
    : timer_(executor), time_(time) {}

void watchdog::start() {
    if (!time_) {
        return;
    }
    service::notify_alive();
    timer_.expires_after(*time_ / 2);
    timer_.async_wait([this](const boost::system::error_code& failure) {
        if (!failure) {
            start();
        }
    });
}

void watchdog::stop() {
    time_.reset();
    timer_.cancel();
}

}  // namespace hookd::server
