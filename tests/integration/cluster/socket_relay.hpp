// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "support/process.hpp"

#include <base/posix/unique_fd.hpp>

#include <memory>
#include <string>

namespace hookd::test {

/// A loopback port that was free a moment ago.
[[nodiscard]] int free_port();

/// A proxy of TCP between a loopback port of its own and another, which can stall and cut what goes through it.
class socket_relay {
public:
    explicit socket_relay(std::string target_port);
    ~socket_relay();
    socket_relay(const socket_relay&) = delete;
    socket_relay& operator=(const socket_relay&) = delete;

    [[nodiscard]] const std::string& port() const noexcept { return port_; }

    /// Nothing goes through, and no connection ends.
    void stall();
    void go_on();
    /// All connections end at once, and the port takes no more; start() follows.
    void cut();
    void start();

private:
    std::string target_port_;
    std::string port_;
    std::unique_ptr<child_process> process_{};
};

}  // namespace hookd::test
