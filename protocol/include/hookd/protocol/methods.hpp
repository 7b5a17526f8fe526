#pragma once

#include <hookd/protocol/errc.hpp>
#include <hookd/protocol/limits.hpp>
#include <hookd/protocol/message.hpp>
#include <hookd/protocol/uuid_text.hpp>

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

/// The methods of the wire contract: one struct for the parameters of each, one for its result, and their JSON form, which
/// stands nowhere else. Parameter structs hold spans of the request that they were bound from (`text`, `payload`, `response`) and are
/// valid only as long as it is; in process, they are filled by hand from strings that outlive the call.
namespace hookd::protocol {

/// A short string parameter: a span of the request, or an own copy where escapes had to be decoded.
class text {
public:
    text() = default;
    text(std::string_view borrowed) noexcept : borrowed_(borrowed) {}
    text(const char* borrowed) noexcept : borrowed_(borrowed) {}
    text(const std::string& borrowed) noexcept : borrowed_(borrowed) {}
    /// Decodes `token`; copies only where it has escapes.
    explicit text(json_string token) : borrowed_(token.raw) {
        if (token.has_escapes()) {
            owned_ = token.decode();
        }
    }

    [[nodiscard]] std::string_view view() const noexcept { return owned_.empty() ? borrowed_ : std::string_view{owned_}; }
    [[nodiscard]] bool empty() const noexcept { return view().empty(); }

private:
    std::string_view borrowed_{};
    std::string owned_{};
};

/// When an emitter that waits has its verdict.
enum class wait_policy : std::uint8_t {
    first,  ///< the first reply decides
    veto,   ///< the first reply that aborts, or when nobody is left to reply
    all,    ///< when nobody is left to reply
};

/// What the verdict is where the hooks gave none.
enum class failure_policy : std::uint8_t { open, closed };

/// How a wait ended.
enum class outcome : std::uint8_t { answered, abstained, timeout, abandoned, no_subscribers, shutdown, unknown };
inline constexpr std::size_t outcome_count = 7;

/// Why a reply was not accepted.
enum class refusal : std::uint8_t { none, answered, expired, cancelled, unknown };
inline constexpr std::size_t refusal_count = 5;

/// Why a push session ended.
enum class close_reason : std::uint8_t { lagged, shutdown, unsubscribed };

[[nodiscard]] std::string_view to_string(wait_policy value) noexcept;
[[nodiscard]] std::string_view to_string(failure_policy value) noexcept;
[[nodiscard]] std::string_view to_string(outcome value) noexcept;
[[nodiscard]] std::string_view to_string(refusal value) noexcept;
[[nodiscard]] std::string_view to_string(close_reason value) noexcept;

/// Whether `name` may name an event: 1 to 128 characters of `A-Z a-z 0-9 _ . : / -`.
[[nodiscard]] bool is_event_name(std::string_view name) noexcept;

// --- parameters -----------------------------------------------------------------------------------------------------

struct ping_params {
    static constexpr std::string_view method = "ping";
};

struct emit_params {
    static constexpr std::string_view method = "emit";
    text event{};
    std::string_view payload = "{}";  ///< JSON text, kept byte for byte
    std::optional<std::chrono::milliseconds> reserve{};
    std::optional<uuid> operation_id{};
};

struct emit_and_wait_params {
    static constexpr std::string_view method = "emit_and_wait";
    text event{};
    std::string_view payload = "{}";
    std::optional<std::chrono::milliseconds> timeout{};
    wait_policy policy = wait_policy::first;
    failure_policy on_failure = failure_policy::open;
    bool require_subscriber = true;
    std::optional<uuid> operation_id{};
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
    std::optional<std::uint64_t> after_seq{};
    text instance{};                    ///< empty: this run
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
    /// The reply's `abort` as it stands there, without quotes; empty where there is none. Bound from `response`.
    json_string abort{};
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
/// Errors: errc::invalid_params names the parameter that is missing, unknown, of the wrong type or out of range, and says what is
/// accepted; errc::limit_exceeded (`patterns`).
template <class Params>
[[nodiscard]] std::variant<Params, error> bind_params(const request& call);

extern template std::variant<ping_params, error> bind_params(const request&);
extern template std::variant<emit_params, error> bind_params(const request&);
extern template std::variant<emit_and_wait_params, error> bind_params(const request&);
extern template std::variant<await_response_params, error> bind_params(const request&);
extern template std::variant<subscribe_params, error> bind_params(const request&);
extern template std::variant<unsubscribe_params, error> bind_params(const request&);
extern template std::variant<respond_params, error> bind_params(const request&);
extern template std::variant<stats_params, error> bind_params(const request&);
extern template std::variant<discover_params, error> bind_params(const request&);
extern template std::variant<cancel_params, error> bind_params(const request&);

/// Checks a reply that was not bound from a request, and finds its `abort`: sets `reply.abort` from `reply.response`. The error is
/// the one that bind_params gives.
[[nodiscard]] std::optional<error> check_reply(respond_params& reply);

// --- results --------------------------------------------------------------------------------------------------------

struct ping_result {
    uuid instance{};
    std::string_view version{};
    std::int64_t pid = 0;
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
        std::chrono::nanoseconds elapsed{};
    };
    struct absentee {
        std::string responder{};
        std::string why{};
    };

    std::string hook_event_id{};
    std::optional<std::uint64_t> seq{};
    protocol::outcome outcome = protocol::outcome::unknown;
    std::string abort{};  ///< content of a JSON string, escapes as sent, without quotes; empty: proceed
    std::vector<reply> responses{};
    std::vector<absentee> missing{};
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

struct stats_result {
    struct event_times {
        std::string name{};
        std::uint64_t count = 0;  ///< events of that name
        /// Times from the event to each of its replies; nothing where it had none.
        std::optional<double> p50_ms{}, p90_ms{}, p99_ms{}, max_ms{};
    };
    struct session {
        std::string name{};
        std::int64_t pid = 0;
        std::uint32_t uid = 0;
        std::size_t queued = 0;
        bool lagged = false;
    };

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
    std::vector<event_times> events{};
    std::vector<session> sessions{};
};

/// Each appends the result's JSON text.
void append_json(std::string& out, const ping_result& result);
void append_json(std::string& out, const emit_result& result);
void append_json(std::string& out, const wait_result& result);
void append_json(std::string& out, const subscribe_result& result);
void append_json(std::string& out, const unsubscribe_result& result);
void append_json(std::string& out, const respond_result& result);
void append_json(std::string& out, const stats_result& result);

/// The OpenRPC 1.2 document of all methods, made from the same descriptions that bind_params binds by. `version`: the daemon's.
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
};

/// Appends the notification `event` up to where the payload begins.
void append_event_head(std::string& out, const event_fields& fields);

/// What follows the payload.
inline constexpr std::string_view event_tail = "}}";

/// Appends the notification `closed`.
void append_closed(std::string& out, close_reason reason, std::uint64_t last_seq);

/// RFC 3339 in UTC with nine digits of a second's fraction: `2026-11-23T12:58:36.000000000Z`.
void append_timestamp(std::string& out, std::chrono::system_clock::time_point when);

}  // namespace hookd::protocol
