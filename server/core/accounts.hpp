// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>
#include <boost/unordered/unordered_flat_map.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

/// Who has taken how much of what there is for all. Only the tokens of budgets.hpp change what is noted here.
///
/// Thread-safety: none (broker's strand), but for in_flight_count.
namespace hookd::core {

class memory_charge;
class reply_charge;
class reservation;
class wait_permit;

/// What one user has taken. Lives as long as the budgets.
class user_account {
public:
    explicit user_account(bool is_named) noexcept : is_named_(is_named) {}

    /// A user that the configuration names; the daemon's own and root have no share that bounds them.
    [[nodiscard]] bool is_named() const noexcept { return is_named_; }
    /// Open slots, and waits on the slots of others.
    [[nodiscard]] std::size_t waits() const noexcept { return waits_; }
    /// Open slots that `emit` reserved.
    [[nodiscard]] std::size_t reservations() const noexcept { return reservations_; }
    /// Bytes of kept replies, and of the room for replies.
    [[nodiscard]] std::size_t memory_bytes() const noexcept { return memory_bytes_; }

private:
    friend class memory_charge;
    friend class reply_charge;
    friend class reservation;
    friend class wait_permit;

    bool is_named_;
    std::size_t waits_ = 0;
    std::size_t reservations_ = 0;
    std::size_t memory_bytes_ = 0;
};

/// How many answers that are made later a connection is owed. Any thread.
using in_flight_count = std::atomic<std::size_t>;

/// What one connection has taken. Shared: a slot may outlive the connection that opened it.
class connection_account final : public boost::intrusive_ref_counter<connection_account, boost::thread_unsafe_counter> {
public:
    using pointer = boost::intrusive_ptr<connection_account>;

    explicit connection_account(user_account& user) noexcept : user_(user) {}

    [[nodiscard]] user_account& user() const noexcept { return user_; }
    /// Its open slots, and its waits on the slots of others.
    [[nodiscard]] std::size_t waiting() const noexcept { return waiting_; }
    [[nodiscard]] std::size_t in_flight() const noexcept {
        return in_flight_ ? in_flight_->load(std::memory_order_relaxed) : 0;
    }
    /// Made when it is first asked for. May throw std::bad_alloc.
    [[nodiscard]] const std::shared_ptr<in_flight_count>& shared_in_flight() {
        if (!in_flight_) {
            in_flight_ = std::make_shared<in_flight_count>(0);
        }
        return in_flight_;
    }

private:
    friend class wait_permit;

    user_account& user_;
    std::size_t waiting_ = 0;
    std::shared_ptr<in_flight_count> in_flight_{};
};

/// The accounts of all users that have been let in. There are no more of them than users that the configuration lets
/// in.
class account_table {
public:
    [[nodiscard]] user_account& find(std::uint32_t uid, bool is_named) {
        auto& known = accounts_[uid];
        if (!known) {
            known = std::make_unique<user_account>(is_named);
        }
        return *known;
    }

private:
    boost::unordered_flat_map<std::uint32_t, std::unique_ptr<user_account>> accounts_{};
};

}  // namespace hookd::core
