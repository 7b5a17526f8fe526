// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "core/event.hpp"
#include "rpc/byte_chain.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <sys/uio.h>

namespace hookd::server {

/// What a transport has yet to write, in order: answers, then a batch of events, then the answers that came after the
/// batch.
///
/// Answers are bytes of its own; events are spans of what the broker holds. One gather() takes as much of it as there
/// are parts for into one vectored write. Thread-safety: none.
class write_queue {
public:
    /// The queue's tail, for frames to be appended to.
    [[nodiscard]] rpc::byte_chain& tail() noexcept { return batch_.empty() ? before_ : after_; }

    /// The next events, to be written after all that is queued; there must be no batch.
    void set_batch(const std::vector<core::wire_pieces>& events);
    /// The same, with all their frames in one piece, which is borrowed: what can't be written at once has to be
    /// replaced.
    void set_batch(std::string_view frames) {
        batch_.push_back(frames);
        is_borrowed_ = true;
    }
    /// What is left of a borrowed batch, as the frames of its events, from now on.
    void replace_batch(const std::vector<core::wire_pieces>& events);
    [[nodiscard]] bool has_batch() const noexcept { return !batch_.empty(); }
    [[nodiscard]] bool has_borrowed_batch() const noexcept { return is_borrowed_; }

    [[nodiscard]] bool empty() const noexcept { return before_.empty() && batch_.empty(); }
    /// Bytes of answers.
    [[nodiscard]] std::size_t answer_bytes() const noexcept { return before_.size() + after_.size(); }
    /// Memory that answers take, what of them has been written and not given back yet included.
    [[nodiscard]] std::size_t held_bytes() const noexcept { return before_.held_bytes() + after_.held_bytes(); }

    /// Points `parts` at what is to be written next; returns how many of them it used.
    [[nodiscard]] std::size_t gather(iovec* parts, std::size_t room) const noexcept;
    /// `bytes` of what gather() gave have been written. Returns whether the batch is out by that. May throw
    /// std::bad_alloc.
    [[nodiscard]] bool advance(std::size_t bytes);

    void clear() noexcept;

private:
    [[nodiscard]] std::size_t skip(std::size_t bytes) noexcept;
    void batch_is_out() noexcept;

    rpc::byte_chain before_{};
    std::vector<std::string_view> batch_{};
    std::size_t next_ = 0;  // in batch_
    bool is_borrowed_ = false;
    rpc::byte_chain after_{};
};

}  // namespace hookd::server
