// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "durable_log.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace hookd::core {

/// The broker's side of a durable log: gathers what a turn changes, and knows what has been committed.
///
/// Every change belongs to a position, the number of the batch that it is written with. Whatever depends on a change
/// (an answer, an event that is to be handed out) may leave once its position is committed. Without a log every
/// position is 0, and committed.
///
/// Thread-safety: none (broker's strand).
class durability {
public:
    /// From now on changes go to `log`, which must outlive this. `run`: the record of the run; empty: it is in the log.
    void begin(durable_log& log, std::string run);
    /// No change counts any more: the daemon shuts down, and what it does to that end is not to be found after a
    /// restart. What was gathered before is to be written first.
    void end() noexcept;

    [[nodiscard]] bool is_on() const noexcept { return log_ != nullptr && !ended_; }
    void put(durable_kind kind, std::string_view key, std::string value);
    void erase(durable_kind kind, std::string_view key);
    /// How many changes there have been: who calls something can see whether it has changed anything.
    [[nodiscard]] std::uint64_t changes() const noexcept { return changes_; }

    /// What depends on any change so far has this position.
    [[nodiscard]] std::uint64_t position() const noexcept { return gathered_.empty() ? next_ - 1 : next_; }
    [[nodiscard]] bool is_committed(std::uint64_t position) const noexcept { return position <= committed_; }
    /// Hands the batch that has been gathered to the log. Returns its position, or 0 where there was nothing to write.
    std::uint64_t write();
    /// Everything up to `position` is committed.
    void committed(std::uint64_t position) noexcept;
    /// Nothing that has not been committed will be. What the broker still holds of it counts as committed from now on.
    void lost();

private:
    durable_log* log_ = nullptr;
    bool ended_ = false;
    std::string run_{};
    std::vector<durable_change> gathered_{};
    std::uint64_t changes_ = 0;
    std::uint64_t next_ = 1;
    std::uint64_t committed_ = 0;
};

}  // namespace hookd::core
