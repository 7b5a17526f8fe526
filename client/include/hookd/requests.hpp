// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <hookd/protocol/methods.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// What the two clients, hookd::client and hookd::async_client, have in common: options and small results.
namespace hookd {

/// $HOOKD_SOCKET, else $XDG_RUNTIME_DIR/hookd/hookd.sock, else /tmp/hookd-UID/hookd.sock: where daemon and clients meet
/// by default. Reads the environment at each call: not to be called while another thread changes that.
[[nodiscard]] std::string default_socket_path();

struct client_options {
    /// The daemon's socket; empty means default_socket_path(). At most 107 bytes (unix(7)). `@NAME` is one in the
    /// abstract namespace.
    std::string path{};
    /// A user, by name or number, whose daemon is talked to besides this process's own (effective) user's and root's:
    /// any other's gets no byte (error_kind::untrusted). Empty means $HOOKD_DAEMON_USER, which is read as
    /// default_socket_path reads the environment.
    std::string daemon_user{};
    /// For a daemon whose queue of unaccepted connections is full. One that is absent is reported at once.
    /// milliseconds::max() means no limit.
    std::chrono::milliseconds connect_timeout{5'000};
    /// How long the daemon may take for an answer, on top of the time that the request itself asks to wait; where that
    /// is left to the daemon, how long it may be silent before it is asked whether it lives (`ping`), and how long it
    /// may then take to say anything. milliseconds::max() means no limit. Only hookd::client heeds it; an asynchronous
    /// call is cancelled through its slot.
    std::chrono::milliseconds answer_timeout{30'000};
};

using protocol::event_scope;
using protocol::failure_policy;
using protocol::wait_policy;

struct emit_options {
    /// Keeps a slot that long for await_response (1 ms to 24 h).
    std::optional<std::chrono::milliseconds> reserve{};
    /// The names of the events that led to this one, oldest first, separated by commas; in a hook, event::as_cause().
    /// Absent means $HOOK_CAUSE, which a hook command has (read at each call: not to be changed by another thread
    /// meanwhile); empty means none. The daemon refuses an event that is in its own cause already, and a cause of more
    /// than 8.
    std::optional<std::string> cause{};
    /// cluster: hooks of scope cluster on the other hosts of the daemon's cluster get it, too. Absent: what the
    /// daemon's catalog says, else local.
    std::optional<event_scope> scope{};
    /// A UUID; makes a retry safe: the daemon hands out the recorded result instead of emitting again (see client).
    std::string operation_id{};
};

struct wait_options {
    /// 1 ms to 24 h; absent means what the daemon's catalog says, else its default (30 s unless configured).
    /// hookd::client gives up a daemon that hangs: client_options::answer_timeout after this time, and where it is
    /// absent as said there.
    std::optional<std::chrono::milliseconds> timeout{};
    std::optional<wait_policy> policy{};         ///< absent: what the daemon's catalog says, else first
    std::optional<failure_policy> on_failure{};  ///< absent: what the daemon's catalog says, else open
    /// Whether the wait ends at once where no responder matches; false waits for one to subscribe.
    bool require_subscriber = true;
    /// Names of responders, or `host/name`, that must have replied or abstained for the operation to proceed, whatever
    /// the failure policy; at most 16. Those that the daemon's catalog requires are added.
    std::vector<std::string> require{};
    /// As emit_options::cause.
    std::optional<std::string> cause{};
    /// As emit_options::scope; the hooks there are asked as those here.
    std::optional<event_scope> scope{};
    /// As emit_options::operation_id.
    std::string operation_id{};
};

using protocol::payload_condition;

/// The result of `emit`.
struct emission {
    std::string hook_event_id;
    std::uint64_t seq = 0;
    std::uint64_t subscribers = 0;  ///< sessions that it was queued for
};

/// The result of `respond`.
struct respond_result {
    bool accepted = false;
    std::string reason;  ///< why not: `answered`, `expired`, `cancelled` or `unknown`; empty where accepted
};

/// The result of `ping`.
struct daemon_info {
    std::string instance;  ///< a UUID, new for every run of the daemon
    std::string version;
    int protocol = 0;
    std::int64_t pid = 0;
    std::string host;  ///< the daemon's name in a cluster; empty: it is of a release that has none
};

/// The result of `subscribe`.
struct subscription {
    std::string instance;        ///< of the daemon
    std::uint64_t head_seq = 0;  ///< of the newest event when the session was opened
    bool resumed = false;
};

/// A place in the sequence of events, from which to continue.
struct resume_point {
    std::uint64_t after_seq = 0;
    std::string instance{};  ///< the daemon's run that `after_seq` belongs to; empty means the one that runs now
};

/// Which events a responder gets beyond their names, and what its replies are worth (PROTOCOL.md, `subscribe`).
struct responder_options {
    /// Only events that an emitter waits for.
    bool asked_only = false;
    /// Conditions on the payload, all of which must hold; at most 16.
    std::vector<payload_condition> where{};
    /// closed: where this responder is missing from a verdict, for whatever reason, the operation does not proceed.
    failure_policy on_failure = failure_policy::open;
    /// Its turn in a chain and its place among the responses; of equals the name decides.
    std::int64_t order = 0;
    /// Asked and recorded, but it decides and delays nothing.
    bool shadow = false;
    /// cluster: events of scope cluster of the cluster's other hosts, too.
    event_scope scope = event_scope::local;
};

/// What to subscribe to (async_client; hook_runner makes its own).
struct subscribe_options {
    /// Names or globs (`*` any run, `?` one character), at most 256; none means every event.
    std::vector<std::string> events{};
    /// 1 to 128 printable characters; empty means `pid N`.
    std::string name{};
    /// Whether emitters wait for this subscriber; false makes it an observer.
    bool responds = true;
    responder_options as_responder{};
    /// First replays the events after this place; absent means from now on.
    std::optional<resume_point> resume_from{};
};

/// A wait has ended though this subscriber has not replied to its event.
struct ended_wait {
    std::string hook_event_id;
    std::string
        reason;  ///< `answered`, `expired` (the time was over) or `cancelled` (the emitter gave up, or went away)
};

/// How a push session ended.
struct session_end {
    enum class reason : std::uint8_t {
        lagged,        ///< too many events waited for it; it may be resumed on the same connection
        shutdown,      ///< the daemon stops
        unsubscribed,  ///< as asked
        gap,     ///< events of the cluster's other hosts may be lost; it may be opened again on the same connection
        broken,  ///< the connection ended without notice
    };
    reason why = reason::broken;
    /// Where to resume: of the last event delivered, or of the session's start.
    std::uint64_t last_seq = 0;
};

}  // namespace hookd
