// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>

/// Who has taken how much of what there is for all, and how much of it one user may take (PROTOCOL.md, "Limits").
namespace hookd::core {

/// What one user has taken. Lives as long as its account_table.
struct account {
    bool is_named =
        false;  ///< a user that the configuration names; the daemon's own and root have no share that bounds them
    std::size_t waits = 0;         ///< open slots, and waits on the slots of others
    std::size_t reservations = 0;  ///< open slots that `emit` reserved
    std::size_t memory_bytes = 0;  ///< of kept replies, and of the room for replies
};

/// The accounts of all users that have been let in. There are no more of them than users that the configuration lets
/// in.
class account_table {
public:
    [[nodiscard]] account& of(std::uint32_t uid, bool is_named) {
        auto& known = accounts_[uid];
        if (!known) {
            known = std::make_unique<account>();
            known->is_named = is_named;
        }
        return *known;
    }

private:
    boost::unordered_flat_map<std::uint32_t, std::unique_ptr<account>> accounts_{};
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

}  // namespace hookd::core
