// SPDX-License-Identifier: BSL-1.0
#include "durability.hpp"

#include "durable_codec.hpp"

#include <algorithm>
#include <utility>

namespace hookd::core {

void durability::begin(durable_log& log, std::string run) {
    log_ = &log;
    is_on_ = true;
    run_ = std::move(run);
    begin_after(0);
}

// --- changes ---

void durability::put(durable_kind kind, std::string_view key, std::string value) {
    if (is_on_) {
        changes_of_turn_.push_back({kind, std::string{key}, std::move(value)});
        ++changes_;
    }
}

void durability::erase(durable_kind kind, std::string_view key) {
    if (is_on_) {
        changes_of_turn_.push_back({kind, std::string{key}, std::nullopt});
        ++changes_;
    }
}

void durability::event_published(const event& event) {
    put(durable_kind::event, key_of(event.seq()), encode(event));
    head_seq_ = event.seq();
    gathered_.first_serial = std::min(gathered_.first_serial, event.serial());
    gathered_.event_bytes += event.footprint_bytes();
    first_serial_ = std::min(first_serial_, event.serial());
}

void durability::event_dropped(std::uint64_t seq) {
    if (seq == head_seq_) {
        put(durable_kind::head, {}, encode_number(seq));  // no event says so any more
    }
    if (const auto needed = needed_.find(seq); needed != needed_.end()) {
        needed->second = false;
    } else {
        erase(durable_kind::event, key_of(seq));
    }
}

void durability::release_event(std::uint64_t seq) {
    const auto needed = needed_.find(seq);
    const bool is_retained = needed->second;
    needed_.erase(needed);
    if (!is_retained) {
        erase(durable_kind::event, key_of(seq));
    }
}

// --- what waits ---

std::uint64_t durability::position_of_event(std::uint64_t seq) const noexcept {
    if (seq <= committed_seq_) {
        return committed_;
    }
    const auto found = std::lower_bound(uncommitted_.begin(), uncommitted_.end(), seq,
        [](const batch& each, std::uint64_t wanted) { return each.head_seq < wanted; });
    return found != uncommitted_.end() ? found->position : position();
}

void durability::once_committed(durable_handler handler) {
    if (is_committed()) {
        return handler(nullptr);
    }
    held_.push_back({position(), std::move(handler)});
}

// --- the log ---

void durability::write() {
    if (!has_changes()) {
        return;
    }
    if (!run_.empty()) {  // until a batch with it has been committed
        changes_of_turn_.push_back({durable_kind::run, {}, run_});
    }
    if (repeats_head_) {  // likewise
        changes_of_turn_.push_back({durable_kind::head, {}, encode_number(head_seq_)});
    }
    gathered_.position = next_;
    gathered_.head_seq = head_seq_;
    uncommitted_bytes_ += gathered_.event_bytes;
    uncommitted_.push_back(std::exchange(gathered_, {}));
    log_->write(next_++, std::exchange(changes_of_turn_, {}));
}

void durability::committed(std::uint64_t position) {
    run_.clear();
    repeats_head_ = false;
    committed_ = std::max(committed_, position);
    while (!uncommitted_.empty() && uncommitted_.front().position <= committed_) {
        committed_seq_ = uncommitted_.front().head_seq;
        uncommitted_bytes_ -= uncommitted_.front().event_bytes;
        uncommitted_.pop_front();
    }
    const auto oldest = std::find_if(
        uncommitted_.begin(), uncommitted_.end(), [](const batch& each) { return each.first_serial != no_serial; });
    first_serial_ = oldest != uncommitted_.end() ? oldest->first_serial : gathered_.first_serial;
    while (!held_.empty() && held_.front().position <= committed_) {
        const auto next = std::move(held_.front());
        held_.pop_front();
        next.handler(nullptr);
    }
}

void durability::lost(const protocol::error& failure) {
    // What was gathered since depends on what is lost, but for what it takes away.
    std::erase_if(changes_of_turn_, [](const durable_change& each) { return each.value.has_value(); });
    repeats_head_ = true;
    committed_ = next_ - 1;
    head_seq_ = committed_seq_;
    first_serial_ = no_serial;
    gathered_ = {};
    uncommitted_bytes_ = 0;
    uncommitted_.clear();
    log_->resume();
    for (const auto& each : std::exchange(held_, {})) {
        each.handler(&failure);
    }
}

}  // namespace hookd::core
