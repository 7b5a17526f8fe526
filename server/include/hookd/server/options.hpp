// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <hookd/protocol/limits.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace hookd::server {

class hook_methods;

/// What a broker holds and for how long. The names are those of the daemon's flags (hookd(8)).
struct broker_options {
    /// Threads that run the io_context. With 1 the broker takes no locks and makes no hops; with more, each connection
    /// and the broker have a strand of their own. It must be right: the broker does not start threads itself.
    unsigned threads = 1;

    std::string host{};  ///< this host's name in a cluster, as protocol::is_host_name() has it; empty: the machine's
    std::size_t capacity = 1024;                         ///< events retained, and events that may wait for a session
    std::size_t capacity_bytes = std::size_t{64} << 20;  ///< bytes of all events that are retained or wait
    std::size_t max_waiting = 65'536;
    std::size_t max_waiting_per_connection = 1024;  ///< all waits in-process together count as those of one connection
    std::optional<std::size_t> max_reserved{};      ///< slots that `emit` reserves; absent: see most_reserved()
    std::size_t memory_bytes = std::size_t{64} << 20;  ///< kept replies and remembered results
    std::chrono::milliseconds default_timeout = protocol::default_timeout;

    /// max_reserved, or, where that is absent, a quarter of max_waiting.
    [[nodiscard]] std::size_t most_reserved() const {
        return max_reserved.value_or(std::max<std::size_t>(max_waiting / 4, 1));
    }
};

/// What the programs of a user may do besides asking about the daemon. The daemon's own user and root have every role.
struct roles {
    bool emit = true;     ///< fire events, and wait for verdicts
    bool observe = true;  ///< get events
    bool answer = false;  ///< get events as a responder, and reply to them

    friend bool operator==(const roles&, const roles&) = default;
};

/// A user or group that may connect, by its number.
struct allowed_account {
    std::uint32_t id = 0;
    roles may{};

    friend bool operator==(const allowed_account&, const allowed_account&) = default;
};

/// Where and whom a listener serves.
struct listener_options {
    std::filesystem::path socket{};  ///< at most protocol::max_socket_path bytes
    /// A listening socket that was handed over (systemd socket activation), used instead of making one at `socket`; -1
    /// for none. The listener takes it over.
    int inherited_socket = -1;

    std::size_t max_frame_bytes = protocol::default_max_frame_bytes;
    std::size_t max_connections = 4096;
    /// Disconnects a peer that reads nothing for that long while output waits.
    std::chrono::milliseconds write_stall_timeout{30'000};
    /// Users and groups that may connect besides the daemon's own user and root. A user that is named has the roles
    /// that are given there; one that is not has those of all its groups together.
    std::vector<allowed_account> allowed_users{};
    std::vector<allowed_account> allowed_groups{};
    /// Carries out the methods about registered hooks; null: there are none. Must outlive the listener.
    hook_methods* hooks = nullptr;
};

}  // namespace hookd::server
