// SPDX-License-Identifier: BSL-1.0
#include "budgets.hpp"

#include "operation_table.hpp"

namespace hookd::core {

using protocol::error;

namespace {

// Of the patterns of all sessions with a glob; where named users have used up half of it, the rest is for the daemon's
// user and root.
constexpr std::size_t most_pattern_bytes = std::size_t{1} << 20;

constexpr std::size_t waits_kept_for_owners = 256;

error memory_error_of(std::size_t most) {
    return protocol::limit_error("memory", most,
        "the daemon keeps as many bytes of replies, and room for replies, as it may: retry when emitters have theirs");
}

}  // namespace

std::optional<error> budgets::refuse_wait(const connection_account& connection) const {
    if (connection.waiting() >= limits_.max_waiting_per_connection) {
        return protocol::limit_error("max_waiting_per_connection", limits_.max_waiting_per_connection,
            "this connection waits for as many verdicts as it may: wait for one, or use another connection");
    }
    const auto& user = connection.user();
    const shared_limit limit{limits_.max_waiting, waits_kept_for_owners, 2};
    if (user.is_named() && user.waits() >= limit.share()) {
        return protocol::limit_error("max_waiting", limit.share(),
            "your user waits for as many verdicts as one user may, half of all: wait for one");
    }
    if (const auto most = limit.most_of_all(user.is_named()); waits_ >= most) {
        return protocol::limit_error(
            "max_waiting", most, "the daemon waits for as many verdicts as it may: retry later");
    }
    return std::nullopt;
}

std::optional<error> budgets::refuse_reservation(const connection_account& connection) const {
    const shared_limit limit{limits_.max_reserved, 0, 4};
    if (connection.user().is_named() && connection.user().reservations() >= limit.share()) {
        return protocol::limit_error("max_reserved", limit.share(),
            "your user has reserved as many slots as one user may, a quarter of all: retry when one is over");
    }
    if (reservations_ >= limits_.max_reserved) {
        return protocol::limit_error("max_reserved", limits_.max_reserved,
            "as many slots are reserved as may be: retry later, or raise --max-reserved");
    }
    return std::nullopt;
}

std::optional<error> budgets::refuse_memory(const user_account& user, std::size_t more) {
    if (auto failure = refuse_share(user, more)) {
        return failure;
    }
    if (!memory_.fits(more) && !results_.make_room(more)) {
        return memory_error();
    }
    return std::nullopt;
}

std::optional<error> budgets::refuse_share(const user_account& user, std::size_t more) const {
    if (const auto share = memory_.limit() / 2; user.is_named() && user.memory_bytes() + more > share) {
        return memory_error_of(share);
    }
    return std::nullopt;
}

error budgets::memory_error() const { return memory_error_of(memory_.limit()); }

std::optional<error> budgets::refuse_held_event(std::size_t payload_bytes) const {
    if (held_bytes_ == 0 || held_bytes_ + payload_bytes <= limits_.capacity_bytes) {
        return std::nullopt;
    }
    return protocol::limit_error("capacity_bytes", limits_.capacity_bytes,
        "events that wait for a first subscriber, or for their turn in a chain, take as many bytes as they may: "
        "retry later");
}

std::optional<error> budgets::refuse_in_flight(const connection_account& connection) const {
    if (connection.in_flight() < limits_.max_waiting_per_connection) {
        return std::nullopt;
    }
    return protocol::limit_error("max_waiting_per_connection", limits_.max_waiting_per_connection,
        "this connection waits for as many answers as it may: wait for one, or use another connection");
}

// All of them are compared with each name that is new: that takes 8 ms at most, with a star at every other character.
std::optional<error> budgets::refuse_patterns(const user_account& user, std::size_t used, std::size_t more) {
    const auto most = user.is_named() ? most_pattern_bytes / 2 : most_pattern_bytes;
    if (more == 0 || used + more <= most) {
        return std::nullopt;
    }
    return protocol::limit_error("pattern_bytes", most,
        "the patterns with '*' or '?' of all sessions together are as long as they may be: subscribe to names, or with "
        "fewer and shorter patterns");
}

}  // namespace hookd::core
