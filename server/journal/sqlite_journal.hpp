// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "core/journal.hpp"
#include "journal/journal_file.hpp"
#include "journal/journal_options.hpp"

#include <hookd/server/log.hpp>

#include <memory>

namespace hookd::server {

/// The journal of a daemon: SQLite behind two threads. One writes what the broker's strand has put into a queue, the
/// other answers questions over a connection of its own. What does not fit the queue, or cannot be written, is counted
/// and lost; no event waits for it or fails.
///
/// The destructor writes what waits, for at most 2 s, and ends both threads. Thread-safety and lifetime: as
/// core::journal says.
class sqlite_journal final : public core::journal {
public:
    /// Opens the file, or makes it. Throws journal_error; where it cannot be written at the moment, it logs that,
    /// counts, and tries again later.
    sqlite_journal(const journal_options& options, logger& log);
    sqlite_journal(const sqlite_journal&) = delete;
    sqlite_journal& operator=(const sqlite_journal&) = delete;
    ~sqlite_journal();

    void begin(const protocol::uuid& instance) override;
    [[nodiscard]] protocol::stats_result::journal_figures figures() const override;
    void history(core::history_query query, handler<std::string> done) override;
    void trace(const protocol::uuid& hook_event_id, handler<std::string> done) override;
    void find(const protocol::uuid& hook_event_id, handler<core::journalled_event> done) override;
    void events_between(
        std::uint64_t after_seq, std::uint64_t before_seq, handler<std::vector<core::journalled_event>> done) override;

    void event_restored(const core::event& restored, std::uint32_t uid, std::size_t responders,
        const core::secret_filter* secrets) noexcept override;
    void event_published(const core::event& published, const core::peer& emitter, std::size_t subscribers,
        const protocol::passed_over_hooks* passed_over, const core::secret_filter* secrets) noexcept override;
    void event_delivered(const core::event& delivered, std::string_view session_name, bool is_asked) noexcept override;
    void wait_ended(std::string_view event_name, const protocol::wait_result& verdict,
        std::chrono::nanoseconds elapsed) noexcept override;
    void wait_given_up(std::uint64_t seq, protocol::refusal why) noexcept override;
    void shadow_replied(const core::shadow_reply& reply) noexcept override;
    void events_committed(std::uint64_t seq) noexcept override;
    void events_refused() noexcept override;

private:
    template <class Complete>
    void record_event(const core::event& event, const core::secret_filter* secrets, Complete complete) noexcept;

    class implementation;
    std::unique_ptr<implementation> implementation_;
};

}  // namespace hookd::server
