#pragma once

#include "event.hpp"

#include <boost/circular_buffer.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace hookd::core {

/// The last events, for those who resume, and the names of the last ones that it had to drop, so that a drop that does not concern
/// a subscriber does not spoil its resume.
///
/// Thread-safety: none (broker's strand).
class event_log {
public:
    /// Names of dropped events that are remembered (PROTOCOL.md, `subscribe`).
    static constexpr std::size_t remembered_drops = 1024;

    explicit event_log(std::size_t capacity) : events_(capacity), capacity_(capacity) {}

    /// Keeps `newest`; drops the oldest where there are `capacity` already. `newest` has the seq after that of the last one appended.
    void append(event::pointer newest);
    /// Drops the oldest; there must be one.
    void drop_oldest();

    [[nodiscard]] bool empty() const noexcept { return events_.empty(); }
    [[nodiscard]] std::size_t size() const noexcept { return events_.size(); }
    [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }
    /// Seq of the oldest event kept; one after the newest ever appended where none is.
    [[nodiscard]] std::uint64_t oldest_seq() const noexcept { return next_seq_ - events_.size(); }

    /// Whether no event after `after_seq` that `matches(name, expects_response)` has been dropped, as far as is remembered.
    template <class Matches>
    [[nodiscard]] bool is_complete_after(std::uint64_t after_seq, Matches matches) const {
        if (after_seq < forgotten_seq_) {
            return false;
        }
        for (const auto& each : drops_) {
            if (each.seq > after_seq && matches(std::string_view{each.name}, each.expects_response)) {
                return false;
            }
        }
        return true;
    }

    /// Calls `visit(event)` for each event kept after `after_seq`, oldest first.
    template <class Visit>
    void for_each_after(std::uint64_t after_seq, Visit visit) const {
        const std::uint64_t oldest = oldest_seq();
        for (std::size_t i = after_seq < oldest ? 0 : static_cast<std::size_t>(after_seq - oldest + 1); i < events_.size(); ++i) {
            visit(events_[i]);
        }
    }

private:
    struct drop {
        std::uint64_t seq = 0;
        std::string name{};
        bool expects_response = false;
    };

    boost::circular_buffer<event::pointer> events_;
    std::vector<drop> drops_{};     // a ring once it is full: the names' memory is reused
    std::size_t next_drop_ = 0;
    std::size_t capacity_;
    std::size_t bytes_ = 0;
    std::uint64_t next_seq_ = 1;
    std::uint64_t forgotten_seq_ = 0;  // highest seq of a dropped event whose name is no longer known
};

}  // namespace hookd::core
