// SPDX-License-Identifier: BSL-1.0
#include "journal/record_batch.hpp"

#include "core/reserve_more.hpp"

#include <cstring>
#include <type_traits>
#include <utility>

namespace hookd::server {

static_assert(std::is_trivially_copyable_v<journal_record>);

char* record_batch::room_for(std::size_t bytes) {
    if (bytes > free_bytes_) {
        if (bytes > block_bytes / 4) {  // a block of its own, so that the rest of the current one is not lost
            return large_.emplace_back(std::make_unique_for_overwrite<char[]>(bytes)).get();
        }
        if (next_block_ == blocks_.size()) {
            blocks_.push_back(std::make_unique_for_overwrite<char[]>(block_bytes));
        }
        free_ = blocks_[next_block_++].get();
        free_bytes_ = block_bytes;
    }
    free_bytes_ -= bytes;
    return std::exchange(free_, free_ + bytes);
}

void record_batch::add(const journal_record& record) {
    core::reserve_more(records_, 1);
    char* next = room_for(text_bytes_of(record));
    records_.push_back(record);
    for_each_text(records_.back(), [&next](std::string_view& text) {
        if (!text.empty()) {
            std::memcpy(next, text.data(), text.size());
            text = {next, text.size()};
            next += text.size();
        }
    });
}

void record_batch::clear() noexcept {
    records_.clear();
    large_.clear();
    if (records_.capacity() * sizeof(journal_record) > most_kept_bytes) {
        records_ = {};
    }
    if (blocks_.size() > most_kept_bytes / block_bytes) {
        blocks_.resize(most_kept_bytes / block_bytes);
    }
    next_block_ = 0;
    free_ = nullptr;
    free_bytes_ = 0;
}

void record_batch::swap(record_batch& other) noexcept { std::swap(*this, other); }

}  // namespace hookd::server
