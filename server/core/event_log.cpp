#include "event_log.hpp"

namespace hookd::core {

void event_log::append(event::pointer newest) {
    if (events_.size() == capacity_) {
        drop_oldest();
    }
    next_seq_ = newest->seq() + 1;
    bytes_ += newest->footprint_bytes();
    events_.push_back(std::move(newest));
}

void event_log::drop_oldest() {
    const auto& oldest = *events_.front();
    bytes_ -= oldest.footprint_bytes();
    if (drops_.size() < remembered_drops) {
        drops_.push_back({oldest.seq(), std::string{oldest.name()}, oldest.expects_response()});
    } else {
        auto& slot = drops_[next_drop_];
        forgotten_seq_ = slot.seq;
        slot.seq = oldest.seq();
        slot.name.assign(oldest.name());
        slot.expects_response = oldest.expects_response();
        next_drop_ = (next_drop_ + 1) % remembered_drops;
    }
    events_.pop_front();
}

}  // namespace hookd::core
