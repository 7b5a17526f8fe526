// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "durable_log.hpp"
#include "event.hpp"
#include "reserve_more.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hookd::core {

/// Called once with null when what it waits for is on disk, else with the reason why it never will be.
using durable_handler = std::function<void(const protocol::error*)>;

/// The broker's side of a durable log: what core's rooms tell of their changes, and what must wait for them.
///
///   a turn: requests change the state, and each change is gathered in the batch of the turn
///     | write()
///   the log's thread: one commit for all batches that wait; meanwhile the strand continues
///     | committed(position)                      | lost(failure): nothing after what is committed was written
///   handlers up to that position are called      those that wait are called with the failure
///
/// Every change belongs to a position, the number of its batch. What depends on a change (an answer, a verdict) may
/// leave when its position is committed. Of events their serial numbers say the same, which all events have. Without a
/// log everything is committed, and a change costs the test of is_on().
///
/// Thread-safety: none (broker's strand).
class durability {
public:
    durability() = default;
    durability(const durability&) = delete;
    durability& operator=(const durability&) = delete;

    // --- begin and end ---

    /// From now on changes go to `log`, which must outlive this. `run`: the record of the run; empty: the log has it.
    void begin(durable_log& log, std::string run);
    /// The newest seq of the run that is continued. Before the first event.
    void begin_after(std::uint64_t head_seq) noexcept { committed_seq_ = head_seq_ = head_seq; }
    /// No change counts any more: the daemon shuts down, and what it does to that end is not to be found after a
    /// restart. What was gathered before is to be written first.
    void end() noexcept { is_on_ = false; }

    // --- changes ---

    [[nodiscard]] bool is_on() const noexcept { return is_on_; }
    /// Nothing unless is_on().
    void put(durable_kind kind, std::string_view key, std::string value);
    void erase(durable_kind kind, std::string_view key);
    /// For one change more: add() does not fail then.
    void make_room() { reserve_more(changes_of_turn_, 1); }
    void add(durable_change change) noexcept {
        changes_of_turn_.push_back(std::move(change));
        ++changes_;
    }
    /// How many changes there have been: a caller can see whether a call has changed anything.
    [[nodiscard]] std::uint64_t changes() const noexcept { return changes_; }

    /// It is the newest one. is_on().
    void event_published(const event& event);
    /// It is no longer retained; its record goes unless a wait needs it. is_on().
    void event_dropped(std::uint64_t seq);
    /// From now on an open wait needs the record of that event, which is retained.
    void need_event(std::uint64_t seq) { needed_.emplace(seq, true); }
    /// The wait is over.
    void release_event(std::uint64_t seq);

    // --- what waits ---

    /// What depends on any change so far has this position.
    [[nodiscard]] std::uint64_t position() const noexcept { return has_changes() ? next_ : next_ - 1; }
    /// What changes from now on until write() has this position.
    [[nodiscard]] std::uint64_t next_position() const noexcept { return is_on_ ? next_ : position(); }
    /// The one of that event, or one that is committed.
    [[nodiscard]] std::uint64_t position_of_event(std::uint64_t seq) const noexcept;
    [[nodiscard]] bool is_committed(std::uint64_t position) const noexcept { return position <= committed_; }
    [[nodiscard]] bool is_committed() const noexcept { return is_committed(position()); }
    /// False, too, for one that was made after one that is not committed.
    [[nodiscard]] bool is_committed(const event& event) const noexcept { return event.serial() < first_serial_; }
    /// The newest event that is committed.
    [[nodiscard]] std::uint64_t committed_seq() const noexcept { return committed_seq_; }
    /// How many events are not committed, and their bytes.
    [[nodiscard]] std::uint64_t uncommitted_events() const noexcept { return head_seq_ - committed_seq_; }
    [[nodiscard]] std::size_t uncommitted_bytes() const noexcept { return uncommitted_bytes_ + gathered_.event_bytes; }
    /// Calls `handler` when all changes so far are committed, perhaps at once.
    void once_committed(durable_handler handler);

    // --- the log ---

    [[nodiscard]] bool has_changes() const noexcept { return !changes_of_turn_.empty(); }
    /// Hands the batch that has been gathered to the log.
    void write();
    /// Everything up to `position` is committed. Calls the handlers that waited for it.
    void committed(std::uint64_t position);
    /// Nothing after what is committed was written, and the caller has taken it back. What is still held of it counts
    /// as committed from now on. Calls all handlers that wait.
    void lost(const protocol::error& failure);

private:
    static constexpr std::uint64_t no_serial = std::numeric_limits<std::uint64_t>::max();

    struct batch {
        std::uint64_t position = 0;
        std::uint64_t head_seq = 0;              // when it is committed
        std::uint64_t first_serial = no_serial;  // of its events
        std::size_t event_bytes = 0;
    };
    struct held_handler {
        std::uint64_t position = 0;
        durable_handler handler{};
    };

    durable_log* log_ = nullptr;
    bool is_on_ = false;
    std::string run_{};
    bool repeats_head_ = false;  // a record of the newest seq may be lost
    std::vector<durable_change> changes_of_turn_{};
    std::uint64_t changes_ = 0;
    std::uint64_t next_ = 1;
    std::uint64_t committed_ = 0;
    std::uint64_t committed_seq_ = 0;
    std::uint64_t head_seq_ = 0;
    std::uint64_t first_serial_ = no_serial;  // of the oldest event that is not committed
    batch gathered_{};                        // of the turn
    std::size_t uncommitted_bytes_ = 0;       // of the batches that are with the log
    std::deque<batch> uncommitted_{};         // oldest first
    std::deque<held_handler> held_{};         // oldest first
    std::map<std::uint64_t, bool> needed_{};  // events of open waits, and whether they are retained
};

}  // namespace hookd::core
