// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "core/journal.hpp"
#include "journal/sqlite.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <variant>

namespace hookd::server {

/// Answers what is asked about the journal, over a connection of its own, so that it does not hold up the writer.
/// Blocks. Thread-safety: none, but for sqlite3_interrupt() of the database.
class journal_reader {
public:
    /// `file`: opened; must outlive this. Throws sqlite::error, as all of this does.
    explicit journal_reader(sqlite::database& file);

    /// The result of `history`, as JSON: at most what.limit verdicts, and about most_answer_bytes.
    [[nodiscard]] std::variant<std::string, protocol::error> history(
        const core::history_query& query, const protocol::uuid& this_run);
    /// The result of `trace`, as JSON; nothing for an unknown id.
    [[nodiscard]] std::optional<std::string> trace(const protocol::uuid& id);
    [[nodiscard]] std::optional<core::journalled_event> find(const protocol::uuid& id);
    /// As core::journal has it, of the run `instance`: at most most_events_at_once, and about most_answer_bytes.
    [[nodiscard]] std::vector<core::journalled_event> events_between(
        const protocol::uuid& instance, std::uint64_t after_seq, std::uint64_t before_seq);

    static constexpr std::size_t most_answer_bytes = std::size_t{1} << 20;
    static constexpr std::size_t most_events_at_once = 256;

private:
    [[nodiscard]] std::optional<std::int64_t> key_of(const protocol::uuid& id);
    [[nodiscard]] std::optional<std::int64_t> run_of(const protocol::uuid& instance);

    sqlite::database& file_;
};

}  // namespace hookd::server
