// SPDX-License-Identifier: BSL-1.0
#include "buffer_pool.hpp"

#include <utility>

namespace hookd::server {

buffer buffer_pool::take() {
    {
        const std::lock_guard lock{mutex_};
        if (!spare_.empty()) {
            buffer last = std::move(spare_.back());
            spare_.pop_back();
            spare_bytes_ -= last.capacity;
            return last;
        }
        spare_.reserve(most_spare);
    }
    return buffer::of(usual_bytes);
}

void buffer_pool::give_back(buffer used) noexcept {
    if (used.capacity == 0) {
        return;
    }
    const std::lock_guard lock{mutex_};
    if (spare_.size() < spare_.capacity() && spare_bytes_ + used.capacity <= most_spare_bytes) {
        spare_bytes_ += used.capacity;
        spare_.push_back(std::move(used));
    }
}

}  // namespace hookd::server
