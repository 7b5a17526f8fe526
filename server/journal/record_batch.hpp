// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "journal/journal_record.hpp"

#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

namespace hookd::server {

/// Records and the texts that they refer to, in memory that clear() keeps for the next ones: adding a record allocates
/// nothing once the batch has been as large before. What is past `most_kept_bytes` of it, clear() gives back.
///
/// The texts of a record are valid until clear(), swap() included. Thread-safety: none.
class record_batch {
public:
    /// What most batches need. A batch that was larger was a burst.
    static constexpr std::size_t most_kept_bytes = std::size_t{4} << 20;

    /// Copies the texts of `record`. Throws std::bad_alloc; nothing has been added then.
    void add(const journal_record& record);
    void clear() noexcept;
    /// Takes records out. The memory of their texts stays in use until clear().
    template <class Predicate>
    void remove_if(Predicate is_unwanted) noexcept {
        std::erase_if(records_, is_unwanted);
    }
    void swap(record_batch& other) noexcept;

    [[nodiscard]] const std::vector<journal_record>& records() const noexcept { return records_; }
    [[nodiscard]] bool empty() const noexcept { return records_.empty(); }

private:
    static constexpr std::size_t block_bytes = std::size_t{64} << 10;

    [[nodiscard]] char* room_for(std::size_t bytes);

    std::vector<journal_record> records_{};
    std::vector<std::unique_ptr<char[]>> blocks_{};  // of block_bytes each
    std::vector<std::unique_ptr<char[]>> large_{};   // of one record each
    std::size_t next_block_ = 0;                     // the first one that holds nothing
    char* free_ = nullptr;                           // in the block before it
    std::size_t free_bytes_ = 0;
};

}  // namespace hookd::server
