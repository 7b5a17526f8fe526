// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "waiter.hpp"

#include <boost/circular_buffer.hpp>

#include <algorithm>
#include <cstddef>
#include <new>
#include <utility>
#include <variant>

namespace hookd::core {

/// Waits that have ended and whose waiters have not been answered yet, oldest first.
///
/// Thread-safety: none (broker's strand).
class ended_waits {
public:
    [[nodiscard]] bool empty() const noexcept { return ring_.empty(); }
    [[nodiscard]] std::size_t size() const noexcept { return ring_.size(); }

    /// Room for `count` more, which are then added without failing. Throws std::bad_alloc; nothing has changed then.
    void reserve_more(std::size_t count) {
        if (const auto needed = ring_.size() + count; needed > ring_.capacity()) {
            ring_.set_capacity(std::max({needed, 2 * ring_.capacity(), std::size_t{16}}));
        }
    }
    /// May throw std::bad_alloc, unless there is room.
    completion& add(completion ended) {
        reserve_more(1);
        ring_.push_back(std::move(ended));
        ++borrowing_;
        return ring_.back();
    }
    void drop_last() noexcept { ring_.pop_back(); }
    /// There must be one.
    [[nodiscard]] completion take_first() {
        auto first = std::move(ring_.front());
        ring_.pop_front();
        if (ring_.empty() && ring_.capacity() > kept_while_empty) {
            ring_.set_capacity(0);
        }
        return first;
    }
    /// The requests that results pass bytes of on are about to go.
    void keep() noexcept {
        const auto from = ring_.size() - std::min(borrowing_, ring_.size());
        for (auto i = from; i < ring_.size(); ++i) {
            keep(ring_[i]);
        }
        borrowing_ = 0;
    }

private:
    static constexpr std::size_t kept_while_empty = 1024;

    static void keep(completion& ended) noexcept {
        auto* const verdict = std::get_if<protocol::wait_result>(&ended.result);
        if (verdict == nullptr) {
            return;
        }
        try {
            verdict->keep();
        } catch (const std::bad_alloc&) {
            ended.result = protocol::error{protocol::errc::internal_error, {}};
        }
    }

    boost::circular_buffer<completion> ring_{};
    std::size_t borrowing_ = 0;  // of the newest, those whose results have not been kept
};

}  // namespace hookd::core
