// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "check_threads.hpp"
#include "core/broker.hpp"
#include "core/journal.hpp"

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

/// A wait that knows how to answer. Deletes itself by being handed back: done() is called exactly once, on the broker's
/// strand.
class wait_operation : public core::waiter {
public:
    virtual void done(std::variant<protocol::wait_result, protocol::error> result) = 0;
};

/// What sessions and transports count, from any thread.
struct transport_counters {
    std::atomic<std::size_t> connections{0};
    std::atomic<std::uint64_t> protocol_errors{0};
    std::atomic<std::uint64_t> bytes_in{0};
    std::atomic<std::uint64_t> bytes_out{0};
};

/// What a catalog calls secrets, for the broker's state.
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

/// The broker's state and what requests need beside it: the catalog, the time of the turn, the counters. It does no
/// I/O.
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
    /// The figures of clients, sessions and transports together.
    [[nodiscard]] protocol::stats_result stats();

    /// The events that there are; null: every name is allowed.
    [[nodiscard]] const catalog* events() const noexcept { return catalog_.get(); }
    [[nodiscard]] const std::shared_ptr<const catalog>& shared_events() const noexcept { return catalog_; }
    void use(std::shared_ptr<const catalog> events) noexcept;

    /// What is kept of events and verdicts; null: nothing.
    [[nodiscard]] core::journal* journal() const noexcept { return journal_; }
    /// Before anything is served, once. `where` must outlive this.
    void record_to(core::journal& where);

    /// What checks have said of texts of the request that is being carried out, which are known by their addresses.
    class checked_texts {
    public:
        void add(const char* text, std::optional<protocol::error> refusal) {
            known_.emplace_back(text, std::move(refusal));
        }
        void clear() noexcept { known_.clear(); }
        /// Null where it has not been checked.
        [[nodiscard]] const std::optional<protocol::error>* find(std::string_view text) const noexcept {
            for (const auto& [known, refusal] : known_) {
                if (known == text.data()) {
                    return &refusal;
                }
            }
            return nullptr;
        }

    private:
        std::vector<std::pair<const char*, std::optional<protocol::error>>> known_{};
    };
    [[nodiscard]] checked_texts& checked() noexcept { return checked_; }
    /// What the catalog, which there is, says of a payload or reply; what checked() knows is not checked again.
    [[nodiscard]] std::optional<protocol::error> check_event(std::string_view event, std::string_view payload) const {
        const auto* const known = checked_.find(payload);
        return known != nullptr ? *known : catalog_->check_event(event, payload);
    }
    [[nodiscard]] std::optional<protocol::error> check_reply(std::string_view event, std::string_view response) const {
        const auto* const known = checked_.find(response);
        return known != nullptr ? *known : catalog_->check_reply(event, response);
    }
    /// For checks that take longer than a turn.
    [[nodiscard]] check_threads& checks() noexcept { return checks_; }

    transport_counters counters{};

protected:
    /// The next call of now() reads the clocks.
    void forget_time() noexcept { now_.reset(); }

private:
    core::broker state_;
    std::string host_;
    std::shared_ptr<const catalog> catalog_{};
    catalog_secrets secrets_{};
    core::journal* journal_ = nullptr;
    checked_texts checked_{};
    check_threads checks_{};
    std::optional<core::instant> now_{};
};

}  // namespace hookd::server::rpc
