// SPDX-License-Identifier: BSL-1.0
#include "input_buffer.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace hookd::server::net {
namespace {

// A frame up to this size, the largest there is by default, gets its memory at once, of which the system gives what is
// written to; the bytes of a larger one must come first.
constexpr std::size_t trusted_frame_bytes = std::size_t{16} << 20;

}  // namespace

bool input_budget::try_take(std::size_t bytes) noexcept {
    if (used_.fetch_add(bytes, std::memory_order_relaxed) + bytes > limit_) {
        give_back(bytes);
        return false;
    }
    return true;
}

input_buffer::input_buffer(buffer_pool& pool, input_budget& budget, std::size_t longest_frame) noexcept
    : pool_(pool), budget_(budget), longest_input_(longest_input(longest_frame)) {}

bool input_buffer::make_room() {
    if (memory_.capacity == 0) {
        memory_ = pool_.take();
        begin_ = end_ = 0;
    }
    const std::size_t held = end_ - begin_;
    const std::size_t wanted = wanted_ != 0 ? wanted_ : held + 1;
    if (begin_ > 0 && begin_ + wanted > memory_.capacity) {
        std::memmove(memory_.bytes.get(), memory_.bytes.get() + begin_, held);
        begin_ = 0;
        end_ = held;
    }
    // More only once it is full: a frame that is announced has yet to come.
    if (held < memory_.capacity) {
        return true;
    }
    const std::size_t doubled = 2 * memory_.capacity;
    const std::size_t capacity =
        wanted_ != 0 ? std::min(wanted_, std::max(doubled, budget_.below_half() ? trusted_frame_bytes : 0))
                     : std::min(longest_input_, doubled);
    if (!budget_.try_take(capacity - charged_)) {
        return false;
    }
    charged_ = capacity;
    if (memory_.capacity > buffer_pool::usual_bytes && memory_.bytes.use_count() == 1) {  // else somebody reads it
        memory_.grow(capacity);
        return true;
    }
    buffer larger = buffer::of(capacity);
    std::memcpy(larger.bytes.get(), memory_.bytes.get(), held);
    pool_.give_back(std::exchange(memory_, std::move(larger)));
    return true;
}

void input_buffer::consume(std::size_t bytes, std::size_t wanted) noexcept {
    begin_ += bytes;
    wanted_ = wanted;
}

void input_buffer::release() noexcept {
    if (empty()) {
        clear();
    }
}

void input_buffer::clear() noexcept {
    begin_ = end_ = 0;
    wanted_ = 0;
    budget_.give_back(std::exchange(charged_, 0));
    pool_.give_back(std::exchange(memory_, {}));
}

void input_buffer::forget() noexcept {
    memory_ = {};
    clear();
}

void input_buffer::abandon_memory() {
    const std::size_t held = end_ - begin_;
    buffer next{};
    if (held > 0) {
        next = held <= buffer_pool::usual_bytes ? pool_.take() : buffer::of(held);
        std::memcpy(next.bytes.get(), memory_.bytes.get() + begin_, held);
    }
    // The charge of what is still held stays; the rest is the event's.
    const std::size_t kept_charge = held > buffer_pool::usual_bytes ? std::min(held, charged_) : 0;
    budget_.give_back(charged_ - kept_charge);
    charged_ = kept_charge;
    memory_ = std::move(next);
    begin_ = 0;
    end_ = held;
}

}  // namespace hookd::server::net
