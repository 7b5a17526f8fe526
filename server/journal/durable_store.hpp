// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "core/durable_log.hpp"
#include "journal/journal_file.hpp"

#include <hookd/server/log.hpp>

#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace hookd::server {

/// What is to outlive a daemon with --durable: a SQLite file and a thread that commits all batches that wait in one
/// transaction, with one fdatasync(2). Meanwhile the next ones gather: on a slower disk more of them share a commit.
///
/// Fsync semantics: what is reported as committed survives SIGKILL, a crash of the system and a power failure, as far
/// as the disk keeps what it reports as written.
///
/// Thread-safety and lifetime: as core::durable_log says; close() from the thread that made it.
class durable_store final : public core::durable_log {
public:
    using committed_handler = std::function<void(std::uint64_t position)>;
    using lost_handler = std::function<void(std::string why)>;

    /// Opens the file, or makes it. Throws journal_error. If it cannot be made at the moment, each batch tries again
    /// and is lost until it can.
    durable_store(std::filesystem::path file, logger& log);
    durable_store(const durable_store&) = delete;
    durable_store& operator=(const durable_store&) = delete;
    ~durable_store() { close(); }

    /// The records that earlier processes have written; once. Throws journal_error.
    [[nodiscard]] core::durable_records take_records();
    /// From now on batches are committed and the handlers called, on a thread of its own.
    void begin(committed_handler committed, lost_handler lost);
    /// Commits what waits and ends the thread.
    void close();

    void write(std::uint64_t position, std::vector<core::durable_change> changes) override;
    void resume() override;

private:
    void commit_all();
    void commit(const std::vector<core::durable_change>& changes);
    void apply(const core::durable_change& change);
    void open();
    void report(const std::string& why);

    /// The file, once it could be opened.
    struct opened_file {
        explicit opened_file(sqlite::database opened);
        sqlite::database file;
        sqlite::statement put;
        sqlite::statement erase;
    };

    const std::filesystem::path path_;
    logger& log_;
    committed_handler committed_{};
    lost_handler lost_{};

    // of the thread; before begin(), of the one that made it
    std::unique_ptr<opened_file> file_{};
    file_identity identity_{};
    bool failing_ = false;

    std::mutex mutex_{};
    std::condition_variable filled_{};
    std::vector<core::durable_change> waiting_{};
    std::vector<core::durable_change> erasures_{};  // of what was lost
    std::uint64_t position_ = 0;                    // of the last batch that waits
    bool has_failed_ = false;                       // until resume(): what comes is lost
    bool closed_ = false;

    std::thread thread_{};
};

}  // namespace hookd::server
