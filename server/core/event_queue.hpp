// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "event.hpp"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <span>

namespace hookd::core {

/// Events that wait for one client, oldest first: a ring of references, which has next to no memory while nothing
/// waits.
///
/// Every delivery goes through it, so its steps are a few instructions each and stand here.
/// Thread-safety: none (broker's strand).
class event_queue {
public:
    event_queue() = default;
    event_queue(const event_queue&) = delete;
    event_queue& operator=(const event_queue&) = delete;
    ~event_queue() { pop_front(size_); }

    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
    /// How many fit before it takes more memory.
    [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }
    /// Bytes that its events are charged with.
    [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }
    [[nodiscard]] event& operator[](std::size_t index) const noexcept {
        return *ring_[(first_ + index) & (capacity_ - 1)];
    }

    /// Whether `others` stand in it from `index` on.
    [[nodiscard]] bool has(std::size_t index, std::span<event* const> others) const noexcept {
        if (size_ - index < others.size()) {
            return false;
        }
        const std::size_t place = (first_ + index) & (capacity_ - 1);
        const auto before_wrap = others.first(std::min(others.size(), capacity_ - place));
        const auto after_wrap = others.subspan(before_wrap.size());
        return std::equal(before_wrap.begin(), before_wrap.end(), &ring_[place]) &&
               std::equal(after_wrap.begin(), after_wrap.end(), &ring_[0]);
    }

    /// May throw std::bad_alloc; nothing has changed then.
    void push_back(event& newest) {
        if (size_ == capacity_) {
            grow();
        }
        intrusive_ptr_add_ref(&newest);
        ring_[(first_ + size_) & (capacity_ - 1)] = &newest;
        ++size_;
        bytes_ += newest.footprint_bytes();
    }

    /// Takes the first; there is one.
    [[nodiscard]] event::pointer take_front() noexcept {
        event* const next = ring_[first_ & (capacity_ - 1)];
        bytes_ -= next->footprint_bytes();
        ++first_;
        --size_;
        give_back_ring();
        return {next, false};
    }

    /// Drops the first `count`; there are as many.
    void pop_front(std::size_t count) noexcept {
        for (std::size_t i = 0; i < count; ++i) {
            release(first_ + i);
        }
        first_ += count;
        size_ -= count;
        give_back_ring();
    }

    /// Drops the last `count`; there are as many.
    void pop_back(std::size_t count) noexcept {
        for (; count > 0; --count) {
            --size_;
            release(first_ + size_);
        }
    }

private:
    static constexpr std::size_t kept_while_empty = 16;

    void release(std::size_t place) noexcept {
        event* const gone = ring_[place & (capacity_ - 1)];
        bytes_ -= gone->footprint_bytes();
        intrusive_ptr_release(gone);
    }

    void give_back_ring() noexcept {
        if (size_ == 0 && capacity_ > kept_while_empty) {
            ring_.reset();
            capacity_ = 0;
        }
    }

    void grow() {
        const std::size_t larger = capacity_ == 0 ? kept_while_empty : 4 * capacity_;
        auto ring = std::make_unique_for_overwrite<event*[]>(larger);
        for (std::size_t i = 0; i < size_; ++i) {
            ring[i] = &(*this)[i];
        }
        ring_ = std::move(ring);
        capacity_ = larger;
        first_ = 0;
    }

    std::unique_ptr<event* []> ring_ {};
    std::size_t capacity_ = 0;  // a power of two
    std::size_t first_ = 0;     // counts on; its place is what remains modulo the capacity
    std::size_t size_ = 0;
    std::size_t bytes_ = 0;
};

}  // namespace hookd::core
