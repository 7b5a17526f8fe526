// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "durability.hpp"
#include "event.hpp"
#include "payload_view.hpp"

#include <boost/circular_buffer.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace hookd::core {

/// What is known of an event that is no longer kept.
struct dropped_event {
    /// A string of its payload; nothing where the pointer leads to none.
    struct string_at {
        std::string pointer{};
        std::optional<std::string> text{};
    };

    std::uint64_t seq = 0;
    std::string name{};
    bool expects_response = false;
    bool is_foreign = false;  ///< of another host
    std::vector<string_at> strings{};

    /// Whether its payload may have met `conditions`: true, too, where that is not known, or takes more
    /// `steps` than are left.
    [[nodiscard]] bool may_meet(
        const std::vector<protocol::payload_condition>& conditions, condition_steps& steps) const;
};

/// The last events, for those who resume, and the names of the last ones that it had to drop, so that a drop that does
/// not concern a subscriber does not spoil its resume.
///
/// Thread-safety: none (broker's strand). Lifetime: `durable`, which is told what is dropped, must outlive it.
class event_log {
public:
    /// Names of dropped events that are remembered (PROTOCOL.md, `subscribe`).
    static constexpr std::size_t remembered_drops = 1024;

    /// Of conditions that sessions had, the pointers that are remembered: of events that are dropped, the strings there
    /// are kept, unless the string or the payload is too long for that.
    static constexpr std::size_t most_pointers = 16;
    static constexpr std::size_t longest_string = 256;
    static constexpr std::size_t largest_payload = std::size_t{256} << 10;

    event_log(std::size_t capacity, durability& durable) : events_(capacity), durable_(durable), capacity_(capacity) {}

    /// A session has these conditions, and may want to resume with them.
    void remember_pointers(const std::vector<protocol::payload_condition>& conditions);

    /// Keeps `newest`; drops the oldest where there are `capacity` already. `newest` has the seq after that of the last
    /// one appended.
    void append(event::pointer newest);
    /// Drops the oldest; there must be one.
    void drop_oldest();
    /// None is kept, and the next one has the seq after `head_seq`, up to which nothing is known.
    void begin_after(std::uint64_t head_seq) noexcept;
    /// Everything after `head_seq` never was.
    void take_back(std::uint64_t head_seq);

    [[nodiscard]] bool empty() const noexcept { return events_.empty(); }
    [[nodiscard]] std::size_t size() const noexcept { return events_.size(); }
    [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }
    /// Seq of the oldest event kept; one after the newest ever appended if there is none.
    [[nodiscard]] std::uint64_t oldest_seq() const noexcept { return next_seq_ - events_.size(); }

    /// Whether no event after `after_seq` that `matches(dropped_event)` has been dropped, as far as is remembered.
    template <class Matches>
    [[nodiscard]] bool is_complete_after(std::uint64_t after_seq, Matches matches) const {
        if (after_seq < forgotten_seq_) {
            return false;
        }
        for (const auto& each : drops_) {
            if (each.seq > after_seq && matches(each)) {
                return false;
            }
        }
        return true;
    }

    /// Calls `visit(event)` for each event kept after `after_seq`, oldest first.
    template <class Visit>
    void for_each_after(std::uint64_t after_seq, Visit visit) const {
        const std::uint64_t oldest = oldest_seq();
        for (std::size_t i = after_seq < oldest ? 0 : static_cast<std::size_t>(after_seq - oldest + 1);
             i < events_.size(); ++i) {
            visit(events_[i]);
        }
    }

private:
    void note(dropped_event& dropped, const event& event) const;

    boost::circular_buffer<event::pointer> events_;
    durability& durable_;
    std::vector<dropped_event> drops_{};  // a ring once it is full: the names' memory is reused
    base::pointer_set pointers_{};
    std::vector<base::pointer_set::place> recent_pointers_{};  // each of them once, the most recent last
    std::size_t next_drop_ = 0;
    std::size_t capacity_;
    std::size_t bytes_ = 0;
    std::uint64_t next_seq_ = 1;
    std::uint64_t forgotten_seq_ = 0;  // highest seq of a dropped event whose name is no longer known
};

}  // namespace hookd::core
