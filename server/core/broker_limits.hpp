// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <hookd/protocol/methods.hpp>

#include <chrono>
#include <cstddef>
#include <string>

namespace hookd::core {

/// The broker's limits. Each has a flag of the same name.
struct broker_limits {
    std::size_t capacity = 1024;                         ///< events retained, and events that may wait for a session
    std::size_t capacity_bytes = std::size_t{64} << 20;  ///< bytes of all events that are retained or wait
    std::size_t max_waiting = 65'536;                    ///< requests that wait
    std::size_t max_waiting_per_connection = 1024;       ///< of one client
    std::size_t max_reserved = 16'384;                   ///< slots that `emit` reserves; they count as waiting, too
    std::size_t memory_bytes = std::size_t{64} << 20;    ///< kept replies and remembered results
    std::chrono::milliseconds default_timeout = protocol::default_timeout;
    std::string host{};  ///< this host's name in a cluster; empty: it has none
};

}  // namespace hookd::core
