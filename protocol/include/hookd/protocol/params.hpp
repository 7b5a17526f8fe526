// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <hookd/protocol/uuid_text.hpp>
#include <hookd/protocol/values.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

/// The parameters of each method. They hold spans of the request that they were bound from (`text`, `payload`,
/// `response`) and are valid only as long as it is; in-process, they are filled by hand from strings that outlive the
/// call.
namespace hookd::protocol {

struct request;

/// What an event has brought along: one of another host, or one of this host that the cluster has already.
/// Not bound.
struct event_origin {
    uuid hook_event_id{};
    std::string host{};  ///< where it was fired, as is_host_name() has it; empty: here
    std::chrono::system_clock::time_point emitted_at{};
};

struct ping_params {
    static constexpr std::string_view method = "ping";
};

struct emit_params {
    static constexpr std::string_view method = "emit";
    text event{};
    std::string_view payload = "{}";  ///< JSON text, kept byte for byte
    std::optional<std::chrono::milliseconds> reserve{};
    text cause{};                        ///< as check_cause takes it
    std::optional<event_scope> scope{};  ///< absent: the catalog's, else local
    std::optional<uuid> operation_id{};
    const event_origin* origin = nullptr;  ///< null: it is fired here and now
};

struct emit_and_wait_params {
    static constexpr std::string_view method = "emit_and_wait";
    text event{};
    std::string_view payload = "{}";
    std::optional<std::chrono::milliseconds> timeout{};
    std::optional<wait_policy> policy{};         ///< absent: the catalog's, else first
    std::optional<failure_policy> on_failure{};  ///< absent: the catalog's, else open
    bool require_subscriber = true;
    std::vector<std::string> require{};  ///< names of responders without whom it does not proceed; at most max_required
    text cause{};
    std::optional<event_scope> scope{};  ///< absent: the catalog's, else local
    std::optional<uuid> operation_id{};
    const event_origin* origin = nullptr;  ///< null: it is fired here and now
};

struct await_response_params {
    static constexpr std::string_view method = "await_response";
    text hook_event_id{};  ///< any text; one that is no UUID is merely unknown
    std::optional<std::chrono::milliseconds> timeout{};
};

struct subscribe_params {
    static constexpr std::string_view method = "subscribe";
    std::vector<std::string> events{};  ///< empty: every event
    text name{};                        ///< empty: `pid N`
    bool responds = true;
    bool asked_only = false;  ///< only events that an emitter waits for
    std::optional<failure_policy>
        on_failure{};            ///< closed: where it is missing, the operation does not proceed; absent: open
    std::int64_t order = 0;      ///< its turn in a chain and among responses; ties by name
    bool shadow = false;         ///< asked and recorded, but decides and delays nothing
    bool cancellations = false;  ///< notified when a wait ends while it works on it
    bool verdicts = false;       ///< notified of the verdict on each event that matches
    std::vector<payload_condition> where{};  ///< all of them must hold; at most max_conditions
    std::optional<event_scope> scope{};      ///< absent: local
    std::optional<std::uint64_t> after_seq{};
    text instance{};  ///< empty: this run
};

struct unsubscribe_params {
    static constexpr std::string_view method = "unsubscribe";
};

struct respond_params {
    static constexpr std::string_view method = "respond";
    text hook_event_id{};
    /// The reply, a JSON object, byte for byte. Meaningless where `abstain` or `failed` is set.
    std::string_view response = "{}";
    bool abstain = false;
    text failed{};  ///< empty: it did not fail
    /// Failed, and the operation must not proceed, whatever the session's on_failure is. Not bound: for responders in
    /// process.
    bool insists = false;
    /// The reply's `abort`; empty if it has none. Bound from `response`.
    string_token abort{};
    /// The reply's member `payload` where it is an object, which replaces the payload in a chain; else empty. Bound
    /// from `response`.
    std::string_view payload{};
};

struct who_params {
    static constexpr std::string_view method = "who";
    text event{};
    std::string_view payload = "{}";
    std::optional<event_scope> scope{};  ///< absent: the catalog's, else local
};

struct history_params {
    static constexpr std::string_view method = "history";
    text event{};         ///< a name or a glob; empty: every event
    text responder{};     ///< only where a responder of that name replied or was missing; empty: of any
    bool vetoed = false;  ///< only operations that were stopped
    std::optional<std::chrono::system_clock::time_point> since{};
    std::optional<std::uint64_t> before_seq{};
    std::optional<uuid> instance{};      ///< the run of the daemon that before_seq belongs to; absent: this one
    std::optional<std::size_t> limit{};  ///< absent: default_history
};

struct trace_params {
    static constexpr std::string_view method = "trace";
    text hook_event_id{};
};

struct replay_params {
    static constexpr std::string_view method = "replay";
    text hook_event_id{};
    text to{};  ///< a responder's name
};

struct schema_params {
    static constexpr std::string_view method = "get_hook_event_schema";
    text event{};  ///< empty: all events of the catalog
    // JSON texts to hold against the event's schemas; empty: none.
    std::string_view payload{};
    std::string_view response{};
};

/// A command that the daemon runs for events (PROTOCOL.md, `register_hook`).
struct hook_definition {
    std::string name{};
    std::vector<std::string> command{};  ///< at least one word, the first not empty; none has a NUL
    std::vector<std::string> events{};   ///< names or globs; empty: every event
    std::optional<std::chrono::milliseconds> timeout{};
    std::optional<std::size_t> jobs{};       ///< commands at a time; absent: as the daemon is configured
    std::string directory{};                 ///< where it runs, absolute; empty: where the daemon does
    std::vector<std::string> environment{};  ///< further variables, `NAME=VALUE` each
    std::vector<payload_condition> where{};  ///< as subscribe_params::where, and so the others
    bool asked_only = false;
    failure_policy on_failure = failure_policy::open;
    std::int64_t order = 0;
    bool shadow = false;
    event_scope scope = event_scope::local;
    friend bool operator==(const hook_definition&, const hook_definition&) = default;
};

struct register_hook_params {
    static constexpr std::string_view method = "register_hook";
    text name{};
    hook_definition hook{};  ///< but for `name`, `on_failure` and `scope`
    std::optional<failure_policy> on_failure{};
    std::optional<event_scope> scope{};
    std::optional<uuid> operation_id{};

    [[nodiscard]] hook_definition definition() const;
};

struct deregister_hook_params {
    static constexpr std::string_view method = "deregister_hook";
    text name{};
    std::optional<uuid> operation_id{};
};

struct list_hooks_params {
    static constexpr std::string_view method = "list_hooks";
};

struct trust_hook_params {
    static constexpr std::string_view method = "trust_hook";
    text name{};
    std::optional<uuid> operation_id{};
};

struct enable_hook_params {
    static constexpr std::string_view method = "enable_hook";
    text name{};
    bool enabled = true;
    std::optional<uuid> operation_id{};
};

struct cluster_hosts_params {
    static constexpr std::string_view method = "cluster_hosts";
};

/// For a while, no veto of these events counts (PROTOCOL.md, `bypass`).
struct bypass_params {
    static constexpr std::string_view method = "bypass";
    std::vector<std::string>
        events{};  ///< names or globs; empty: ends the bypass in force, and the others have no meaning
    std::optional<std::chrono::milliseconds> duration{};  ///< at most max_bypass
    text reason{};                                        ///< at most max_bypass_reason bytes
};

struct stats_params {
    static constexpr std::string_view method = "stats";
};

struct discover_params {
    static constexpr std::string_view method = "rpc.discover";
};

struct cancel_params {
    static constexpr std::string_view method = "$/cancelRequest";
    std::string_view id{};  ///< as sent
};

/// Binds the parameters of `call`, whose method is Params::method.
///
/// Errors: errc::invalid_params names the parameter that is missing, unknown, of the wrong type or out of range, and
/// says what is accepted; errc::limit_exceeded (`patterns`).
template <class Params>
[[nodiscard]] std::variant<Params, error> bind_params(const request& call);

extern template std::variant<ping_params, error> bind_params(const request&);
extern template std::variant<emit_params, error> bind_params(const request&);
extern template std::variant<emit_and_wait_params, error> bind_params(const request&);
extern template std::variant<await_response_params, error> bind_params(const request&);
extern template std::variant<subscribe_params, error> bind_params(const request&);
extern template std::variant<unsubscribe_params, error> bind_params(const request&);
extern template std::variant<respond_params, error> bind_params(const request&);
extern template std::variant<who_params, error> bind_params(const request&);
extern template std::variant<history_params, error> bind_params(const request&);
extern template std::variant<trace_params, error> bind_params(const request&);
extern template std::variant<replay_params, error> bind_params(const request&);
extern template std::variant<schema_params, error> bind_params(const request&);
extern template std::variant<register_hook_params, error> bind_params(const request&);
extern template std::variant<deregister_hook_params, error> bind_params(const request&);
extern template std::variant<list_hooks_params, error> bind_params(const request&);
extern template std::variant<trust_hook_params, error> bind_params(const request&);
extern template std::variant<enable_hook_params, error> bind_params(const request&);
extern template std::variant<cluster_hosts_params, error> bind_params(const request&);
extern template std::variant<bypass_params, error> bind_params(const request&);
extern template std::variant<stats_params, error> bind_params(const request&);
extern template std::variant<discover_params, error> bind_params(const request&);
extern template std::variant<cancel_params, error> bind_params(const request&);

/// Checks parameters that were not bound from a request but filled in by a caller in-process, by the rules of
/// bind_params(); texts must be well-formed UTF-8, too. The error is the one that bind_params() gives. The payload must
/// be known to be valid JSON.
template <class Params>
[[nodiscard]] std::optional<error> check_params(const Params& params);

extern template std::optional<error> check_params(const emit_params&);
extern template std::optional<error> check_params(const emit_and_wait_params&);
extern template std::optional<error> check_params(const await_response_params&);
extern template std::optional<error> check_params(const subscribe_params&);
extern template std::optional<error> check_params(const who_params&);

/// Checks a reply that was not bound from a request: `reply.response` is to be a JSON object, which it is cut to where
/// there is white space around it; sets `reply.abort` and `reply.payload` from it. The error is the one that
/// bind_params gives, but for what is no JSON object.
[[nodiscard]] std::optional<error> check_reply(respond_params& reply);

}  // namespace hookd::protocol
