// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "buffer_pool.hpp"

#include <atomic>
#include <cstddef>
#include <memory>
#include <string_view>

namespace hookd::server::net {

/// Bytes that all connections together hold of frames that are not complete. Thread-safety: all members may be called
/// from any thread.
class input_budget {
public:
    explicit input_budget(std::size_t limit) noexcept : limit_(limit) {}

    [[nodiscard]] bool try_take(std::size_t bytes) noexcept;
    void give_back(std::size_t bytes) noexcept { used_.fetch_sub(bytes, std::memory_order_relaxed); }
    [[nodiscard]] bool below_half() const noexcept { return used() < limit_ / 2; }
    [[nodiscard]] std::size_t used() const noexcept { return used_.load(std::memory_order_relaxed); }
    [[nodiscard]] std::size_t limit() const noexcept { return limit_; }

private:
    std::atomic<std::size_t> used_{0};
    std::size_t limit_;
};

/// What one connection has read and the session has not consumed. It has memory only while it holds something: the
/// usual amount from the pool is free, a larger buffer is charged to the budget.
///
/// Above half of the shared budget, buffers grow only as bytes arrive: else a few that each began a large frame would
/// take the rest.
///
/// Thread-safety: none (the connection's strand). Lifetime: pool and budget must outlive it.
class input_buffer {
public:
    /// `longest_frame`: bytes of the longest frame; a frame whose end is unknown may take that and what frames it.
    input_buffer(buffer_pool& pool, input_budget& budget, std::size_t longest_frame) noexcept;
    input_buffer(const input_buffer&) = delete;
    input_buffer& operator=(const input_buffer&) = delete;
    ~input_buffer() { budget_.give_back(charged_); }

    /// What a buffer takes at most for a frame of that size.
    [[nodiscard]] static constexpr std::size_t longest_input(std::size_t longest_frame) noexcept {
        return longest_frame + buffer_pool::usual_bytes;
    }

    /// Sees to it that something can be read. False: the budget has no room for the frame that has begun. May throw
    /// std::bad_alloc.
    [[nodiscard]] bool make_room();
    /// Where to read to, after make_room().
    [[nodiscard]] char* free_begin() const noexcept { return memory_.bytes.get() + end_; }
    [[nodiscard]] std::size_t free_bytes() const noexcept { return memory_.capacity - end_; }
    /// `bytes` have been read.
    void append(std::size_t bytes) noexcept { end_ += bytes; }

    [[nodiscard]] bool empty() const noexcept { return begin_ == end_; }
    [[nodiscard]] std::string_view unread() const noexcept { return {memory_.bytes.get() + begin_, end_ - begin_}; }
    [[nodiscard]] const std::shared_ptr<char[]>& memory() const noexcept { return memory_.bytes; }
    [[nodiscard]] std::size_t capacity() const noexcept { return memory_.capacity; }

    /// `bytes` are done with; `wanted` bytes after them complete the frame that has begun (0: unknown).
    void consume(std::size_t bytes, std::size_t wanted) noexcept;
    /// Gives the memory back if nothing is unread.
    void release() noexcept;
    /// Drops what is unread, and the memory.
    void clear() noexcept;
    /// The same where another may still read the memory.
    void forget() noexcept;
    /// Another owner keeps the memory: what is unread moves to other memory. May throw std::bad_alloc.
    void abandon_memory();

private:
    buffer_pool& pool_;
    input_budget& budget_;
    std::size_t longest_input_;
    buffer memory_{};
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
    std::size_t wanted_ = 0;   // bytes of the frame that has begun; 0: unknown
    std::size_t charged_ = 0;  // to the budget
};

}  // namespace hookd::server::net
