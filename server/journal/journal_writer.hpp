// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "journal/journal_options.hpp"
#include "journal/journal_record.hpp"
#include "journal/sqlite.hpp"

#include <hookd/protocol/uuid_text.hpp>

#include <chrono>
#include <cstdint>
#include <vector>

namespace hookd::server {

/// Writes batches of records to the journal, and takes out again what is too old or too much. Blocks. Thread-safety:
/// none.
class journal_writer {
public:
    /// `file`: what open_journal_file() gave. `instance`: this run of the daemon. Throws sqlite::error.
    journal_writer(sqlite::database file, const journal_options& options, const protocol::uuid& instance);

    journal_writer(const journal_writer&) = delete;
    journal_writer& operator=(const journal_writer&) = delete;

    /// All of them, or none. Returns how many events have come to the journal. Throws sqlite::error.
    std::size_t write(const std::vector<journal_record>& records);
    /// Takes out the oldest events past the bounds, in small steps. Throws sqlite::error.
    void retain(std::chrono::system_clock::time_point now);

    /// Whether a program that reads the journal keeps its write-ahead log from being taken up, and the log is as large
    /// as it may be: nothing more is to be written until that program is done.
    [[nodiscard]] bool is_blocked();

    [[nodiscard]] std::uint64_t events() const noexcept { return static_cast<std::uint64_t>(events_); }
    /// Of the file that hold something.
    [[nodiscard]] std::uint64_t used_bytes();

private:
    struct row {
        const event_record* event = nullptr;
        std::string handed{};
        std::string shadows{};
        std::string_view verdict{};  // the params of the notification; empty: none
        std::string responders{};    // `\nNAME\nNAME\n`: who replied or was missing
        bool vetoed = false;
        std::string_view ended{};
    };

    [[nodiscard]] std::int64_t run_number();
    static void bind_outcome(
        sqlite::statement& insertion, const row& written, int vetoed, int responders, int ended, int verdict);
    // False: it is there, and was not to be replaced.
    [[nodiscard]] bool insert(std::int64_t run, const row& written);
    void update(std::int64_t run, std::uint64_t seq, const row& written);
    // How many of the oldest events take that many bytes, about: 1 to rows_a_step.
    [[nodiscard]] std::int64_t count_oldest(std::int64_t bytes);
    // Returns how many are gone.
    [[nodiscard]] std::int64_t remove_oldest(std::int64_t most_rows, std::int64_t emitted_before);
    void take_up_log();

    sqlite::database file_;
    journal_options options_;
    protocol::uuid instance_;
    sqlite::statement insert_;
    sqlite::statement insert_missing_;
    sqlite::statement update_;
    sqlite::statement count_;
    sqlite::statement note_ids_;
    sqlite::statement remove_;
    std::int64_t run_ = 0;  // 0: not in the file yet
    std::int64_t events_ = 0;
    std::int64_t page_bytes_ = 0;
    int log_pages_ = 0;     // in the write-ahead log
    int next_take_up_ = 0;  // once it has so many
};

}  // namespace hookd::server
