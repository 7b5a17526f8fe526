// SPDX-License-Identifier: BSL-1.0
#include "event_log.hpp"

#include <algorithm>

namespace hookd::core {

bool dropped_event::may_meet(const std::vector<protocol::payload_condition>& conditions, condition_steps& steps) const {
    return std::all_of(conditions.begin(), conditions.end(), [&](const protocol::payload_condition& each) {
        const auto known = std::find_if(
            strings.begin(), strings.end(), [&each](const string_at& one) { return one.pointer == each.pointer; });
        return known == strings.end() || holds(each.glob, known->text, steps);
    });
}

void event_log::remember_pointers(const std::vector<protocol::payload_condition>& conditions) {
    for (const auto& each : conditions) {
        const auto place = pointers_.add(each.pointer);
        if (std::erase(recent_pointers_, place) != 0) {
            pointers_.remove(place);  // it was there already
        } else if (recent_pointers_.size() == most_pointers) {
            pointers_.remove(recent_pointers_.front());
            recent_pointers_.erase(recent_pointers_.begin());
        }
        recent_pointers_.push_back(place);
    }
}

void event_log::note(dropped_event& dropped, const event& event) const {
    dropped.seq = event.seq();
    if (dropped.name != event.name()) {  // mostly the name that it had is the one that it gets
        dropped.name.assign(event.name());
    }
    dropped.expects_response = event.expects_response();
    dropped.is_foreign = event.is_foreign();
    dropped.strings.clear();
    condition_steps steps;
    payload_view payload{pointers_, event.payload(), steps};
    if (pointers_.empty() || event.payload().size() > largest_payload || !payload.is_known()) {
        return;
    }
    for (const auto pointer : recent_pointers_) {
        const auto& text = payload.string_at(pointer);
        if (!text || text->size() <= longest_string) {
            dropped.strings.push_back({pointer->first, text});
        }
    }
}

void event_log::append(event::pointer newest) {
    if (events_.size() == capacity_) {
        drop_oldest();
    }
    next_seq_ = newest->seq() + 1;
    bytes_ += newest->footprint_bytes();
    events_.push_back(std::move(newest));
}

void event_log::begin_after(std::uint64_t head_seq) noexcept {
    next_seq_ = head_seq + 1;
    forgotten_seq_ = head_seq;
}

void event_log::take_back(std::uint64_t head_seq) {
    while (!events_.empty() && events_.back()->seq() > head_seq) {
        bytes_ -= events_.back()->footprint_bytes();
        events_.pop_back();
    }
    for (auto& each : drops_) {
        each.seq = std::min(each.seq, head_seq);  // a drop after it spoils no resume
    }
    forgotten_seq_ = std::min(forgotten_seq_, head_seq);
    next_seq_ = head_seq + 1;
}

void event_log::drop_oldest() {
    const auto& oldest = *events_.front();
    bytes_ -= oldest.footprint_bytes();
    if (durable_.is_on()) {
        durable_.event_dropped(oldest.seq());
    }
    if (drops_.size() < remembered_drops) {
        note(drops_.emplace_back(), oldest);
    } else {
        auto& reused = drops_[next_drop_];
        forgotten_seq_ = reused.seq;
        note(reused, oldest);
        next_drop_ = (next_drop_ + 1) % remembered_drops;
    }
    events_.pop_front();
}

}  // namespace hookd::core
