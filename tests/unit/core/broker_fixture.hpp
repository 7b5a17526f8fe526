// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "core/broker.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace hookd::protocol {

inline std::ostream& operator<<(std::ostream& out, outcome value) { return out << to_string(value); }
inline std::ostream& operator<<(std::ostream& out, refusal value) { return out << to_string(value); }
inline std::ostream& operator<<(std::ostream& out, close_reason value) { return out << to_string(value); }
inline std::ostream& operator<<(std::ostream& out, failure_policy value) { return out << to_string(value); }
inline std::ostream& operator<<(std::ostream& out, errc value) { return out << static_cast<int>(value); }

}  // namespace hookd::protocol

namespace hookd::core::test {

using namespace std::chrono_literals;
using namespace std::string_literals;
using namespace std::string_view_literals;
using protocol::errc;
using protocol::failure_policy;
using protocol::outcome;
using protocol::refusal;
using protocol::wait_policy;

/// A wait as the client that asked sees it: over at most once.
struct wait {
    waiter* pending = nullptr;  ///< the broker's, until it is done
    std::optional<protocol::wait_result> result{};
    std::optional<protocol::error> failure{};

    [[nodiscard]] bool over() const noexcept { return result || failure; }
    /// Of a wait that ended with a result.
    [[nodiscard]] const protocol::wait_result& verdict() const {
        BOOST_REQUIRE_MESSAGE(result, (failure ? "it failed: " + failure->message : "it still waits"s));
        return *result;
    }
    [[nodiscard]] protocol::outcome how() const { return verdict().outcome; }
    [[nodiscard]] errc error_code() const {
        BOOST_REQUIRE_MESSAGE(failure, "it did not fail");
        return failure->code;
    }
    /// `{"abort":"no"} by reviewer`, joined by `; `.
    [[nodiscard]] std::string responses() const;
    /// `reviewer: timeout`, joined by `; `; `host/name` of one on another host.
    [[nodiscard]] std::string missing() const;

    void end(std::variant<protocol::wait_result, protocol::error> ending);
};

/// An event as a subscriber got it.
struct received_event {
    std::uint64_t seq = 0;
    std::string name{};
    std::string id{};
    std::string payload{};
    bool expects_response = false;
    std::chrono::milliseconds timeout{};
    std::string host{};
};

struct wait_options {
    std::string payload = "{}";
    std::optional<std::chrono::milliseconds> timeout{};
    wait_policy policy = wait_policy::first;
    failure_policy on_failure = failure_policy::open;
    bool require_subscriber = true;
    std::vector<std::string> require{};
    std::optional<protocol::uuid> operation_id{};
    std::string raw_params = "{}";
    std::size_t footprint_bytes = 0;
    protocol::event_scope scope = protocol::event_scope::local;
    std::optional<protocol::event_origin> origin{};
};

struct emit_options {
    std::string payload = "{}";
    std::optional<std::chrono::milliseconds> reserve{};
    std::optional<protocol::uuid> operation_id{};
    std::string raw_params = "{}";
    std::optional<protocol::event_origin> origin{};
};

struct session_options {
    std::string name{};
    bool responds = true;
    bool asked_only = false;
    failure_policy on_failure = failure_policy::open;
    std::int64_t order = 0;
    bool shadow = false;
    bool cancellations = false;
    bool verdicts = false;
    std::vector<protocol::payload_condition> where{};
    protocol::event_scope scope = protocol::event_scope::local;
    std::optional<std::uint64_t> after_seq{};
    std::string instance{};
};

/// They refer to `options`.
[[nodiscard]] protocol::subscribe_params params_of(std::vector<std::string> patterns, const session_options& options);

/// `guard: disabled; lint: where`, and ` of 17` where not all are named.
[[nodiscard]] std::string names_of(const protocol::passed_over_hooks& hooks);
[[nodiscard]] std::string text_of(const protocol::uuid& id);
/// A UUID that differs from that of any other number.
[[nodiscard]] protocol::uuid numbered_uuid(std::uint64_t number);

/// The sink of a client whose output the test pulls itself.
struct ignored_output final : event_sink {
    void on_ready() override {}
};

/// A broker, its clock and its peers. Nothing here waits: time is moved by the test.
class broker_fixture {
public:
    explicit broker_fixture(broker_limits limits = {}) : broker(limits, steady_time{}) {}
    broker_fixture(const broker_fixture&) = delete;
    broker_fixture& operator=(const broker_fixture&) = delete;

private:
    std::deque<wait> waits_{};  // before the broker, whose waiters refer to them
    std::deque<ignored_output> sinks_{};

public:
    core::broker broker;
    instant now{};

    /// A new client whose peer has the process id `pid`.
    [[nodiscard]] client& join(std::int64_t pid = 100) { return join({pid, 1000}); }
    [[nodiscard]] client& join(const peer& peer, const client_options& options = {});
    /// A new client of a user that the configuration names.
    [[nodiscard]] client& join_as(std::uint32_t uid) { return join({uid, uid, true}); }

    // Requests that must succeed; each `try_` returns the error, too.
    protocol::emit_result emit(client& client, std::string_view event, const emit_options& options = {});
    [[nodiscard]] std::variant<protocol::emit_result, protocol::error> try_emit(
        client& client, std::string_view event, const emit_options& options = {});
    protocol::subscribe_result subscribe(
        client& client, std::vector<std::string> patterns = {}, const session_options& options = {});
    [[nodiscard]] std::variant<protocol::subscribe_result, protocol::error> try_subscribe(
        client& client, std::vector<std::string> patterns = {}, const session_options& options = {});
    /// A new client with a session.
    [[nodiscard]] client& subscriber(std::vector<std::string> patterns = {}, const session_options& options = {});

    wait& emit_and_wait(client& client, std::string_view event, const wait_options& options = {});
    wait& await_response(client& client, std::string_view hook_event_id,
        std::optional<std::chrono::milliseconds> timeout = {}, std::size_t footprint_bytes = 0);

    /// `response`: a JSON object text. Returns why it was not accepted, or refusal::none.
    refusal reply(client& client, std::string_view hook_event_id, std::string_view response = "{}");
    refusal abstain(client& client, std::string_view hook_event_id);
    refusal fail(client& client, std::string_view hook_event_id, std::string_view why = "it broke");
    [[nodiscard]] std::variant<protocol::respond_result, protocol::error> try_respond(
        client& client, std::string_view hook_event_id, std::string_view response);

    /// All that is queued, as if written at once.
    std::vector<received_event> receive(client& client);
    /// The same: `1:a 2:b`.
    std::string receive_names(client& client);
    /// The one event that is queued.
    received_event receive_one(client& client);
    /// What it is told besides events, as far as no event goes before: `cancelled expired`, or the notification
    /// `verdict`, joined by `; `.
    std::string receive_notices(client& client);
    /// How a session that has ended did: `lagged after 3`; empty where it has not, or has been told.
    std::string take_ended(client& client);

    void cancel(wait& wait);
    void leave(client& client) {
        broker.detach(client, now);
        collect();
    }
    void half_close(client& client) {
        broker.half_close(client, now);
        collect();
    }
    void unsubscribe(client& client) {
        (void)broker.unsubscribe(client, now);
        collect();
    }
    void shut_down() {
        broker.shut_down(now);
        collect();
    }

    /// Moves the clock and lets expire what is due.
    void pass(std::chrono::nanoseconds span) {
        advance(span);
        do {
            broker.expire(now);
            collect();
        } while (broker.next_deadline() && *broker.next_deadline() <= now.steady);
    }
    /// Moves the clock only.
    void advance(std::chrono::nanoseconds span) {
        now.steady += std::chrono::duration_cast<steady_time::duration>(span);
        now.wall += std::chrono::duration_cast<std::chrono::system_clock::duration>(span);
    }
    /// Gives each wait that has ended its result.
    void collect();

    [[nodiscard]] protocol::stats_result stats() const { return broker.stats(now); }
    [[nodiscard]] std::uint64_t outcomes(outcome kind) const {
        return stats().outcomes[static_cast<std::size_t>(kind)];
    }
    [[nodiscard]] std::uint64_t refused(refusal why) const { return stats().refused[static_cast<std::size_t>(why)]; }
    /// Fails if a slot, a waiter, an expected reply or the like is left.
    void check_nobody_waits() const;
};

/// The limit that an error names; empty where it is none.
[[nodiscard]] std::string limit_of(const protocol::error& failure);
/// The same of what was refused; empty where it was not.
[[nodiscard]] inline std::string limit_of(const wait& refused) {
    return refused.failure ? limit_of(*refused.failure) : std::string{};
}
template <class Result>
[[nodiscard]] std::string limit_of(const std::variant<Result, protocol::error>& result) {
    const auto* const failure = std::get_if<protocol::error>(&result);
    return failure != nullptr ? limit_of(*failure) : std::string{};
}
/// What an event of that name and payload counts for in `capacity_bytes`.
[[nodiscard]] std::size_t footprint_of(std::string_view name, std::string_view payload);

}  // namespace hookd::core::test
