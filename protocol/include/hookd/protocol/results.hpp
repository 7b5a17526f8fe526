// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <hookd/protocol/params.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// The result of each method, and its JSON form, which stands nowhere else.
namespace hookd::protocol {

struct emit_result {
    uuid hook_event_id{};
    std::uint64_t seq = 0;
    std::size_t subscribers = 0;
};

/// Why the verdict on an event does not depend on a hook although the event's name is one that it subscribed to.
enum class pass_reason : std::uint8_t {
    disabled,    ///< a registered hook that is switched off
    shadow,      ///< it is asked, and decides nothing
    where,       ///< the payload does not have what its conditions want
    asked_only,  ///< no emitter waits for the event, and it is for questions alone
};

/// Those hooks of one event.
struct passed_over_hooks {
    static constexpr std::size_t most = 16;  ///< of them that are named

    struct hook {
        std::string name{};
        pass_reason why{};
        friend bool operator==(const hook&, const hook&) = default;
    };
    std::vector<hook> named{};  ///< the disabled ones first, then as they subscribed
    std::size_t total = 0;
    friend bool operator==(const passed_over_hooks&, const passed_over_hooks&) = default;
};

struct wait_result {
    struct reply {
        std::string response{};  ///< JSON object, byte for byte
        std::string responder{};
        std::uint32_t uid = 0;  ///< the user whose process replied
        std::string host{};     ///< where the responder is; empty: here
        std::chrono::nanoseconds elapsed{};
        /// Where not empty, the reply itself, and `response` is to be taken from it: a span of the request that brought
        /// it.
        std::string_view passed_on{};

        /// Size of the reply where `response` holds no more of it than its `abort`; 0: it is all there.
        std::size_t omitted_bytes = 0;

        [[nodiscard]] std::string_view text() const noexcept {
            return passed_on.empty() ? std::string_view{response} : passed_on;
        }
        /// For a caller that needs it for longer than that request is there.
        void keep() {
            if (!passed_on.empty()) {
                response = passed_on;
                passed_on = {};
            }
        }
    };
    struct absentee {
        std::string responder{};
        std::string why{};
        std::string host{};    ///< where the responder is; empty: here
        bool insists = false;  ///< where it is missing, the operation does not proceed; not written
    };
    /// Of a question of another host, the responders here that are in neither list. Not written.
    struct silent_responders {
        std::vector<std::string> abstained{};
        std::vector<std::string> passed{};  ///< the payload does not meet their conditions
    };

    std::string hook_event_id{};
    std::optional<std::uint64_t> seq{};
    protocol::outcome outcome = protocol::outcome::unknown;
    std::string abort{};  ///< content of a JSON string, escapes as sent, without quotes; empty: proceed
    std::vector<reply> responses{};
    std::vector<absentee> missing{};
    std::shared_ptr<const silent_responders> silent{};
    std::string payload{};   ///< of a chain in which a reply replaced it: the last one, JSON, byte for byte; else empty
    std::string bypassed{};  ///< not empty: an `abort` was overridden, for this reason, by the bypass in force
    std::shared_ptr<const passed_over_hooks> passed_over{};  ///< null: none; written in `verdict` alone

    /// Keeps all replies.
    void keep() {
        for (auto& each : responses) {
            each.keep();
        }
    }
};

struct subscribe_result {
    uuid instance{};
    std::uint64_t head_seq = 0;
    bool resumed = false;
};

struct unsubscribe_result {
    bool unsubscribed = false;
};

struct respond_result {
    refusal reason = refusal::none;
    [[nodiscard]] bool accepted() const noexcept { return reason == refusal::none; }
};

/// Whom an emit_and_wait would ask.
struct who_result {
    struct responder {
        std::string name{};
        std::int64_t pid = 0;  ///< 0: none is known, or the daemon runs it itself
        std::uint32_t uid = 0;
        bool registered = false;  ///< a registered hook; else a session
        failure_policy on_failure = failure_policy::open;
        std::int64_t order = 0;
        std::string host{};  ///< empty: here
        /// `ok`, `shadow`: it decides nothing; `lagged`, or what hook_state says of a registered hook that cannot run:
        /// it counts as missing
        std::string_view state = "ok";
    };
    std::vector<responder> responders{};  ///< in the order in which a chain asks them
    std::size_t observers = 0;
    std::vector<std::string> require{};
    std::vector<std::string> absent{};                       ///< those of `require` that no responder is called
    std::shared_ptr<const passed_over_hooks> passed_over{};  ///< but for shadows, which are responders here; null: none
    wait_policy policy = wait_policy::first;
    protocol::failure_policy on_failure = protocol::failure_policy::open;
    std::chrono::milliseconds timeout{};
};

/// Whether a registered hook may run.
enum class hook_state : std::uint8_t {
    ok,         ///< its files are those that were trusted
    untrusted,  ///< one of them has changed since
    missing,    ///< its program, or a file that it was given, is not there
    inactive,   ///< the daemon could not subscribe it to its events
    disabled,   ///< as it was asked to be
};
[[nodiscard]] std::string_view to_string(hook_state value) noexcept;
[[nodiscard]] std::string_view to_string(pass_reason value) noexcept;

/// A registered hook.
struct hook_info {
    hook_definition definition{};
    bool shows_command = true;  ///< and the environment: they may hold secrets
    bool enabled = true;
    bool kept = true;  ///< it outlives the daemon; else there is no registry
    hook_state state = hook_state::ok;
    hook_state trust = hook_state::ok;  ///< of its files: ok, untrusted or missing
    std::string why{};                  ///< where the state is not ok
    std::uint64_t runs = 0;             ///< since the daemon's start
    std::string last_outcome{};  ///< `response`, `veto: …`, `failed: …` or `cancelled`; empty: it has not run
    std::optional<double> p50_ms{}, p99_ms{};  ///< how long it ran
};

struct deregister_hook_result {
    bool deleted = false;
};

/// A bypass in force.
struct bypass_info {
    std::vector<std::string> events{};
    std::string reason{};
    std::uint32_t uid = 0;  ///< of the user who asked for it
    std::chrono::milliseconds left{};
};

struct bypass_result {
    std::optional<bypass_info> bypass{};  ///< the one in force from now on
    std::optional<bypass_info> ended{};   ///< the one that this has ended
};

/// Bounds of the buckets that reply times are counted in. Fixed: dashboards rely on them.
inline constexpr std::array<std::chrono::microseconds, 20> reply_time_bounds{std::chrono::microseconds{100},
    std::chrono::microseconds{250}, std::chrono::microseconds{500}, std::chrono::microseconds{1'000},
    std::chrono::microseconds{2'500}, std::chrono::microseconds{5'000}, std::chrono::microseconds{10'000},
    std::chrono::microseconds{25'000}, std::chrono::microseconds{50'000}, std::chrono::microseconds{100'000},
    std::chrono::microseconds{250'000}, std::chrono::microseconds{500'000}, std::chrono::microseconds{1'000'000},
    std::chrono::microseconds{2'500'000}, std::chrono::microseconds{5'000'000}, std::chrono::microseconds{10'000'000},
    std::chrono::microseconds{30'000'000}, std::chrono::microseconds{60'000'000},
    std::chrono::microseconds{300'000'000}, std::chrono::microseconds{600'000'000}};

/// Times from events to replies, as a cumulative histogram.
struct time_histogram {
    std::uint64_t count = 0;
    double sum_ms = 0;
    std::array<std::uint64_t, reply_time_bounds.size()>
        buckets{};  ///< replies that took at most the bound of the same index
};

struct list_hooks_result {
    std::vector<hook_info> hooks{};  ///< by name
};

struct cluster_hosts_result {
    struct hook {
        std::string name{};
        std::vector<std::string> events{};  ///< names or globs
        bool responds = true;
    };
    struct host {
        std::string name{};
        std::string state{};  ///< of this host: its link's; of another: `up`
        std::chrono::milliseconds lease{};
        std::vector<hook> hooks{};  ///< of scope cluster
    };
    std::vector<host> hosts{};  ///< this one first
};

struct stats_result {
    struct event_times {
        std::string name{};
        std::uint64_t count = 0;  ///< events of that name
        /// Times from the event to each of its replies; nothing where it had none.
        std::optional<double> p50_ms{}, p90_ms{}, p99_ms{}, max_ms{};
        std::optional<time_histogram> histogram{};
    };
    struct session {
        std::string name{};
        std::int64_t pid = 0;
        std::uint32_t uid = 0;
        std::size_t queued = 0;
        bool lagged = false;
    };
    /// What a responder of that name has done since the daemon's start, over all its sessions.
    struct responder {
        std::string name{};
        std::uint64_t asked = 0;
        std::uint64_t replied = 0;  ///< abstentions too
        std::uint64_t vetoed = 0;
        std::uint64_t failed = 0;  ///< waited for in vain, other than by lag
        std::uint64_t lagged = 0;
        std::optional<double> p50_ms{}, p90_ms{}, p99_ms{}, max_ms{};  ///< of its replies; nothing where it had none
        std::optional<time_histogram> histogram{};
        std::optional<bool>
            enabled{};  ///< whether the registered hook of that name is asked; nothing where there is none
    };

    /// One link to a cluster.
    struct cluster_link {
        std::string engine{};               ///< and its version; empty: it has not been reached
        std::string state{};                ///< `down`, `connecting`, `entering` or `up`
        std::vector<std::string> events{};  ///< names or globs of the events that it takes
        std::size_t hosts = 0;              ///< besides this one
        std::uint64_t asked = 0;            ///< questions of this host
        std::uint64_t answered = 0;         ///< questions of other hosts that were answered here
        std::uint64_t failed = 0;  ///< questions of this host, and events that it was to tell, that did not get through
        std::uint64_t gaps = 0;
        std::uint64_t reconnects = 0;
        /// How full the engine's queue of notifications is, 0 to 1, if it has one.
        std::optional<double> queue_usage{};
        /// From a question to the word who has to answer it; nothing where there was none.
        std::optional<double> p50_ms{}, p90_ms{}, p99_ms{}, max_ms{};
        std::optional<time_histogram> histogram{};
    };

    /// What is kept of events and verdicts.
    struct journal_figures {
        std::string file{};         ///< empty: there is no journal
        std::uint64_t bytes = 0;    ///< of the file that hold something
        std::uint64_t events = 0;   ///< that it holds
        std::uint64_t dropped = 0;  ///< events, or their verdicts, that it could not keep, since the daemon's start
        std::string failure{};      ///< why it cannot be written at the moment; empty: it can
    };

    std::string host{};  ///< the daemon's name in a cluster
    double uptime_s = 0;
    std::size_t connections = 0;
    std::size_t subscribers = 0;
    std::size_t waiting = 0;
    std::uint64_t head_seq = 0;
    std::size_t retained_events = 0;
    std::size_t retained_bytes = 0;
    std::uint64_t events_total = 0;
    std::uint64_t deliveries = 0;
    std::uint64_t accepted = 0;
    std::uint64_t refused[refusal_count] = {};
    std::uint64_t outcomes[outcome_count] = {};
    std::uint64_t lagged = 0;
    std::uint64_t protocol_errors = 0;
    std::uint64_t bytes_in = 0;
    std::uint64_t bytes_out = 0;
    std::uint64_t proceeded = 0;
    std::uint64_t vetoed = 0;
    std::uint64_t failed_closed = 0;  ///< stopped because a verdict, or a responder, was missing
    std::uint64_t bypassed = 0;       ///< would have been one of these two, but for a bypass
    std::optional<bypass_info> bypass{};
    std::vector<event_times> events{};
    std::vector<session> sessions{};
    std::vector<responder> hooks{};  ///< by name
    std::vector<cluster_link> clusters{};
    journal_figures journal{};
};

struct ping_result {
    uuid instance{};
    std::string_view version{};
    std::int64_t pid = 0;
    std::string_view host{};  ///< its name in a cluster
    std::vector<stats_result::cluster_link> clusters{};
};

/// What came of handing an event to one responder once more.
struct replay_result {
    std::string response{};  ///< JSON object, byte for byte; empty: it did not reply
    std::string failed{};    ///< why it did not; empty where it replied or abstained
    std::chrono::nanoseconds elapsed{};
};

/// Each appends the result's JSON text.
void append_json(std::string& out, const ping_result& result);
void append_json(std::string& out, const emit_result& result);
void append_json(std::string& out, const wait_result& result);

/// A text that is to stand in another, before what is at `at` there.
struct inserted_text {
    std::size_t at = 0;
    std::string text{};
};
/// The same without copying replies of that many bytes: they are taken out of `result`, and where they are to stand in
/// `out` is appended to `large`, in their order.
void append_json(std::string& out, wait_result&& result, std::size_t large_bytes, std::vector<inserted_text>& large);

/// An object with the members that it adds to a verdict: `passed_over`, and `passed_over_total` where not all are
/// named.
void append_json(std::string& out, const passed_over_hooks& hooks);
void append_json(std::string& out, const subscribe_result& result);
void append_json(std::string& out, const unsubscribe_result& result);
void append_json(std::string& out, const respond_result& result);
void append_json(std::string& out, const who_result& result);
void append_json(std::string& out, const hook_definition& hook);
void append_json(std::string& out, const hook_info& result);
void append_json(std::string& out, const deregister_hook_result& result);
void append_json(std::string& out, const list_hooks_result& result);
void append_json(std::string& out, const cluster_hosts_result& result);
void append_json(std::string& out, const bypass_result& result);
void append_json(std::string& out, const stats_result& result);
void append_json(std::string& out, const replay_result& result);

/// The OpenRPC 1.2 document of all methods, made from the same descriptions that bind_params binds by. `version`: the
/// daemon's.
[[nodiscard]] std::string discover_document(std::string_view version);

/// `data` of errc::resume_impossible.
[[nodiscard]] std::string resume_data(const uuid& instance, std::uint64_t oldest_seq, std::uint64_t head_seq);

}  // namespace hookd::protocol
