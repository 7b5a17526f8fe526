// SPDX-License-Identifier: BSL-1.0
#include "write_queue.hpp"

#include <algorithm>
#include <utility>

namespace hookd::server {
namespace {

iovec part_of(std::string_view bytes) noexcept {
    return {const_cast<char*>(bytes.data()), bytes.size()};  // writev() does not write to it
}

}  // namespace

void write_queue::set_batch(const std::vector<core::wire_pieces>& events) {
    for (const auto& pieces : events) {
        for (const auto& piece : pieces) {
            if (!piece.empty()) {
                batch_.push_back(piece);
            }
        }
    }
}

void write_queue::replace_batch(const std::vector<core::wire_pieces>& events) {
    const std::size_t left = batch_.front().size();
    batch_.clear();
    is_borrowed_ = false;
    set_batch(events);
    std::size_t all = 0;
    for (const auto& piece : batch_) {
        all += piece.size();
    }
    (void)skip(all - left);
}

// Moves on by `bytes` of the batch, or by what is left of it; returns how many those were.
std::size_t write_queue::skip(std::size_t bytes) noexcept {
    std::size_t skipped = 0;
    while (next_ < batch_.size() && bytes - skipped >= batch_[next_].size()) {
        skipped += batch_[next_++].size();
    }
    if (next_ < batch_.size()) {
        batch_[next_].remove_prefix(bytes - skipped);
        skipped = bytes;
    }
    return skipped;
}

std::size_t write_queue::gather(iovec* parts, std::size_t room) const noexcept {
    std::size_t used = before_.gather(parts, room);
    for (std::size_t i = next_; i < batch_.size() && used < room; ++i) {
        parts[used++] = part_of(batch_[i]);
    }
    return used + after_.gather(parts + used, room - used);
}

bool write_queue::advance(std::size_t bytes) {
    const std::size_t of_before = std::min(bytes, before_.size());
    before_.drop_front(of_before);
    bytes -= of_before;
    if (batch_.empty()) {
        return false;
    }
    bytes -= skip(bytes);
    if (next_ < batch_.size()) {
        return false;
    }
    batch_is_out();
    before_.drop_front(bytes);
    return true;
}

void write_queue::batch_is_out() noexcept {
    constexpr std::size_t most_kept = 8;
    batch_.clear();
    is_borrowed_ = false;
    if (batch_.capacity() > most_kept) {
        std::vector<std::string_view>{}.swap(batch_);
    }
    next_ = 0;
    before_.swap(after_);  // empty: all of it was written before the batch
}

void write_queue::clear() noexcept {
    before_.clear();
    after_.clear();
    batch_.clear();
    is_borrowed_ = false;
    next_ = 0;
}

}  // namespace hookd::server
