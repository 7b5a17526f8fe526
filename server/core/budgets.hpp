// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "accounts.hpp"
#include "broker_limits.hpp"
#include "memory_budget.hpp"

#include <hookd/protocol/methods.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

/// What waits, replies and answers may take of what there is for all: of one connection, of one user, of all
/// (PROTOCOL.md, "Limits"). What is taken is a token; its destructor gives it back.
namespace hookd::core {

class operation_table;

/// One wait that counts: an open slot, or a wait on the slot of another. The default counts nothing.
class wait_permit {
public:
    wait_permit() = default;
    wait_permit(wait_permit&& other) noexcept
        : all_(std::exchange(other.all_, nullptr)), connection_(std::move(other.connection_)) {}
    wait_permit& operator=(wait_permit&& other) noexcept {
        std::swap(all_, other.all_);
        connection_.swap(other.connection_);
        return *this;
    }
    ~wait_permit() {
        if (all_ != nullptr) {
            --*all_;
            --connection_->waiting_;
            --connection_->user().waits_;
        }
    }

private:
    friend class budgets;
    wait_permit(std::size_t& all, connection_account& connection) noexcept : all_(&all), connection_(&connection) {
        ++all;
        ++connection.waiting_;
        ++connection.user().waits_;
    }

    std::size_t* all_ = nullptr;
    connection_account::pointer connection_{};
};

/// One slot that `emit` reserved. The default counts nothing.
class reservation {
public:
    reservation() = default;
    reservation(reservation&& other) noexcept
        : all_(std::exchange(other.all_, nullptr)), user_(std::exchange(other.user_, nullptr)) {}
    reservation& operator=(reservation&& other) noexcept {
        std::swap(all_, other.all_);
        std::swap(user_, other.user_);
        return *this;
    }
    ~reservation() {
        if (all_ != nullptr) {
            --*all_;
            --user_->reservations_;
        }
    }

private:
    friend class budgets;
    reservation(std::size_t& all, user_account& user) noexcept : all_(&all), user_(&user) {
        ++all;
        ++user.reservations_;
    }

    std::size_t* all_ = nullptr;
    user_account* user_ = nullptr;
};

/// Bytes of the memory limit that are charged to a user. The default charges none.
class memory_charge {
public:
    memory_charge() = default;
    memory_charge(memory_charge&& other) noexcept
        : memory_(other.memory_), user_(other.user_), bytes_(std::exchange(other.bytes_, 0)) {}
    memory_charge& operator=(memory_charge&& other) noexcept {
        std::swap(memory_, other.memory_);
        std::swap(user_, other.user_);
        std::swap(bytes_, other.bytes_);
        return *this;
    }
    ~memory_charge() { resize(0); }

    [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }
    /// budgets::refuse_memory() has found room for what is more.
    void resize(std::size_t bytes) noexcept {
        if (bytes != bytes_) {
            memory_->give_back(bytes_);
            memory_->take(bytes);
            user_->memory_bytes_ += bytes - bytes_;
            bytes_ = bytes;
        }
    }

private:
    friend class budgets;
    memory_charge(memory_budget& memory, user_account& user) noexcept : memory_(&memory), user_(&user) {}

    memory_budget* memory_ = nullptr;
    user_account* user_ = nullptr;
    std::size_t bytes_ = 0;
};

/// Bytes of a kept reply that count for the user who replied, too; of the memory limit the slot's own user is charged.
class reply_charge {
public:
    reply_charge(user_account& user, std::size_t bytes) noexcept : user_(&user), bytes_(bytes) {
        user.memory_bytes_ += bytes;
    }
    reply_charge(reply_charge&& other) noexcept : user_(other.user_), bytes_(std::exchange(other.bytes_, 0)) {}
    reply_charge& operator=(reply_charge&& other) noexcept {
        std::swap(user_, other.user_);
        std::swap(bytes_, other.bytes_);
        return *this;
    }
    ~reply_charge() { user_->memory_bytes_ -= bytes_; }

private:
    user_account* user_;
    std::size_t bytes_;
};

/// Bytes of an event that a slot keeps from being forgotten: one that is parked, or whose chain is under way.
class held_event {
public:
    held_event() = default;
    held_event(held_event&& other) noexcept : all_(other.all_), bytes_(std::exchange(other.bytes_, 0)) {}
    held_event& operator=(held_event&& other) noexcept {
        std::swap(all_, other.all_);
        std::swap(bytes_, other.bytes_);
        return *this;
    }
    ~held_event() {
        if (bytes_ != 0) {
            *all_ -= bytes_;
        }
    }

private:
    friend class budgets;
    held_event(std::size_t& all, std::size_t bytes) noexcept : all_(&all), bytes_(bytes) { all += bytes; }

    std::size_t* all_ = nullptr;
    std::size_t bytes_ = 0;
};

/// One answer that a connection is owed and that is made later.
///
/// Thread-safety: release() and the destructor may run on any thread, one after the other.
class in_flight_answer {
public:
    explicit in_flight_answer(std::shared_ptr<in_flight_count> count) noexcept : count_(std::move(count)) { ++*count_; }
    in_flight_answer(const in_flight_answer&) = delete;
    in_flight_answer& operator=(const in_flight_answer&) = delete;
    ~in_flight_answer() { release(); }

    /// The answer is about to be there. More than once.
    void release() noexcept {
        if (const auto count = std::exchange(count_, nullptr)) {
            --*count;
        }
    }

private:
    std::shared_ptr<in_flight_count> count_;
};

/// A limit that is shared out by user: some of it is kept for the daemon's user and root, and one named user may take a
/// part of it.
class shared_limit {
public:
    /// `parts`: one named user may take the limit divided by it. Of a small limit, half at most is kept.
    constexpr shared_limit(std::size_t limit, std::size_t kept_for_owners, std::size_t parts) noexcept
        : limit_(limit), kept_(std::min(kept_for_owners, limit / 2)), share_(std::max<std::size_t>(limit / parts, 1)) {}

    /// What all users together may have, for one that is named or not to get more.
    [[nodiscard]] constexpr std::size_t most_of_all(bool is_named) const noexcept {
        return is_named ? limit_ - kept_ : limit_;
    }
    /// What one named user may have.
    [[nodiscard]] constexpr std::size_t share() const noexcept { return share_; }

private:
    std::size_t limit_;
    std::size_t kept_;
    std::size_t share_;
};

/// Says whether there is room, and gives out tokens. Each refuse_ function returns the error for the request that would
/// pass a limit, nothing if there is room; asking takes nothing.
///
/// Thread-safety: none (broker's strand). Lifetime: it must outlive its tokens.
class budgets {
public:
    /// `results`: what gives back memory when there is none left.
    budgets(const broker_limits& limits, memory_budget& memory, operation_table& results) noexcept
        : limits_(limits), memory_(memory), results_(results) {}
    budgets(const budgets&) = delete;
    budgets& operator=(const budgets&) = delete;

    /// The account of a new connection.
    [[nodiscard]] connection_account::pointer connect(std::uint32_t uid, bool is_named) {
        return new connection_account(accounts_.find(uid, is_named));
    }

    [[nodiscard]] std::optional<protocol::error> refuse_wait(const connection_account& connection) const;
    [[nodiscard]] wait_permit begin_wait(connection_account& connection) noexcept { return {waits_, connection}; }
    /// Open slots, and waits on slots that another request, or `emit`, opened.
    [[nodiscard]] std::size_t waits() const noexcept { return waits_; }

    [[nodiscard]] std::optional<protocol::error> refuse_reservation(const connection_account& connection) const;
    [[nodiscard]] reservation reserve(connection_account& connection) noexcept {
        return {reservations_, connection.user()};
    }
    [[nodiscard]] std::size_t reservations() const noexcept { return reservations_; }

    /// Forgets results that are remembered, where that makes the room.
    [[nodiscard]] std::optional<protocol::error> refuse_memory(const user_account& user, std::size_t more);
    /// Of a user who replies to another's event: what one user may have of the memory.
    [[nodiscard]] std::optional<protocol::error> refuse_share(const user_account& user, std::size_t more) const;
    [[nodiscard]] memory_charge charge(user_account& user) noexcept { return {memory_, user}; }
    [[nodiscard]] std::size_t memory_bytes() const noexcept { return memory_.used(); }
    /// The error for a request for which there is no memory.
    [[nodiscard]] protocol::error memory_error() const;

    [[nodiscard]] std::optional<protocol::error> refuse_held_event(std::size_t payload_bytes) const;
    [[nodiscard]] held_event hold_event(std::size_t bytes) noexcept { return {held_bytes_, bytes}; }
    [[nodiscard]] std::size_t held_bytes() const noexcept { return held_bytes_; }

    [[nodiscard]] std::optional<protocol::error> refuse_in_flight(const connection_account& connection) const;

    /// `used`: bytes of the patterns with a glob of all sessions; `more`: of those that are to come.
    [[nodiscard]] static std::optional<protocol::error> refuse_patterns(
        const user_account& user, std::size_t used, std::size_t more);

private:
    const broker_limits& limits_;
    memory_budget& memory_;
    operation_table& results_;
    account_table accounts_{};
    std::size_t waits_ = 0;
    std::size_t reservations_ = 0;
    std::size_t held_bytes_ = 0;
};

}  // namespace hookd::core
