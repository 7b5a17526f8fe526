// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "journal/record_batch.hpp"

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <limits>
#include <mutex>

namespace hookd::server {

/// What waits to be written. The broker's strand puts in and never waits, one thread takes out.
///
/// Records are gathered for a moment, so that a transaction holds many: whoever puts in the first of them wakes the
/// other thread, whoever puts in the others pays for a lock that mostly is free.
///
/// With a durable log, records of events that are not committed there are held: a daemon that is killed, or whose disk
/// is full, has never accepted them, and the journal is not to be ahead of it.
///
/// Thread-safety: take() from one thread, all else from any.
class record_queue {
public:
    static constexpr std::chrono::milliseconds gathering_time{20};

    explicit record_queue(std::size_t most_bytes) : most_bytes_(most_bytes) {}

    /// How much of the queue a record may find taken and still be let in: what was merely told goes first.
    enum class importance : std::uint8_t { told, asked, verdict };

    /// Copies it. False where there is no room for it.
    [[nodiscard]] bool push(const journal_record& record, importance class_of_record);

    /// From now on records of events after `seq` are held until this is called for them. Throws std::bad_alloc:
    /// those that there was no memory for are lost.
    void release(std::uint64_t seq);
    /// Drops all that are held.
    void drop_held();

    /// Everything put in so far, and not held, has a number up to this one.
    [[nodiscard]] std::uint64_t last_number() const;
    /// Waits until all up to `number` has been taken and written, at most `patience`; has it taken at once.
    void wait_until_written(std::uint64_t number, std::chrono::milliseconds patience);

    /// Waits for records, at most `patience`; `records` is exchanged for them. Whatever was taken before has been
    /// written by then. False once the queue is closed and empty.
    [[nodiscard]] bool take(record_batch& records, std::chrono::milliseconds patience);

    /// Nothing more is let in.
    void close();

private:
    [[nodiscard]] std::size_t room_for(importance class_of_record) const noexcept;
    // Something has been put into `waiting_`. Returns whether the other thread is to be woken.
    [[nodiscard]] bool note_waiting() noexcept;
    void release_held(std::uint64_t seq);
    void tidy_held();

    const std::size_t most_bytes_;
    mutable std::mutex mutex_{};
    std::condition_variable filled_{};
    std::condition_variable written_{};
    record_batch waiting_{};
    record_batch held_{};
    std::uint64_t held_after_ = std::numeric_limits<std::uint64_t>::max();  // this seq
    std::size_t bytes_ = 0;
    std::size_t held_bytes_ = 0;       // of them
    std::size_t held_used_bytes_ = 0;  // of all that have been put into held_ since it was tidied
    record_batch spare_{};             // takes turns with held_
    std::uint64_t pushed_ = 0;
    std::uint64_t taken_ = 0;
    std::uint64_t done_ = 0;
    bool asleep_ = false;   // the other thread waits without a time limit
    bool hurried_ = false;  // it is not to gather any longer
    bool closed_ = false;
};

}  // namespace hookd::server
