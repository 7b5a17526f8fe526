// SPDX-License-Identifier: BSL-1.0
#include "reserve_more.hpp"
#include "slot.hpp"

#include <algorithm>
#include <string_view>

// What a slot's replies take of the memory limit, and when it is taken.
//
// Replies that are kept take memory once for each request that waits for them, since each gets a copy, and once where
// none does. Room for the replies to come is taken when a wait begins: each responder may then veto with a reason of 1
// KiB, however full the memory has become since. What is passed on at once to the only one who waits is never kept, and
// takes nothing.
namespace hookd::core {

using protocol::wait_policy;

namespace {

constexpr std::size_t sure_reason_bytes = 1024;

// `{"abort":"..."}` with that reason, and what holds it.
constexpr std::size_t sure_reply_bytes =
    sizeof(protocol::wait_result::reply) + std::string_view{R"({"abort":""})"}.size() + sure_reason_bytes;

// The slot keeps the reason of one of them.
constexpr std::size_t room_of(std::size_t replies, bool has_reason) noexcept {
    return replies == 0 ? 0 : replies * sure_reply_bytes + (has_reason ? 0 : sure_reason_bytes);
}

}  // namespace

std::size_t slot::room_for(std::size_t replies) noexcept { return room_of(replies, false); }

// Replies that may have to be kept until the wait is over.
std::size_t slot::replies_to_come() const noexcept {
    if (decides_at_once()) {
        return (is_reserved_ || operation_) && replies_.empty() ? 1 : 0;
    }
    return parked_ ? 1 : waiting_for_;
}

std::size_t slot::bytes_needed(std::size_t waiters) const noexcept {
    return (reply_bytes_ + room_of(replies_to_come(), !abort_.empty())) * std::max<std::size_t>(waiters, 1);
}

// With replies of so many bytes more, `to_come` after them, and a reason or none.
std::size_t slot::bytes_needed(std::size_t more_reply_bytes, std::size_t to_come, bool has_reason) const noexcept {
    return (reply_bytes_ + more_reply_bytes + room_of(to_come, has_reason)) * std::max<std::size_t>(waiters_.size(), 1);
}

void slot::make_room_for_reply() {
    reserve_more(replies_, 1);
    reserve_more(reply_orders_, 1);
    reserve_more(outsiders_, 1);
}

void slot::drop_borrowed_reply() noexcept {
    if (!replies_.empty() && !replies_.back().passed_on.empty()) {
        replies_.pop_back();
        reply_orders_.pop_back();
    }
}

void slot::give_back_memory() noexcept {
    memory_.resize(0);
    reply_bytes_ = 0;
    reply_users_.clear();
}

}  // namespace hookd::core
