// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "check_threads.hpp"
#include "checked_texts.hpp"
#include "core/broker.hpp"
#include "core/journal.hpp"
#include "turn_clock.hpp"

#include <hookd/server/catalog.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace hookd::server::rpc {

/// What sessions and transports count, from any thread.
struct transport_counters {
    std::atomic<std::size_t> connections{0};
    std::atomic<std::uint64_t> protocol_errors{0};
    std::atomic<std::uint64_t> bytes_in{0};
    std::atomic<std::uint64_t> bytes_out{0};
};

/// What a catalog calls secrets, for the broker.
class catalog_secrets final : public core::secret_filter {
public:
    void use(const catalog* events) noexcept { events_ = events; }
    [[nodiscard]] std::optional<std::string> payload(
        std::string_view event_name, std::string_view payload) const override {
        return events_->payload_without_secrets(event_name, payload);
    }
    [[nodiscard]] std::optional<std::string> reply(
        std::string_view event_name, std::string_view response) const override {
        return events_->reply_without_secrets(event_name, response);
    }

private:
    const catalog* events_ = nullptr;
};

/// The broker and what requests need beside it: the catalog, the cluster's say, the time of the turn, the counters. It
/// does no I/O.
///
/// All work is done in turns: a turn runs requests, then delivers what they caused, before the next turn begins. Who
/// drives the turns derives from this.
///
/// Thread-safety: none (broker's strand), except submit() and the counters. Lifetime: shared; what must answer later
/// holds it.
class broker_service {
public:
    /// `host`: this host's name in a cluster.
    explicit broker_service(const core::broker_limits& limits, std::string host = {})
        : state_(limits, std::chrono::steady_clock::now()), host_(std::move(host)) {}
    broker_service(const broker_service&) = delete;
    broker_service& operator=(const broker_service&) = delete;
    virtual ~broker_service() = default;

    /// From any thread: runs `work` in a turn on the broker's strand, now where this is the strand.
    virtual void submit(std::function<void()> work) = 0;

    [[nodiscard]] core::broker& state() noexcept { return state_; }
    [[nodiscard]] const core::broker& state() const noexcept { return state_; }
    [[nodiscard]] const std::string& host() const noexcept { return host_; }
    /// The time of this turn: both clocks are read once, when the first of its requests asks.
    [[nodiscard]] core::instant now() noexcept {
        if (!now_) {
            now_ = {std::chrono::steady_clock::now(), std::chrono::system_clock::now()};
        }
        return *now_;
    }

    /// Whether this turn has taken so long that what is left of its work belongs to a later one.
    [[nodiscard]] bool is_turn_over() { return turn_clock_.is_over(now().steady, !has_later_turns()); }

    /// The events that there are; null: every name is allowed.
    [[nodiscard]] const catalog* events() const noexcept { return catalog_.get(); }
    [[nodiscard]] const std::shared_ptr<const catalog>& shared_events() const noexcept { return catalog_; }
    void use(std::shared_ptr<const catalog> events) noexcept;

    /// What is kept of events and verdicts; null: nothing.
    [[nodiscard]] core::journal* journal() const noexcept { return journal_; }
    /// Before anything is served, once. `journal` must outlive this.
    void record_to(core::journal& journal);

    // --- the methods in which the catalog and the cluster have a say (broker_methods.cpp): they are asked first, then
    //     the broker. What `core::broker` says of parameters, results and waiters holds here, too. ---

    template <class Result>
    using result_or_error = std::variant<Result, protocol::error>;

    /// Whether the cluster is to get that event before it is published here: then emit_to_cluster() does that, else
    /// emit().
    [[nodiscard]] bool goes_to_cluster(const protocol::emit_params& params) const {
        return state_.cluster() != nullptr && has_cluster_for(params);
    }
    [[nodiscard]] result_or_error<protocol::emit_result> emit(
        core::client& client, const protocol::emit_params& params, const core::request_bytes& request);
    [[nodiscard]] core::broker::wait_start emit_and_wait(core::client& client,
        const protocol::emit_and_wait_params& params, const core::request_bytes& request,
        std::unique_ptr<core::waiter>&& waiter);
    [[nodiscard]] core::broker::wait_start await_response(
        core::client& client, const protocol::await_response_params& params, std::unique_ptr<core::waiter>&& waiter);
    [[nodiscard]] result_or_error<protocol::subscribe_result> subscribe(
        core::client& client, const protocol::subscribe_params& params, const core::missed_events& missed = {});
    [[nodiscard]] std::optional<protocol::error> change_session(
        core::client& client, const protocol::subscribe_params& params);
    [[nodiscard]] result_or_error<protocol::respond_result> respond(
        core::client& client, const protocol::respond_params& params);
    [[nodiscard]] result_or_error<protocol::who_result> who(const protocol::who_params& params);
    [[nodiscard]] result_or_error<protocol::bypass_result> bypass(
        const core::client& client, const protocol::bypass_params& params);
    /// The result as JSON.
    [[nodiscard]] result_or_error<std::string> schemas(const protocol::schema_params& params) const;
    /// The figures of clients, sessions and transports together.
    [[nodiscard]] protocol::stats_result stats();

    // --- checks ---

    [[nodiscard]] checked_texts& checked() noexcept { return checked_; }
    /// What the catalog says of a payload; nothing if there is no catalog. What checked() knows is not checked again.
    [[nodiscard]] std::optional<protocol::error> check_event(std::string_view event, std::string_view payload) const;
    /// For checks that take longer than a turn.
    [[nodiscard]] check_threads& checks() noexcept { return checks_; }

    transport_counters counters{};

protected:
    /// Whether other long work waits for its next turn.
    [[nodiscard]] virtual bool has_later_turns() const noexcept { return false; }
    /// The next call of now() reads the clocks.
    void forget_time() noexcept { now_.reset(); }

private:
    [[nodiscard]] std::optional<protocol::error> check_reply(std::string_view event, std::string_view response) const;
    [[nodiscard]] std::optional<protocol::error> refuse_rewrite(
        core::client& client, const protocol::respond_params& params, std::string_view event);
    [[nodiscard]] core::broker::wait_start ask(core::client& client, const protocol::emit_and_wait_params& params,
        const core::request_bytes& request, std::unique_ptr<core::waiter>&& waiter);
    // What the catalog says of the event, if it is reserved.
    [[nodiscard]] core::reservation_terms reservation_terms(const protocol::emit_params& params) const;
    // The parameters with what the catalog says where they say nothing.
    [[nodiscard]] protocol::emit_and_wait_params with_defaults(const protocol::emit_and_wait_params& params) const;
    // What the request says, else the catalog, else local.
    [[nodiscard]] protocol::event_scope scope_of(
        std::string_view event, std::optional<protocol::event_scope> asked) const {
        if (asked) {
            return *asked;
        }
        return catalog_ == nullptr ? protocol::event_scope::local
                                   : catalog_->defaults_of(event).scope.value_or(protocol::event_scope::local);
    }
    // Why a request of scope cluster is not carried out: errc::invalid_params for what is for scope local only,
    // errc::cluster_unavailable if no cluster takes the event. Nothing for a retry.
    [[nodiscard]] std::optional<protocol::error> refuse_cluster(const protocol::emit_params& params) const;
    [[nodiscard]] std::optional<protocol::error> refuse_cluster(const protocol::emit_and_wait_params& params) const;
    [[nodiscard]] std::optional<protocol::error> refuse_cluster(std::string_view event) const;
    [[nodiscard]] bool has_cluster_for(const protocol::emit_params& params) const;

    core::broker state_;
    std::string host_;
    std::shared_ptr<const catalog> catalog_{};
    catalog_secrets secrets_{};
    core::journal* journal_ = nullptr;
    checked_texts checked_{};
    check_threads checks_{};
    std::optional<core::instant> now_{};
    turn_clock turn_clock_{};
};

}  // namespace hookd::server::rpc
