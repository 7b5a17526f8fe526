// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "journal/sqlite.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <stdexcept>
#include <string>

namespace hookd::server {

/// A file that hookd must not, or cannot, use as its journal until a person has looked at it. what() names it, and says
/// what to do.
class journal_error : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// Opens the journal; makes it, with mode 0600, where it is not there, and brings one of an older version up to date.
/// Blocks.
///
/// Throws journal_error where it is damaged, another program's, of a newer version or another user's, where others
/// could replace it, and where its file system has no locks; sqlite::error for what may pass: a full disk, a file
/// system that is read-only.
[[nodiscard]] sqlite::database open_journal_file(const std::filesystem::path& file);

/// Throws as open_journal_file() would, but for what may pass; makes and changes nothing.
void check_journal_file(const std::filesystem::path& file);

/// Opens the file in which a daemon with --durable keeps what is to outlive it; makes it, with mode 0600, if it is not
/// there. What is committed to it is on disk: each commit ends with fdatasync(2) of its write-ahead log. While it is
/// open no other program can open it. Blocks.
///
/// Throws as open_journal_file() does, and journal_error if another hookd has it. A file that is there and cannot be
/// read is journal_error, too, even if that may pass: what it holds must not be forgotten.
[[nodiscard]] sqlite::database open_durable_file(const std::filesystem::path& file);
/// As check_journal_file().
void check_durable_file(const std::filesystem::path& file);

/// The file that goes with a journal.
[[nodiscard]] inline std::filesystem::path durable_file_of(std::filesystem::path journal) {
    return journal += "-durable";
}

/// Which file is at a path: tells a program that has it open whether it has been moved away or removed.
struct file_identity {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;  ///< 0: there is none

    [[nodiscard]] static file_identity of(const std::filesystem::path& file) noexcept;
    [[nodiscard]] bool operator==(const file_identity&) const noexcept = default;
};

/// How long a statement waits for another program that writes the journal.
inline constexpr std::chrono::milliseconds patience_with_others{2'000};

/// An event's key: those of one run are together, in order of seq, whatever the clock did meanwhile.
inline constexpr int journal_run_bits = 44;
/// SQL for the number of the run that an event's key belongs to.
[[nodiscard]] inline std::string run_of_key_sql(const std::string& key) {
    return "(" + key + " >> " + std::to_string(journal_run_bits) + ")";
}
inline constexpr std::uint64_t most_journal_seq = (std::uint64_t{1} << journal_run_bits) - 1;
[[nodiscard]] constexpr std::uint64_t seq_of_key(std::int64_t key) noexcept {
    return static_cast<std::uint64_t>(key) & most_journal_seq;
}
/// A `seq` that no event has is after all of the run.
[[nodiscard]] constexpr std::int64_t journal_key(std::int64_t run, std::uint64_t seq) noexcept {
    return (run << journal_run_bits) | static_cast<std::int64_t>(std::min(seq, most_journal_seq));
}

}  // namespace hookd::server
