// SPDX-License-Identifier: BSL-1.0
#include "journal/durable_store.hpp"

#include <base/posix/signals_held_back.hpp>

#include <sqlite3.h>

#include <iterator>
#include <utility>

namespace hookd::server {
durable_store::opened_file::opened_file(sqlite::database opened)
    : file(std::move(opened)),
      put(file, "INSERT OR REPLACE INTO records(kind, key, value) VALUES(?1, ?2, ?3)"),
      erase(file, "DELETE FROM records WHERE kind = ?1 AND key = ?2") {}

durable_store::durable_store(std::filesystem::path file, logger& log) : path_(std::move(file)), log_(log) {
    try {
        open();
    } catch (const sqlite::error& failure) {
        report(failure.what());
    }
}

void durable_store::open() {
    file_ = std::make_unique<opened_file>(open_durable_file(path_));
    identity_ = file_identity::of(path_);
}

core::durable_records durable_store::take_records() {
    core::durable_records records;
    if (!file_) {
        return records;
    }
    try {
        sqlite::statement all{file_->file, "SELECT kind, key, value FROM records ORDER BY kind, key"};
        while (all.step()) {
            records.push_back(
                {static_cast<core::durable_kind>(all.number(0)), std::string{all.text(1)}, std::string{all.text(2)}});
        }
    } catch (const sqlite::error& failure) {
        throw journal_error("the journal " + path_.string() + " cannot be read (" + failure.what() +
                            "): move it away, or start without --durable");
    }
    return records;
}

void durable_store::begin(committed_handler committed, lost_handler lost) {
    committed_ = std::move(committed);
    lost_ = std::move(lost);
    const base::signals_held_back during_start;
    thread_ = std::thread{[this] { commit_all(); }};
}

void durable_store::close() {
    {
        const std::lock_guard lock{mutex_};
        closed_ = true;
    }
    filled_.notify_one();
    if (thread_.joinable()) {
        thread_.join();
    }
}

void durable_store::write(std::uint64_t position, std::vector<core::durable_change> changes) {
    bool wakes = false;
    {
        const std::lock_guard lock{mutex_};
        if (has_failed_) {
            std::erase_if(changes, [](const core::durable_change& each) { return each.value.has_value(); });
        }
        auto& batch = has_failed_ ? erasures_ : waiting_;
        wakes = !has_failed_ && waiting_.empty();
        batch.insert(batch.end(), std::move_iterator{changes.begin()}, std::move_iterator{changes.end()});
        position_ = position;
    }
    if (wakes) {
        filled_.notify_one();
    }
}

void durable_store::resume() {
    const std::lock_guard lock{mutex_};
    has_failed_ = false;
}

void durable_store::commit_all() {
    std::vector<core::durable_change> changes;
    for (;;) {
        std::uint64_t position = 0;
        {
            std::unique_lock lock{mutex_};
            filled_.wait(lock, [this] { return !waiting_.empty() || closed_; });
            if (waiting_.empty()) {
                return;
            }
            changes = std::exchange(erasures_, {});
            changes.insert(changes.end(), std::move_iterator{waiting_.begin()}, std::move_iterator{waiting_.end()});
            waiting_.clear();
            position = position_;
        }
        try {
            commit(changes);
        } catch (const std::runtime_error& failure) {  // sqlite::error, journal_error
            {
                const std::lock_guard lock{mutex_};
                has_failed_ = true;
                changes.insert(changes.end(), std::move_iterator{waiting_.begin()}, std::move_iterator{waiting_.end()});
                waiting_.clear();
                std::erase_if(changes, [](const core::durable_change& each) { return each.value.has_value(); });
                erasures_ = std::move(changes);
            }
            report(failure.what());
            lost_(failure.what());
            continue;
        }
        if (std::exchange(failing_, false)) {
            log_.write(log_level::info, "the journal " + path_.string() + " is written again");
        }
        committed_(position);
    }
}

void durable_store::commit(const std::vector<core::durable_change>& changes) {
    if (!file_) {
        open();
        if (file_->file.number("SELECT count(*) FROM records") != 0) {
            file_.reset();
            throw sqlite::error(
                path_.string() + ": it holds the records of an earlier run: restart hookd", SQLITE_CANTOPEN);
        }
    }
    if (file_identity::of(path_) != identity_) {
        throw sqlite::error(
            path_.string() + ": it was moved or removed: put it back, or restart hookd", SQLITE_CANTOPEN);
    }
    sqlite::transaction all{file_->file};
    for (const auto& each : changes) {
        apply(each);
    }
    all.commit();
}

void durable_store::apply(const core::durable_change& change) {
    auto& statement = change.value ? file_->put : file_->erase;
    statement.bind(1, static_cast<std::int64_t>(change.kind)).bind_blob(2, change.key.data(), change.key.size());
    if (change.value) {
        statement.bind_blob(3, change.value->data(), change.value->size());
    }
    statement.run();
}

// The first failure of several that follow each other.
void durable_store::report(const std::string& why) {
    if (!std::exchange(failing_, true)) {
        log_.write(log_level::warning,
            "--durable: the journal cannot be written, and events are refused until it can be: " + why);
    }
}

}  // namespace hookd::server
