// SPDX-License-Identifier: BSL-1.0
#include "journal/record_queue.hpp"

#include "core/reserve_more.hpp"

#include <algorithm>
#include <utility>

namespace hookd::server {
namespace {

constexpr std::size_t around_each = 64;  // what the allocator adds

struct size_visitor {
    std::size_t operator()(const event_record& each) const noexcept {
        return each.name.capacity() + each.program.capacity() + each.cause.capacity() + each.host.capacity() +
               (each.payload ? each.payload->capacity() : 0);
    }
    std::size_t operator()(const hand_out_record& each) const noexcept { return each.session_name.capacity(); }
    std::size_t operator()(const verdict_record& each) const noexcept { return each.notification.capacity(); }
    std::size_t operator()(const given_up_record&) const noexcept { return 0; }
    std::size_t operator()(const shadow_record& each) const noexcept { return each.reply.capacity(); }
};

}  // namespace

std::size_t footprint_of(const journal_record& record) noexcept {
    return sizeof(journal_record) + around_each + std::visit(size_visitor{}, record);
}

std::uint64_t seq_of(const journal_record& record) noexcept {
    return std::visit([](const auto& each) { return each.seq; }, record);
}

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

bool record_queue::push(journal_record&& record, importance class_of_record) {
    const std::size_t bytes = footprint_of(record);
    bool wakes = false;
    {
        const std::lock_guard lock{mutex_};
        if (closed_ || bytes_ + bytes > room_for(class_of_record)) {
            return false;
        }
        bytes_ += bytes;
        if (seq_of(record) > held_after_) [[unlikely]] {
            held_bytes_ += bytes;
            held_.push_back(std::move(record));
            return true;
        }
        ++pushed_;
        waiting_.push_back(std::move(record));
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
        const auto still_held = std::stable_partition(
            held_.begin(), held_.end(), [seq](const journal_record& each) { return seq_of(each) <= seq; });
        if (still_held == held_.begin()) {
            return;
        }
        core::reserve_more(waiting_, static_cast<std::size_t>(still_held - held_.begin()));
        for (auto each = held_.begin(); each != still_held; ++each) {
            held_bytes_ -= footprint_of(*each);
            ++pushed_;
            waiting_.push_back(std::move(*each));
        }
        held_.erase(held_.begin(), still_held);
        wakes = note_waiting();
    }
    if (wakes) {
        filled_.notify_one();
    }
}

void record_queue::drop_held() {
    const std::lock_guard lock{mutex_};
    bytes_ -= std::exchange(held_bytes_, 0);
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

bool record_queue::take(std::vector<journal_record>& records, std::chrono::milliseconds patience) {
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
