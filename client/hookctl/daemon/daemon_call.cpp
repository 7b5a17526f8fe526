// SPDX-License-Identifier: BSL-1.0
#include "daemon_call.hpp"

#include "autostart.hpp"

#include <chrono>
#include <optional>
#include <thread>
#include <utility>

namespace hookd::hookctl {

namespace {

/// Where two have started a daemon at once, the one that has lost waits so long for the other's.
constexpr std::chrono::seconds longest_wait_for_socket{5};
constexpr std::chrono::milliseconds between_tries{5};

std::optional<client> connect_if_there(const invocation& call, std::chrono::milliseconds answer_timeout) {
    try {
        return connect_for(call, answer_timeout);
    } catch (const error& failure) {
        if (failure.kind() != error_kind::no_daemon) {
            throw;
        }
        return std::nullopt;
    }
}

}  // namespace

client connect_or_start(const invocation& call, std::chrono::milliseconds answer_timeout) {
    if (auto daemon = connect_if_there(call, answer_timeout)) {
        return std::move(*daemon);
    }
    if (start_absent_daemon(call)) {
        const auto give_up_at = std::chrono::steady_clock::now() + longest_wait_for_socket;
        while (std::chrono::steady_clock::now() < give_up_at) {
            if (auto daemon = connect_if_there(call, answer_timeout)) {
                return std::move(*daemon);
            }
            std::this_thread::sleep_for(between_tries);
        }
    }
    return connect_for(call, answer_timeout);  // or throws why not
}

}  // namespace hookd::hookctl
