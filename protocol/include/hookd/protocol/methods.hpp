// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <hookd/protocol/errc.hpp>
#include <hookd/protocol/limits.hpp>
#include <hookd/protocol/uuid_text.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

/// The methods of the wire contract: one struct for the parameters of each, one for its result, and their JSON form,
/// which stands nowhere else. Parameter structs hold spans of the request that they were bound from (`text`, `payload`,
/// `response`) and are valid only as long as it is; in process, they are filled by hand from strings that outlive the
/// call.
namespace hookd::protocol {

struct request;

/// A short string parameter: a span of the request, or an own copy where escapes had to be decoded.
class text {
public:
    text() = default;
    text(std::string_view borrowed) noexcept : borrowed_(borrowed) {}
    text(const char* borrowed) noexcept : borrowed_(borrowed) {}
    text(const std::string& borrowed) noexcept : borrowed_(borrowed) {}
    text(std::string&& owned) noexcept : owned_(std::move(owned)) {}

    [[nodiscard]] std::string_view view() const noexcept {
        return owned_.empty() ? borrowed_ : std::string_view{owned_};
    }
    [[nodiscard]] bool empty() const noexcept { return view().empty(); }

private:
    std::string_view borrowed_{};
    std::string owned_{};
};

/// A JSON string as it was sent: without its quotes, with its escapes. A span of the request.
struct string_token {
    std::string_view raw{};
};

/// When an emitter that waits has its verdict.
enum class wait_policy : std::uint8_t {
    first,  ///< the first reply decides
    veto,   ///< the first reply that aborts, or when nobody is left to reply
    all,    ///< when nobody is left to reply
    chain,  ///< one responder after the other, each with the payload that those before it left
};

/// What counts where no verdict was given: for a wait, where the hooks gave none; for a subscriber, where it is
/// missing.
enum class failure_policy : std::uint8_t { open, closed };

/// How a wait ended. `cancelled`: by its emitter, which gets errc::cancelled and no result; only counters and the
/// notification `verdict` say it.
enum class outcome : std::uint8_t {
    answered,
    abstained,
    timeout,
    abandoned,
    no_subscribers,
    shutdown,
    unknown,
    cancelled
};
inline constexpr std::size_t outcome_count = 8;

/// Why a reply was not accepted.
enum class refusal : std::uint8_t { none, answered, expired, cancelled, unknown };
inline constexpr std::size_t refusal_count = 5;

/// Why a push session ended.
enum class close_reason : std::uint8_t {
    lagged,
    shutdown,
    unsubscribed,
    gap,  ///< events of other hosts may be lost
};

/// Where an event is seen, and whose events a session or hook sees.
enum class event_scope : std::uint8_t {
    local,    ///< this daemon's
    cluster,  ///< those of the cluster's other hosts, too
};

[[nodiscard]] std::string_view to_string(wait_policy value) noexcept;
[[nodiscard]] std::string_view to_string(failure_policy value) noexcept;
[[nodiscard]] std::string_view to_string(outcome value) noexcept;
[[nodiscard]] std::string_view to_string(refusal value) noexcept;
[[nodiscard]] std::string_view to_string(close_reason value) noexcept;
[[nodiscard]] std::string_view to_string(event_scope value) noexcept;

/// Whether `name` may name an event: 1 to 128 characters of `A-Z a-z 0-9 _ . : / -`.
[[nodiscard]] bool is_event_name(std::string_view name) noexcept;

/// Whether `text` may be a pattern of events: as a name, and with `*` and `?` among its characters.
[[nodiscard]] bool is_pattern(std::string_view text) noexcept;

/// Whether `name`, well-formed UTF-8, may name a subscriber or a registered hook: 1 to 128 characters, none of them a
/// control character (C0, DEL, C1) or one that nobody sees (zero width, direction of writing).
[[nodiscard]] bool is_subscriber_name(std::string_view name) noexcept;

/// Whether `name` may name a host of a cluster: 1 to 64 characters of `A-Z a-z 0-9 . _ -`.
[[nodiscard]] bool is_host_name(std::string_view name) noexcept;

/// A condition on a payload (PROTOCOL.md, `where`): the string at `pointer` matches `glob`. What is not there or no
/// string does not.
struct payload_condition {
    std::string pointer{};  ///< JSON pointer (RFC 6901)
    std::string glob{};     ///< `*` any run of characters, `?` one
    friend bool operator==(const payload_condition&, const payload_condition&) = default;
};

/// Whether `text` is a JSON pointer of at most max_pointer bytes.
[[nodiscard]] bool is_json_pointer(std::string_view text) noexcept;

/// Whether its pointer is one and its glob has at most max_condition_glob bytes.
[[nodiscard]] bool is_condition(const payload_condition& condition) noexcept;

/// Whether `event` may follow from `cause`: the names of the events that led to it, oldest first, separated by commas;
/// empty: none did. A name may have a place, `NAME@PLACE`: then an event of that name elsewhere is no recursion. The
/// payload, a valid JSON text, says where an event is that is git's: its `git_dir`. Errors: errc::invalid_params where
/// `cause` is nothing of the kind, or has `event` in it, which is a recursion; errc::limit_exceeded (`cause`) where it
/// has more than max_cause names.
[[nodiscard]] std::optional<error> check_cause(
    std::string_view event, std::string_view payload, std::string_view cause);

/// The cause of what follows from `event`, which followed from `cause` itself; with its place, where the payload names
/// one that is not too long (max_cause_place). In a place all but `A-Z a-z 0-9 _ . : / - ~ + =` are written as `%XX`.
[[nodiscard]] std::string append_cause(std::string_view cause, std::string_view event, std::string_view payload);

// --- parameters -----------------------------------------------------------------------------------------------------

/// What an event has brought along: one of another host, or one of this host that the cluster has been told of already.
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
    bool asked_only = false;  ///< only events that somebody waits for
    std::optional<failure_policy>
        on_failure{};            ///< closed: where it is missing, the operation does not proceed; absent: open
    std::int64_t order = 0;      ///< its turn in a chain and among responses; ties by name
    bool shadow = false;         ///< asked and recorded, but decides and delays nothing
    bool cancellations = false;  ///< told when a wait ends while it works on it
    bool verdicts = false;       ///< told the verdict on each event that matches
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
    text responder{};     ///< only where a responder of that name replied or was missing; empty: whoever did
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

/// Checks parameters that were not bound from a request but filled in by a caller in process, by the rules of
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

// --- results --------------------------------------------------------------------------------------------------------

struct ping_result {
    uuid instance{};
    std::string_view version{};
    std::int64_t pid = 0;
    std::string_view host{};  ///< its name in a cluster
};

struct emit_result {
    uuid hook_event_id{};
    std::uint64_t seq = 0;
    std::size_t subscribers = 0;
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

        [[nodiscard]] std::string_view text() const noexcept {
            return passed_on.empty() ? std::string_view{response} : passed_on;
        }
        /// For whoever needs it for longer than that request is there.
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
    std::vector<std::string> absent{};  ///< those of `require` that no responder is called
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

/// A registered hook.
struct hook_info {
    hook_definition what{};
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

// --- notifications --------------------------------------------------------------------------------------------------

/// An event as its subscribers see it.
struct event_fields {
    std::uint64_t seq = 0;
    uuid hook_event_id{};
    std::string_view event{};
    std::chrono::system_clock::time_point emitted_at{};
    bool expects_response = false;
    std::optional<std::chrono::milliseconds> timeout{};
    std::string_view cause{};  ///< empty: none
    std::string_view host{};   ///< where it comes from, as is_host_name() has it; empty: here
    bool replayed = false;     ///< handed out once more, out of the journal
};

/// The notification `event` up to where the payload begins: how long it is, and where in it the event's name, cause and
/// host stand.
struct event_head {
    std::size_t size = 0;
    std::size_t name_offset = 0;
    std::size_t cause_offset = 0;  ///< 0 where there is none
    std::size_t host_offset = 0;   ///< 0 where there is none
};
[[nodiscard]] event_head measure_event_head(const event_fields& fields) noexcept;

/// Writes it to `out`, which has room for as many bytes as measure_event_head says. Returns the end.
char* write_event_head(char* out, const event_fields& fields) noexcept;

/// What follows the payload.
inline constexpr std::string_view event_tail = "}}";

/// Appends the notification `closed`.
void append_closed(std::string& out, close_reason reason, std::uint64_t last_seq);

/// Appends the notification `cancelled`: the wait for that event is over, though the responder has not replied.
void append_cancelled(std::string& out, const uuid& hook_event_id, refusal reason);

/// What comes before the params of the notification `verdict`; one closing brace comes after them.
inline constexpr std::string_view verdict_head = R"({"jsonrpc":"2.0","method":"verdict","params":)";

/// Appends the notification `verdict`: how the wait for an event ended.
void append_verdict(
    std::string& out, std::string_view event, const wait_result& verdict, std::chrono::nanoseconds elapsed);

}  // namespace hookd::protocol
