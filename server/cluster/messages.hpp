// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "cluster/link/fields.hpp"
#include "core/cluster_port.hpp"

#include <hookd/protocol/methods.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

/// The messages between hookd and a cluster's helper program: JSON-RPC 2.0 notifications with the native framing
/// (README.md of this directory has them all). Times are in milliseconds; payloads and answers travel byte for byte.
namespace hookd::cluster {

using protocol::uuid;

inline constexpr int protocol_version = 1;

// --- from the helper ---

enum class link_state : std::uint8_t { down, connecting, entering, up };
[[nodiscard]] std::string_view to_string(link_state value) noexcept;

struct state_message {
    link_state state = link_state::down;
    std::string reason{};
    std::string engine{};  ///< and its version
};

struct pong_message {};

/// A session of scope cluster as other hosts see it.
struct visible_session {
    std::string name{};
    std::uint32_t uid = 0;
    bool responds = true;
    std::vector<std::string> events{};  ///< names or globs; never empty
    protocol::failure_policy on_failure = protocol::failure_policy::open;
    std::int64_t order = 0;
    bool registered = false;
};

struct visible_host {
    std::string name{};
    std::chrono::milliseconds lease{};
    std::vector<visible_session> sessions{};
};

struct hosts_message {
    std::vector<visible_host> hosts{};
    std::optional<std::uint32_t> queue_permille{};
};

struct session_ready_message {
    std::uint64_t session = 0;
};

struct asked_message {
    uuid id{};
    std::vector<core::remote_responder> responders{};
};

struct ask_failed_message {
    uuid id{};
    std::string reason{};
};

struct told_message {
    std::uint64_t request = 0;
    std::optional<std::string> failed{};
};

/// An event of another host; a question where it has a time-out.
struct event_message {
    std::string host{};
    uuid id{};
    std::string event{};
    std::string_view payload{};  ///< lies in the frame
    std::string cause{};
    std::chrono::system_clock::time_point emitted_at{};
    protocol::wait_policy policy = protocol::wait_policy::first;
    std::optional<std::chrono::milliseconds> timeout{};
    std::string fault{};  ///< not empty: the other host has sent what it must not, and this is why; all but `host`,
                          ///< `id` and `timeout` is of no use
};

struct cancel_message {
    uuid id{};
};

struct settled_message {
    std::string host{};
    uuid id{};
    core::remote_answer answer{};
};

struct host_left_message {
    std::string host{};
    std::string why{};
};

struct gap_message {
    std::string reason{};
};

struct fatal_message {
    std::string reason{};
};

using incoming =
    std::variant<state_message, pong_message, hosts_message, session_ready_message, asked_message, ask_failed_message,
        told_message, event_message, cancel_message, settled_message, host_left_message, gap_message, fatal_message>;

/// Reads a frame's body. Throws hookd::link::malformed_message.
[[nodiscard]] incoming read(std::string_view frame);

// --- to the helper: each returns a whole frame ---

struct hello {
    std::string url{};
    std::string host{};
    uuid instance{};
    std::chrono::milliseconds lease{};
};

[[nodiscard]] std::string hello_frame(const hello& greeting);
[[nodiscard]] std::string ping_frame();
[[nodiscard]] std::string session_frame(std::uint64_t number, const visible_session& session);
[[nodiscard]] std::string session_gone_frame(std::uint64_t number);
[[nodiscard]] std::string ask_frame(const core::cluster_event& question);
[[nodiscard]] std::string tell_frame(std::uint64_t request, const core::cluster_event& event);
[[nodiscard]] std::string close_frame(const uuid& id);
/// The answer to a question of `origin`. Of one that no helper could carry, since it is too long or nested too deeply,
/// the vetoes and their reasons.
[[nodiscard]] std::string reply_frame(
    std::string_view origin, const uuid& id, bool decides, const core::remote_answer& answer);

}  // namespace hookd::cluster
