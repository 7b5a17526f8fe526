// SPDX-License-Identifier: BSL-1.0
#include "journal/record_queue.hpp"

#include <memory>
#include <utility>

namespace hookd::server {
namespace {

constexpr std::size_t least_tidied_bytes = std::size_t{64} << 10;

std::size_t footprint_of(const journal_record& record) noexcept {
    return sizeof(journal_record) + text_bytes_of(record);
}

}  // namespace

std::size_t record_queue::room_for(importance class_of_record) const noexcept {
    switch (class_of_record) {
        case importance::told:
            return most_bytes_ / 2;
        case importance::asked:
            return most_bytes_ / 4 * 3;
        case importance::verdict:
            break;
    }
    return most_bytes_;
}

bool record_queue::note_waiting() noexcept {
    const bool is_quarter_full = bytes_ > most_bytes_ / 4 && !hurried_;
    hurried_ = hurried_ || is_quarter_full;
    return std::exchange(asleep_, false) || is_quarter_full;
}

bool record_queue::push(const journal_record& record, importance class_of_record) {
    const std::size_t bytes = footprint_of(record);
    bool wakes = false;
    {
        const std::lock_guard lock{mutex_};
        if (closed_ || bytes_ + bytes > room_for(class_of_record)) {
            return false;
        }
        if (seq_of(record) > held_after_) [[unlikely]] {
            held_.add(record);
            held_bytes_ += bytes;
            held_used_bytes_ += bytes;
            bytes_ += bytes;
            return true;
        }
        waiting_.add(record);
        ++pushed_;
        bytes_ += bytes;
        wakes = note_waiting();
    }
    if (wakes) {
        filled_.notify_one();
    }
    return true;
}

void record_queue::release(std::uint64_t seq) {
    bool wakes = false;
    {
        const std::lock_guard lock{mutex_};
        held_after_ = seq;
        const auto before = pushed_;
        release_held(seq);
        tidy_held();
        wakes = pushed_ != before && note_waiting();
    }
    if (wakes) {
        filled_.notify_one();
    }
}

void record_queue::release_held(std::uint64_t seq) {
    const auto is_released = [seq](const journal_record& each) { return seq_of(each) <= seq; };
    // Whatever happens, what is to go is no longer held.
    const auto forget = [&](const record_batch*) noexcept { held_.remove_if(is_released); };
    const std::unique_ptr<const record_batch, decltype(forget)> afterwards{&held_, forget};
    std::size_t bytes = 0;
    for (const auto& each : held_.records()) {
        bytes += is_released(each) ? footprint_of(each) : 0;
    }
    held_bytes_ -= bytes;
    bytes_ -= bytes;
    for (const auto& each : held_.records()) {
        if (is_released(each)) {
            waiting_.add(each);
            ++pushed_;
            bytes_ += footprint_of(each);
        }
    }
}

// What is left stays where it is, until most of the batch's memory holds what has gone.
void record_queue::tidy_held() {
    if (held_.empty()) {
        held_.clear();
        held_used_bytes_ = 0;
    } else if (held_used_bytes_ > 2 * held_bytes_ + least_tidied_bytes) {
        spare_.clear();
        for (const auto& each : held_.records()) {
            spare_.add(each);
        }
        held_.swap(spare_);
        spare_.clear();
        held_used_bytes_ = held_bytes_;
    }
}

void record_queue::drop_held() {
    const std::lock_guard lock{mutex_};
    bytes_ -= std::exchange(held_bytes_, 0);
    held_used_bytes_ = 0;
    held_.clear();
}

std::uint64_t record_queue::last_number() const {
    const std::lock_guard lock{mutex_};
    return pushed_;
}

void record_queue::wait_until_written(std::uint64_t number, std::chrono::milliseconds patience) {
    std::unique_lock lock{mutex_};
    if (done_ < number) {
        hurried_ = true;
        asleep_ = false;
        filled_.notify_one();
        written_.wait_for(lock, patience, [&] { return done_ >= number; });
    }
}

bool record_queue::take(record_batch& records, std::chrono::milliseconds patience) {
    records.clear();
    std::unique_lock lock{mutex_};
    done_ = taken_;
    written_.notify_all();
    if (waiting_.empty() && !closed_) {
        asleep_ = true;
        const bool has_some = filled_.wait_for(lock, patience, [this] { return !waiting_.empty() || closed_; });
        asleep_ = false;
        if (!has_some) {
            return true;
        }
    }
    filled_.wait_for(lock, gathering_time, [this] { return hurried_ || closed_; });
    hurried_ = false;
    records.swap(waiting_);
    bytes_ = held_bytes_;
    taken_ = pushed_;
    return !records.empty() || !closed_;
}

void record_queue::close() {
    {
        const std::lock_guard lock{mutex_};
        closed_ = true;
    }
    filled_.notify_one();
}

}  // namespace hookd::server
