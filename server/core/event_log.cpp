// SPDX-License-Identifier: BSL-1.0
#include "event_log.hpp"

#include "glob.hpp"

#include <algorithm>

namespace hookd::core {

bool dropped_event::may_meet(
    const std::vector<protocol::payload_condition>& conditions, std::size_t& steps_left) const {
    return std::all_of(conditions.begin(), conditions.end(), [&](const protocol::payload_condition& each) {
        const auto known = std::find_if(
            strings.begin(), strings.end(), [&each](const string_at& one) { return one.pointer == each.pointer; });
        if (known == strings.end()) {
            return true;
        }
        if (!known->text) {
            return false;
        }
        const std::size_t steps = known->text->size() * std::max<std::size_t>(each.glob.size(), 1);
        if (steps > steps_left) {
            return true;
        }
        steps_left -= steps;
        return glob_matches(each.glob, *known->text);
    });
}

void event_log::remember_pointers(const std::vector<protocol::payload_condition>& conditions) {
    for (const auto& each : conditions) {
        std::erase(pointers_, each.pointer);
        if (pointers_.size() == most_pointers) {
            pointers_.erase(pointers_.begin());
        }
        pointers_.push_back(each.pointer);
    }
}

void event_log::note(dropped_event& where, const event& what) const {
    where.seq = what.seq();
    where.name.assign(what.name());
    where.expects_response = what.expects_response();
    where.is_foreign = !what.host().empty();
    where.strings.clear();
    if (what.payload().size() > largest_payload) {
        return;
    }
    payload_view payload{what.payload()};
    for (const auto& pointer : pointers_) {
        const auto& text = payload.string_at(pointer);
        if (!text || text->size() <= longest_string) {
            where.strings.push_back({pointer, text});
        }
    }
}

void event_log::append(event::pointer newest) {
    if (full()) {
        drop_oldest();
    }
    next_seq_ = newest->seq() + 1;
    bytes_ += newest->footprint_bytes();
    events_.push_back(std::move(newest));
}

void event_log::begin_after(std::uint64_t head) noexcept {
    next_seq_ = head + 1;
    forgotten_seq_ = head;
}

void event_log::take_back(std::uint64_t head) {
    while (!events_.empty() && events_.back()->seq() > head) {
        bytes_ -= events_.back()->footprint_bytes();
        events_.pop_back();
    }
    for (auto& each : drops_) {
        each.seq = std::min(each.seq, head);  // nobody resumes before what has been dropped after it
    }
    forgotten_seq_ = std::min(forgotten_seq_, head);
    next_seq_ = head + 1;
}

void event_log::drop_oldest() {
    const auto& oldest = *events_.front();
    bytes_ -= oldest.footprint_bytes();
    if (drops_.size() < remembered_drops) {
        note(drops_.emplace_back(), oldest);
    } else {
        auto& slot = drops_[next_drop_];
        forgotten_seq_ = slot.seq;
        note(slot, oldest);
        next_drop_ = (next_drop_ + 1) % remembered_drops;
    }
    events_.pop_front();
}

}  // namespace hookd::core
