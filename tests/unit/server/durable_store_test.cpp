// SPDX-License-Identifier: BSL-1.0
// The file behind --durable: what is on disk when it is called committed, and what becomes of the rest.
#include "kept_files.hpp"

#include "journal/durable_store.hpp"
#include "journal/journal_file.hpp"
#include "support/deadline.hpp"
#include "support/temp_directory.hpp"

#include <boost/test/unit_test.hpp>

#include <sqlite3.h>

#include <atomic>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

using namespace hookd::server;
using namespace hookd::server::test;
using namespace hookd::test;
namespace core = hookd::core;
using core::durable_kind;

namespace {

/// What SQLite does with files while this lives: counts how often a write-ahead log is synced, or has no locks.
class watched_files {
public:
    explicit watched_files(bool has_locks) : real_(::sqlite3_vfs_find(nullptr)), watched_(*real_) {
        syncs = 0;
        locks = has_locks;
        real_open = real_;
        watched_.zName = "watched";
        watched_.xOpen = open;
        ::sqlite3_vfs_register(&watched_, 1);
    }
    watched_files(const watched_files&) = delete;
    watched_files& operator=(const watched_files&) = delete;
    ~watched_files() {
        ::sqlite3_vfs_register(real_, 1);
        ::sqlite3_vfs_unregister(&watched_);
    }

    static inline std::atomic<int> syncs{0};

private:
    static int open(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out) {
        const int code = real_open->xOpen(real_open, name, file, flags, out);
        if (code != SQLITE_OK || file->pMethods == nullptr) {
            return code;
        }
        const bool is_log = (flags & SQLITE_OPEN_WAL) != 0;
        if (!is_log && (flags & SQLITE_OPEN_MAIN_DB) == 0) {
            return code;
        }
        auto& methods = is_log ? log_methods : file_methods;
        (is_log ? real_log : real_file) = file->pMethods;
        methods = *file->pMethods;
        if (is_log) {
            methods.xSync = [](sqlite3_file* log, int how) {
                ++syncs;
                return real_log->xSync(log, how);
            };
        } else if (!locks) {
            methods.xLock = [](sqlite3_file*, int) { return SQLITE_IOERR_LOCK; };
        }
        file->pMethods = &methods;
        return code;
    }

    static inline bool locks = true;
    static inline sqlite3_vfs* real_open = nullptr;
    static inline const sqlite3_io_methods* real_log = nullptr;
    static inline const sqlite3_io_methods* real_file = nullptr;
    static inline sqlite3_io_methods log_methods{};
    static inline sqlite3_io_methods file_methods{};

    sqlite3_vfs* real_;
    sqlite3_vfs watched_;
};

struct store_fixture {
    temp_directory directory{};
    std::string file = directory / "journal.db-durable";
    kept_log log{};
    std::atomic<std::uint64_t> committed{0};
    std::atomic<int> lost{0};

    void begin(durable_store& store) {
        store.begin([this](std::uint64_t position) { committed = position; }, [this](const std::string&) { ++lost; });
    }
    void wait_for(std::uint64_t position) {
        eventually("it is committed", [&] { return committed >= position; });
    }
    /// `kind/key=value`, joined by blanks.
    [[nodiscard]] std::string found() {
        durable_store store{file, log};
        std::string text;
        for (const auto& each : store.take_records()) {
            text += (text.empty() ? "" : " ") + std::to_string(static_cast<int>(each.kind)) + "/" + each.key + "=" +
                    each.value.value();
        }
        return text;
    }
};

core::durable_change put(std::string key, std::string value) {
    return {durable_kind::event, std::move(key), std::move(value)};
}
core::durable_change erased(std::string key) { return {durable_kind::event, std::move(key), std::nullopt}; }

}  // namespace

BOOST_AUTO_TEST_SUITE(durable_stores)

BOOST_FIXTURE_TEST_CASE(what_is_committed_is_found_again, store_fixture) {
    {
        durable_store store{file, log};
        begin(store);
        store.write(1, {put("a", "1"), put("b", std::string("\0x", 2)), {durable_kind::run, "", "r"}});
        store.write(2, {put("a", "2"), erased("c")});
        store.write(3, {erased("b")});
        wait_for(3);
    }
    BOOST_TEST(found() == "1/=r 3/a=2");
}

BOOST_FIXTURE_TEST_CASE(batches_that_wait_are_committed_before_it_closes, store_fixture) {
    {
        durable_store store{file, log};
        begin(store);
        for (std::uint64_t i = 1; i <= 100; ++i) {
            store.write(i, {put(std::to_string(i), "x")});
        }
        store.close();
        BOOST_TEST(committed == 100u);
    }
    durable_store store{file, log};
    BOOST_TEST(store.take_records().size() == 100u);
}

BOOST_FIXTURE_TEST_CASE(log_is_synced_before_a_batch_is_reported_as_committed, store_fixture) {
    const watched_files watched{true};
    durable_store store{file, log};
    std::vector<int> syncs_at_commit;
    store.begin(
        [&](std::uint64_t position) {
            syncs_at_commit.push_back(watched_files::syncs);
            committed = position;
        },
        [](const std::string&) {});
    const int before = watched_files::syncs;
    for (std::uint64_t i = 1; i <= 20; ++i) {
        store.write(i, {put("a", "1")});
        wait_for(i);
    }
    store.close();
    int last = before;
    for (const int each : syncs_at_commit) {
        BOOST_TEST(each > last);
        last = each;
    }
}

BOOST_FIXTURE_TEST_CASE(full_disk_loses_batches_until_it_is_resumed_and_keeps_erasures, store_fixture) {
    durable_store store{file, log};
    begin(store);
    store.write(1, {put("a", "1"), put("b", "1")});
    wait_for(1);
    {
        const small_disk full{30'000};
        store.write(2, {erased("a"), put("large", std::string(100'000, 'x'))});
        eventually("it is lost", [&] { return lost == 1; });
        store.write(3, {put("lost too", "1"), erased("b")});
    }
    BOOST_TEST(log.text().find("--durable: the journal cannot be written") != std::string::npos, log.text());
    store.resume();
    store.write(4, {put("c", "1")});
    wait_for(4);
    store.close();
    BOOST_TEST(lost == 1);
    BOOST_TEST(log.text().find("is written again") != std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(file_of_the_full_disk_has_what_was_committed_and_nothing_else, store_fixture) {
    {
        durable_store store{file, log};
        begin(store);
        store.write(1, {put("a", "1"), put("b", "1")});
        wait_for(1);
        {
            const small_disk full{30'000};
            store.write(2, {erased("a"), put("large", std::string(100'000, 'x'))});
            eventually("it is lost", [&] { return lost == 1; });
        }
        store.resume();
        store.write(3, {put("c", "1")});
        wait_for(3);
    }
    BOOST_TEST(found() == "3/b=1 3/c=1");
}

BOOST_FIXTURE_TEST_CASE(file_is_made_when_it_can_be, store_fixture) {
    std::filesystem::create_directory(directory / "d");
    std::optional<durable_store> store;
    {
        const small_disk full{0};
        store.emplace(directory / "d/journal.db-durable", log);
        BOOST_TEST(store->take_records().empty());
        begin(*store);
        store->write(1, {put("a", "1")});
        eventually("it is lost", [&] { return lost == 1; });
    }
    store->resume();
    store->write(2, {put("b", "1")});
    wait_for(2);
}

BOOST_FIXTURE_TEST_CASE(another_store_cannot_open_it, store_fixture) {
    durable_store store{file, log};
    begin(store);
    store.write(1, {put("a", "1")});
    wait_for(1);
    BOOST_CHECK_THROW((durable_store{file, log}), journal_error);
}

BOOST_FIXTURE_TEST_CASE(program_that_writes_it_keeps_a_daemon_from_starting, store_fixture) {
    (void)open_durable_file(file);
    sqlite::database other{file};
    const sqlite::transaction holds{other};
    BOOST_CHECK_EXCEPTION((durable_store{file, log}), journal_error, [](const journal_error& refused) {
        return std::string{refused.what()}.find("in use by another hookd") != std::string::npos;
    });
}

BOOST_FIXTURE_TEST_CASE(file_system_without_locks_is_refused_with_the_cure, store_fixture) {
    const watched_files without_locks{false};
    const auto why = [](const auto& open) -> std::string {
        try {
            open();
        } catch (const journal_error& refused) {
            return refused.what();
        }
        return "it was not refused";
    };
    const auto durable = why([&] { (void)open_durable_file(file); });
    BOOST_TEST(durable.find("without locks: move it away, or start without --durable") != std::string::npos, durable);
    const auto journal = why([&] { (void)open_journal_file(directory / "journal.db"); });
    BOOST_TEST(journal.find("without locks: move it away, or start with --journal off") != std::string::npos, journal);
}

BOOST_AUTO_TEST_SUITE_END()
