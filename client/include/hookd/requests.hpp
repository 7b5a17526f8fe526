#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

/// What the two clients, hookd::client and hookd::async_client, have in common: options and small results.
namespace hookd {

/// $HOOKD_SOCKET, else $XDG_RUNTIME_DIR/hookd/hookd.sock, else /tmp/hookd-UID/hookd.sock: where daemon and clients meet unless told
/// otherwise. Reads the environment at each call: not to be called while another thread changes that.
[[nodiscard]] std::string default_socket_path();

struct client_options {
    /// The daemon's socket; empty means default_socket_path(). At most 107 bytes (unix(7)).
    std::string path{};
    /// For a daemon whose queue of unaccepted connections is full. One that is absent is told at once.
    std::chrono::milliseconds connect_timeout{5'000};
    /// How long the daemon may take for an answer, on top of the time that the request itself asks to wait. Only hookd::client
    /// heeds it; an asynchronous call is cancelled through its slot.
    std::chrono::milliseconds answer_timeout{30'000};
};

/// Whose reply ends a wait.
enum class wait_policy : std::uint8_t {
    first,  ///< the first reply decides
    veto,   ///< the first reply that aborts, or when nobody is left to reply
    all,    ///< when nobody is left to reply
};

/// What it means that the hooks did not decide.
enum class failure_policy : std::uint8_t {
    open,    ///< proceed
    closed,  ///< abort, with a reason that names what happened and who is missing
};

struct emit_options {
    /// Keeps a slot that long for await_response (1 ms to 24 h).
    std::optional<std::chrono::milliseconds> reserve{};
    /// A UUID; makes a retry safe: the daemon hands out the recorded result instead of emitting again (see client).
    std::string operation_id{};
};

struct wait_options {
    /// 1 ms to 24 h; absent means the daemon's default (30 s unless configured).
    std::optional<std::chrono::milliseconds> timeout{};
    wait_policy policy = wait_policy::first;
    failure_policy on_failure = failure_policy::open;
    /// Whether the wait ends at once where no responder matches; false waits for one to subscribe.
    bool require_subscriber = true;
    /// As emit_options::operation_id.
    std::string operation_id{};
};

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
};

/// The result of `subscribe`.
struct subscription {
    std::string instance;        ///< of the daemon
    std::uint64_t head_seq = 0;  ///< of the newest event when the session was opened
    bool resumed = false;
};

/// A place in the sequence of events, to go on from.
struct resume_point {
    std::uint64_t after_seq = 0;
    std::string instance{};  ///< the daemon's run that `after_seq` belongs to; empty means the one that runs now
};

}  // namespace hookd
