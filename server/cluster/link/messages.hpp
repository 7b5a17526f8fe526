// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "cluster/link/fields.hpp"

#include <hookd/protocol/limits.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

/// What hookd and a link program (hookd-postgres, hookd-nats) say to each other: JSON-RPC notifications, one a frame.
/// Fields called `json` hold a JSON text that travels byte for byte; every other string is decoded UTF-8.
namespace hookd::link {

using milliseconds = std::chrono::milliseconds;

// --- from hookd ---

/// The first message.
struct hello {
    std::string url{};
    std::string host{};
    std::string instance{};  ///< the daemon's run, a UUID
    milliseconds lease{};    ///< how long other hosts wait for a sign of life
};

struct ping {};

/// A session or a registered hook of scope cluster is there, or has changed.
struct session {
    std::int64_t number = 0;
    std::string name{};
    std::int64_t uid = 0;
    bool responds = false;
    std::vector<std::string> events{};  ///< globs
    std::string on_failure{};
    std::int64_t order = 0;
    std::string kind{};  ///< "session" or "registered"
};

struct session_gone {
    std::int64_t number = 0;
};

/// An event as it travels.
struct event_content {
    std::string id{};  ///< hook_event_id, a UUID
    std::string name{};
    std::string payload_json{};
    std::string cause_json{};  ///< empty where there is none
    std::string emitted_at_json{};
};

/// An event whose emitter waits for a verdict.
struct ask {
    event_content event{};
    milliseconds timeout{};
    std::string policy{};
};

/// An event whose emitter waits only until it is fired.
struct tell {
    std::int64_t request = 0;
    event_content event{};
};

/// The wait for one of our events is over.
struct close_event {
    std::string id{};
};

/// This host's answer to an event of host `origin`.
struct reply {
    std::string origin{};
    std::string id{};
    std::string result_json{};  ///< an object of hookd's own, for the origin's hookd
    bool decides = false;       ///< the origin needs no other answer
};

using command = std::variant<hello, ping, session, session_gone, ask, tell, close_event, reply>;

/// Reads one frame. Throws malformed_message.
[[nodiscard]] command parse_command(std::string_view frame);

// --- to hookd ---

enum class link_state : std::uint8_t { down, connecting, entering, up };

struct state_report {
    link_state state = link_state::down;
    std::string reason{};  ///< of `down`: why, and what to do
    std::string engine{};
};

struct pong {};

struct host_session {
    std::string name{};
    std::vector<std::string> events{};
    bool responds = false;
    // What an engine does not keep is empty.
    std::int64_t uid = 0;
    std::string on_failure{};
    std::int64_t order = 0;
    std::string kind{};
};

struct host {
    std::string name{};
    milliseconds lease{};  ///< what is left of it
    std::vector<host_session> sessions{};
};

struct hosts_report {
    std::vector<host> hosts{};
    std::optional<std::int64_t> queue_permille{};  ///< how full the engine's queue of notifications is, if it has one
};

struct session_ready {
    std::int64_t number = 0;
};

struct responder {
    std::string name{};
    std::string on_failure{};
    std::int64_t order = 0;
};

struct asked_host {
    std::string name{};
    std::vector<responder> responders{};
};

/// Who must answer an ask.
struct asked {
    std::string id{};
    std::vector<asked_host> hosts{};
};

struct ask_failed {
    std::string id{};
    std::string reason{};
};

struct told {
    std::int64_t request = 0;
    std::int64_t hosts = 0;
};

struct tell_failed {
    std::int64_t request = 0;
    std::string reason{};
};

/// What makes an event a question.
struct question {
    std::string policy{};
    milliseconds left{};
};

struct foreign_event {
    std::string host{};
    event_content event{};
    std::optional<question> asks{};
};

struct cancel {
    std::string id{};
};

/// Another host's answer to our ask.
struct settled {
    std::string host{};
    std::string id{};
    std::string result_json{};
};

struct host_left {
    std::string host{};
    std::string why{};
};

struct gap {
    std::string reason{};
};

/// What no retry cures. The reason says what to do.
struct fatal {
    std::string reason{};
};

// Each returns a whole frame.
[[nodiscard]] std::string encode(const state_report& report);
[[nodiscard]] std::string encode(const pong& report);
[[nodiscard]] std::string encode(const hosts_report& report);
[[nodiscard]] std::string encode(const session_ready& report);
[[nodiscard]] std::string encode(const asked& report);
[[nodiscard]] std::string encode(const ask_failed& report);
[[nodiscard]] std::string encode(const told& report);
[[nodiscard]] std::string encode(const tell_failed& report);
[[nodiscard]] std::string encode(const foreign_event& report);
[[nodiscard]] std::string encode(const cancel& report);
[[nodiscard]] std::string encode(const settled& report);
[[nodiscard]] std::string encode(const host_left& report);
[[nodiscard]] std::string encode(const gap& report);
[[nodiscard]] std::string encode(const fatal& report);

// --- between links ---

/// The result that a link makes itself, where a host that was asked gives none: all its responders have failed, or,
/// without a reason, left.
[[nodiscard]] std::string result_without_answer(std::string_view failure = {});

/// How deep a payload or an answer may be nested: hookd takes a message of protocol::max_depth levels, of which two are
/// around it.
inline constexpr std::size_t content_depth = protocol::max_depth - 2;

/// Whether `text` is one JSON text that hookd can take inside a message: what another host wrote is checked before it
/// is passed on.
[[nodiscard]] bool is_json(std::string_view text);

/// `{"name","on_failure","order"}`, as links hand it to hookd and to one another.
void append_responder(std::string& out, const responder& each);

}  // namespace hookd::link
