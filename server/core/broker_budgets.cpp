// SPDX-License-Identifier: BSL-1.0
#include "broker.hpp"

#include <algorithm>
#include <string_view>

// What waits and their replies may take, of all and of one user, and what is taken when.
//
// Replies that are kept take memory once for each request that waits for them, since each gets a copy, and once where
// none does. Room for the replies to come is taken when a wait begins: each responder may then veto with a reason of 1
// KiB, however full the memory has become since. What is passed on at once to the only one who waits is never kept, and
// takes nothing.
namespace hookd::core {

using protocol::error;
using protocol::wait_policy;

namespace {

// Pairs of a slot and a session that it waits for: about 40 bytes each.
constexpr std::size_t most_expected_replies = std::size_t{1} << 22;

// Of the patterns of all sessions with a glob; where named users have used up half of it, the rest is for the daemon's
// user and root.
constexpr std::size_t most_pattern_bytes = std::size_t{2} << 20;

constexpr std::size_t waits_kept_for_owners = 256;
constexpr std::size_t sure_reason_bytes = 1024;

// `{"abort":"..."}` with that reason, and what holds it.
constexpr std::size_t sure_reply_bytes =
    sizeof(protocol::wait_result::reply) + std::string_view{R"({"abort":""})"}.size() + sure_reason_bytes;

// The slot keeps the reason of one of them.
constexpr std::size_t room_for(std::size_t replies, bool has_reason) noexcept {
    return replies == 0 ? 0 : replies * sure_reply_bytes + (has_reason ? 0 : sure_reason_bytes);
}

std::size_t bytes_for(
    std::size_t waiters, std::size_t reply_bytes, std::size_t replies_to_come, bool has_reason) noexcept {
    return (reply_bytes + room_for(replies_to_come, has_reason)) * std::max<std::size_t>(waiters, 1);
}

// Whether the first reply ends the wait.
bool decides_at_once(const slot& which) noexcept { return which.policy == wait_policy::first && which.require.empty(); }

// Replies that may have to be kept until the wait is over.
std::size_t replies_to_come(const slot& which) noexcept {
    if (decides_at_once(which)) {
        return (which.reserved || which.operation) && which.replies.empty() ? 1 : 0;
    }
    return which.parked ? 1 : which.waiting_for;
}

std::size_t bytes_of(const slot& which, std::size_t waiters) noexcept {
    return bytes_for(waiters, which.reply_bytes, replies_to_come(which), !which.abort.empty());
}

error memory_error(std::size_t most) {
    return protocol::limit_error("memory", most,
        "the daemon keeps as many bytes of replies, and room for replies, as it may: retry when emitters have theirs");
}

}  // namespace

std::optional<error> broker::refuse_wait(const client& by) const {
    if (by.waiting >= limits_.max_waiting_per_connection) {
        return protocol::limit_error("max_waiting_per_connection", limits_.max_waiting_per_connection,
            "this connection waits for as many verdicts as it may: wait for one, or use another connection");
    }
    const shared_limit limit{limits_.max_waiting, waits_kept_for_owners, 2};
    if (by.user->is_named && by.user->waits >= limit.share()) {
        return protocol::limit_error("max_waiting", limit.share(),
            "your user waits for as many verdicts as one user may, half of all: wait for one");
    }
    if (const auto most = limit.most_of_all(by.user->is_named); open_slots_ + extra_waiters_ >= most) {
        return protocol::limit_error(
            "max_waiting", most, "the daemon waits for as many verdicts as it may: retry later");
    }
    if (expected_replies_ >= most_expected_replies) {
        return memory_error(memory_.limit());
    }
    return std::nullopt;
}

std::optional<error> broker::refuse_reservation(const client& by) {
    const shared_limit limit{limits_.max_reserved, 0, 4};
    if (by.user->is_named && by.user->reservations >= limit.share()) {
        return protocol::limit_error("max_reserved", limit.share(),
            "your user has reserved as many slots as one user may, a quarter of all: retry when one is over");
    }
    if (reserved_slots_ >= limits_.max_reserved) {
        return protocol::limit_error("max_reserved", limits_.max_reserved,
            "as many slots are reserved as may be: retry later, or raise --max-reserved");
    }
    if (auto failure = refuse_wait(by)) {
        return failure;
    }
    return refuse_memory(*by.user, room_for(1, false));
}

// All of them are compared with each name that is new: that takes 5 ms at most.
std::optional<error> broker::refuse_patterns(const client& by, const std::vector<std::string>& patterns) const {
    const auto most = by.user->is_named ? most_pattern_bytes / 2 : most_pattern_bytes;
    const auto bytes = topic_table::pattern_bytes(patterns);
    if (bytes == 0 || topics_.pattern_bytes() + bytes <= most) {
        return std::nullopt;
    }
    return protocol::limit_error("pattern_bytes", most,
        "the patterns with '*' or '?' of all sessions together are as long as they may be: subscribe to names, or with "
        "fewer and shorter patterns");
}

std::optional<error> broker::refuse_memory(const account& user, std::size_t more) {
    if (const auto share = memory_.limit() / 2; user.is_named && user.memory_bytes + more > share) {
        return memory_error(share);
    }
    if (!operations_.make_room(more)) {
        return memory_error(memory_.limit());
    }
    return std::nullopt;
}

std::optional<error> broker::refuse_room(
    const client& by, const protocol::emit_and_wait_params& params, std::size_t footprint_bytes) {
    std::size_t replies = params.operation_id ? 1 : 0;
    if (params.policy.value_or(wait_policy::first) != wait_policy::first || !params.require.empty()) {
        replies = std::max<std::size_t>(count_responders(params.event.view()), params.require_subscriber ? 0 : 1);
    }
    return refuse_memory(*by.user, footprint_bytes + room_for(replies, false));
}

std::optional<error> broker::charge(slot& which, std::size_t bytes) {
    if (bytes > which.charged_bytes) {
        if (auto failure = refuse_memory(*which.payer, bytes - which.charged_bytes)) {
            return failure;
        }
    }
    set_charge(which, bytes);
    return std::nullopt;
}

void broker::set_charge(slot& which, std::size_t bytes) noexcept {
    memory_.give_back(which.charged_bytes);
    memory_.take(bytes);
    which.payer->memory_bytes = which.payer->memory_bytes - which.charged_bytes + bytes;
    which.charged_bytes = bytes;
}

// Of a slot that has just been opened; refuse_room() or refuse_reservation() has found it.
void broker::take_room(slot& which) { set_charge(which, bytes_of(which, 1)); }

void broker::give_back_room(slot& which) {
    const std::size_t needed = bytes_of(which, which.waiters.size());
    if (needed < which.charged_bytes) {
        set_charge(which, needed);
    }
}

void broker::give_back_memory(slot& which) noexcept {
    set_charge(which, 0);
    which.reply_bytes = 0;
    for (const auto& [user, bytes] : which.repliers) {
        user->memory_bytes -= bytes;
    }
    which.repliers.clear();
}

std::optional<error> broker::charge_reply(slot& to, const responder* own, const client& by,
    const protocol::respond_params& params, std::size_t rewritten_bytes) {
    const bool is_failure = !params.failed.empty();
    // With what holds it: small replies of many passers-by would else take memory that nobody counts.
    const std::size_t bytes = is_failure ? params.failed.view().size()
                                         : sizeof(protocol::wait_result::reply) + params.response.size() +
                                               (to.abort.empty() ? params.abort.raw.size() : 0) + rewritten_bytes;
    const bool pays_too = by.user->is_named && by.user != to.payer;
    if (pays_too && by.user->memory_bytes + bytes > memory_.limit() / 2) {
        return memory_error(memory_.limit() / 2);
    }
    std::size_t to_come = replies_to_come(to);
    if (!decides_at_once(to)) {
        to_come -= own != nullptr ? 1 : 0;
    } else if (!is_failure) {
        to_come = 0;  // it is the one that decides
    }
    const bool has_reason = !to.abort.empty() || !params.abort.raw.empty();
    if (auto failure = charge(to, bytes_for(to.waiters.size(), to.reply_bytes + bytes, to_come, has_reason))) {
        return failure;
    }
    to.reply_bytes += bytes;
    if (pays_too) {
        to.repliers.emplace_back(by.user, bytes);
        by.user->memory_bytes += bytes;
    }
    return std::nullopt;
}

// As charge_reply(), of a responder on another host, whom the cluster's hosts have let in. Null: it was not asked.
std::optional<error> broker::charge_remote_reply(slot& to, const responder* own, std::size_t bytes, bool has_reason) {
    std::size_t to_come = replies_to_come(to);
    to_come -= own != nullptr && !decides_at_once(to) ? 1 : 0;
    if (auto failure = charge(
            to, bytes_for(to.waiters.size(), to.reply_bytes + bytes, decides_at_once(to) ? 0 : to_come, has_reason))) {
        return failure;
    }
    to.reply_bytes += bytes;
    return std::nullopt;
}

// For the replies of responders that have come since the wait began.
std::optional<error> broker::take_more_room(slot& which) {
    return charge(which, bytes_of(which, which.waiters.size()));
}

std::optional<error> broker::join(waiter& who, slot& to, client& by) {
    const std::size_t needed = bytes_of(to, to.waiters.size() + 1);
    const std::size_t more = needed > to.charged_bytes ? needed - to.charged_bytes : 0;
    if (auto failure = refuse_memory(*by.user, who.footprint_bytes + more)) {
        return failure;
    }
    if (auto failure = charge(to, needed)) {
        return failure;
    }
    attach_waiter(who, to, by, true);
    return std::nullopt;
}

}  // namespace hookd::core
