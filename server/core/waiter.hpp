// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "budgets.hpp"
#include "deadline.hpp"

#include <hookd/protocol/methods.hpp>

#include <boost/intrusive/list.hpp>

#include <cstddef>
#include <memory>
#include <string_view>
#include <variant>

namespace hookd::core {

class asker;
class slot;

struct by_slot;
struct by_asker;
template <class Tag>
using waiter_hook = boost::intrusive::list_base_hook<boost::intrusive::tag<Tag>,
    boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;

/// A request that waits for a verdict. The caller derives from it what it needs to answer, hands it over when the wait
/// begins and gets it back, exactly once, in a completion.
///
/// Lifetime: while it waits its slot owns it. Thread-safety: none (broker's strand).
class waiter : public deadline, public waiter_hook<by_slot>, public waiter_hook<by_asker> {
public:
    /// `footprint_bytes`: what the caller keeps for it beyond a small constant; charged to the memory limit.
    explicit waiter(std::size_t footprint_bytes = 0) noexcept
        : deadline(kind::waiter), footprint_bytes_(footprint_bytes) {}
    waiter(const waiter&) = delete;
    waiter& operator=(const waiter&) = delete;
    virtual ~waiter() = default;

    /// Answers: called once, by the caller that takes the completions. What the result passes on lies in the request
    /// that ended the wait: it is to be written, or kept, before this returns.
    virtual void done(std::variant<protocol::wait_result, protocol::error> result) = 0;
    /// The id of the request, by which its client may cancel it; empty: it has none.
    [[nodiscard]] virtual std::string_view request_id() const noexcept { return {}; }

    /// What it waits for; null before its wait begins and once that has ended, though done() may not have been called
    /// yet.
    [[nodiscard]] const core::slot* slot() const noexcept { return slot_; }
    [[nodiscard]] bool is_waiting() const noexcept { return slot_ != nullptr; }
    [[nodiscard]] std::size_t footprint_bytes() const noexcept { return footprint_bytes_; }

private:
    friend class waits;

    std::size_t footprint_bytes_;
    core::slot* slot_ = nullptr;
    wait_permit permit_{};  // of a wait on a slot that another request, or `emit`, opened
    memory_charge memory_{};
};

/// How a waiter's wait ended.
struct completion {
    std::unique_ptr<core::waiter> waiter{};
    std::variant<protocol::wait_result, protocol::error> result{};
};

/// The waiters of one slot, which it owns, in the order in which they came.
class waiter_queue {
public:
    waiter_queue() = default;
    waiter_queue(const waiter_queue&) = delete;
    waiter_queue& operator=(const waiter_queue&) = delete;
    ~waiter_queue() { list_.clear_and_dispose(std::default_delete<waiter>{}); }

    [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] waiter& front() noexcept { return list_.front(); }
    void push_back(std::unique_ptr<waiter> added) noexcept {
        list_.push_back(*added.release());
        ++size_;
    }
    /// One of them.
    [[nodiscard]] std::unique_ptr<waiter> take(waiter& waiter) noexcept {
        list_.erase(list_.iterator_to(waiter));
        --size_;
        return std::unique_ptr<core::waiter>{&waiter};
    }

private:
    boost::intrusive::list<waiter, boost::intrusive::base_hook<waiter_hook<by_slot>>,
        boost::intrusive::constant_time_size<false>>
        list_{};
    std::size_t size_ = 0;
};

/// A client as waits see it: who asks, and is charged for that. Its waits are to be over before it goes.
///
/// Thread-safety: none (broker's strand).
class asker {
public:
    explicit asker(connection_account::pointer account) noexcept : account_(std::move(account)) {}

    [[nodiscard]] connection_account& account() const noexcept { return *account_; }
    [[nodiscard]] bool is_waiting() const noexcept { return !waiters_.empty(); }

private:
    friend class waits;

    connection_account::pointer account_;
    boost::intrusive::list<waiter, boost::intrusive::base_hook<waiter_hook<by_asker>>,
        boost::intrusive::constant_time_size<false>>
        waiters_{};
};

}  // namespace hookd::core
