// SPDX-License-Identifier: BSL-1.0
#include "journal/journal_file.hpp"

#include <base/posix/replace_file.hpp>
#include <base/posix/safe_directory.hpp>
#include <base/posix/unique_fd.hpp>

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <initializer_list>
#include <span>
#include <string>
#include <system_error>

namespace hookd::server {
namespace {

namespace fs = std::filesystem;

// What leads from each version to the next one. Never changed once it is released: a new version is one more entry.
//
// ids finds an event by its id. An index of random ids would cost the writer a page for each event; this costs it one
// row for each transaction, and a reader a look at 32 bytes an event: the id, and the key in hexadecimal digits.
//
// verdict, handed and shadows are JSON as the methods give it: params of the notification `verdict`, and
// `,{"to":…,"after_ms":…}` or `,{"responder":…}` for each. passed_over is `{"passed_over":[…]}`. payload is NULL where
// it is larger than the journal keeps.
constexpr std::array<const char*, 4> migrations{R"(
CREATE TABLE runs(id INTEGER PRIMARY KEY AUTOINCREMENT, instance BLOB NOT NULL UNIQUE, started_at INTEGER NOT NULL);
CREATE TABLE totals(events INTEGER NOT NULL);
INSERT INTO totals VALUES(0);
CREATE TABLE events(
    key INTEGER PRIMARY KEY,
    id BLOB NOT NULL,
    name TEXT NOT NULL,
    emitted_at INTEGER NOT NULL,
    timeout_ms INTEGER,
    pid INTEGER NOT NULL,
    uid INTEGER NOT NULL,
    program TEXT NOT NULL,
    cause TEXT NOT NULL,
    subscribers INTEGER NOT NULL,
    vetoed INTEGER,
    responders TEXT,
    ended TEXT,
    masked INTEGER NOT NULL,
    payload_bytes INTEGER NOT NULL,
    handed TEXT NOT NULL,
    verdict BLOB,
    payload BLOB);
CREATE INDEX verdicts ON events(key) WHERE vetoed IS NOT NULL;
CREATE INDEX vetoes ON events(key) WHERE vetoed = 1;
)",
    R"(
CREATE TABLE ids(key INTEGER PRIMARY KEY, events BLOB NOT NULL);
INSERT INTO ids SELECT key, CAST(id || printf('%016x', key) AS BLOB) FROM events;
)",
    R"(
ALTER TABLE events ADD COLUMN host TEXT NOT NULL DEFAULT '';
ALTER TABLE events ADD COLUMN shadows TEXT NOT NULL DEFAULT '';
)",
    R"(
ALTER TABLE events ADD COLUMN passed_over TEXT NOT NULL DEFAULT '';
)"};

// What has to outlive the daemon (core/durable_log.hpp).
constexpr std::array<const char*, 1> durable_migrations{R"(
CREATE TABLE records(kind INTEGER NOT NULL, key BLOB NOT NULL, value BLOB NOT NULL, PRIMARY KEY(kind, key)) WITHOUT ROWID;
)"};

/// One of the two files that hookd keeps.
struct file_format {
    std::int64_t application_id;  ///< which file(1) may show
    std::span<const char* const> migrations;
    const char* cure;                           ///< of a file that cannot be used
    std::initializer_list<const char*> probes;  ///< queries that fail if it is damaged
    const char* settings;                       ///< pragmas of each connection
    const char* first_settings;                 ///< pragmas while a new one is made

    [[nodiscard]] std::int64_t newest_version() const { return static_cast<std::int64_t>(migrations.size()); }
};

constexpr file_format journal_format{0x686f6f6b /* "hook" */, migrations, "move it away, or start with --journal off",
    {"SELECT events FROM totals", "SELECT key FROM events ORDER BY key DESC LIMIT 1"},
    "PRAGMA synchronous = NORMAL; PRAGMA secure_delete = FAST; PRAGMA journal_size_limit = 4194304",
    "PRAGMA synchronous = OFF; PRAGMA auto_vacuum = INCREMENTAL"};  // there is nothing to lose yet
// SQLite deletes the write-ahead log of an empty file: this one is synchronous from its first page on.
constexpr file_format durable_format{0x686f6f64 /* "hood" */, durable_migrations,
    "move it away, or start without --durable", {"SELECT kind FROM records LIMIT 1"},
    "PRAGMA locking_mode = EXCLUSIVE; PRAGMA synchronous = FULL; PRAGMA secure_delete = FAST; "
    "PRAGMA journal_size_limit = 4194304",
    ""};

[[noreturn]] void refuse(const file_format& format, const fs::path& file, const std::string& why) {
    throw journal_error("the journal " + file.string() + " " + why + ": " + format.cure);
}

/// Throws what is to be thrown for a failure of SQLite: where nothing but a person can help, journal_error.
[[noreturn]] void pass_on(const file_format& format, const fs::path& file, const sqlite::error& failure) {
    switch (failure.code()) {
        case SQLITE_IOERR_LOCK:
        case SQLITE_IOERR_RDLOCK:
        case SQLITE_IOERR_SHMLOCK:
            refuse(format, file, "is on a file system without locks");
        default:
            break;
    }
    switch (failure.primary_code()) {
        case SQLITE_NOTADB:
            refuse(format, file, "is not a SQLite database, or is damaged");
        case SQLITE_CORRUPT:
        case SQLITE_ERROR:
            refuse(format, file, "is damaged (" + std::string{failure.what()} + ")");
        case SQLITE_PROTOCOL:
            refuse(format, file, "is on a file system without locks");
        default:
            throw failure;
    }
}

[[noreturn]] void fail(const fs::path& file, int error) {
    throw sqlite::error(file.string() + ": " + std::generic_category().message(error), SQLITE_CANTOPEN);
}

/// False where there is none. A link is followed: base::check_file() has seen to it that nobody else could have made
/// it.
bool check_owner(const file_format& format, const fs::path& file) {
    struct stat found {};
    if (::stat(file.c_str(), &found) != 0) {
        if (errno != ENOENT) {
            fail(file, errno);
        }
        return false;
    }
    if (!S_ISREG(found.st_mode)) {
        refuse(format, file, "is not a regular file");
    }
    if (found.st_uid != ::geteuid()) {
        refuse(format, file,
            "belongs to user " + std::to_string(found.st_uid) + ", and hookd runs as user " +
                std::to_string(::geteuid()));
    }
    try {
        base::check_file(file, "--journal");
    } catch (const std::runtime_error& unsafe) {
        throw journal_error(unsafe.what());
    }
    return true;
}

/// Whether the file's system has the locks that SQLite needs. SQLite itself takes one without for a file that is in
/// use. Takes none.
bool has_locks(int fd) {
    struct flock asked {};
    asked.l_type = F_WRLCK;
    asked.l_whence = SEEK_SET;
    return ::fcntl(fd, F_GETLK, &asked) == 0 || (errno != ENOLCK && errno != ENOSYS && errno != EOPNOTSUPP);
}

void make_private(const file_format& format, const fs::path& file) {
    const base::unique_fd opened{::open(file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600)};
    if (!opened || ::fchmod(opened.get(), 0600) != 0) {
        fail(file, errno);
    }
    if (!has_locks(opened.get())) {
        refuse(format, file, "is on a file system without locks");
    }
}

std::int64_t version_of(const file_format& format, const fs::path& file, sqlite::database& opened) {
    const auto version = opened.number("PRAGMA user_version");
    const auto id = opened.number("PRAGMA application_id");
    if (id != format.application_id &&
        (id != 0 || version != 0 || opened.number("SELECT count(*) FROM sqlite_schema") != 0)) {
        refuse(format, file, "is a database of another program");
    }
    if (version > format.newest_version()) {
        refuse(format, file,
            "was written by a newer hookd (its version is " + std::to_string(version) + ", and this hookd knows " +
                std::to_string(format.newest_version()) + ")");
    }
    return version;
}

void migrate(const file_format& format, sqlite::database& opened) {
    sqlite::transaction all{opened};
    // Read here: another hookd may have been first.
    for (auto version = opened.number("PRAGMA user_version"); version < format.newest_version(); ++version) {
        opened.run(format.migrations[static_cast<std::size_t>(version)]);
    }
    opened.run(("PRAGMA application_id = " + std::to_string(format.application_id)).c_str());
    opened.run(("PRAGMA user_version = " + std::to_string(format.newest_version())).c_str());
    all.commit();
}

sqlite::database open_checked(const file_format& format, const fs::path& file) {
    sqlite::database opened{file};
    opened.wait_for_others(patience_with_others);
    const auto version = version_of(format, file, opened);
    opened.run(format.settings);
    if (version == 0) {
        opened.run(format.first_settings);
    }
    if (opened.text("PRAGMA journal_mode = WAL") != "wal") {
        refuse(format, file, "is on a file system without shared memory or locks");
    }
    if (version < format.newest_version()) {
        migrate(format, opened);
    }
    opened.run(format.settings);
    for (const char* const probe : format.probes) {
        (void)opened.number(probe);
    }
    return opened;
}

sqlite::database open_file(const file_format& format, const fs::path& file) {
    try {
        base::prepare_directory(file.parent_path(), "--journal");
    } catch (const std::runtime_error& unsafe) {
        throw journal_error(std::string{unsafe.what()} + ", or start with --journal off");
    }
    (void)check_owner(format, file);
    make_private(format, file);
    try {
        return open_checked(format, file);
    } catch (const sqlite::error& failure) {
        pass_on(format, file, failure);
    }
}

// Throws what a person must see to, and makes and changes nothing.
void check_kept_file(const file_format& format, const fs::path& file) {
    try {
        if (!check_owner(format, file)) {
            return;
        }
        sqlite::database opened{file};
        if (version_of(format, file, opened) == format.newest_version()) {
            for (const char* const probe : format.probes) {
                (void)opened.number(probe);
            }
        }
    } catch (const sqlite::error& failure) {
        try {
            pass_on(format, file, failure);
        } catch (const sqlite::error&) {  // what may pass
        }
    }
}

}  // namespace

file_identity file_identity::of(const fs::path& file) noexcept {
    struct stat found {};
    return ::stat(file.c_str(), &found) == 0 ? file_identity{found.st_dev, found.st_ino} : file_identity{};
}

sqlite::database open_journal_file(const fs::path& file) { return open_file(journal_format, file); }

sqlite::database open_durable_file(const fs::path& file) {
    std::error_code unknown;
    const bool is_there = fs::exists(file, unknown) && fs::file_size(file, unknown) > 0;
    try {
        auto opened = open_file(durable_format, file);
        sqlite::transaction{opened}.commit();  // takes the lock, which it keeps
        try {
            base::sync_directory(file.parent_path());
        } catch (const fs::filesystem_error& failure) {
            throw sqlite::error(failure.what(), SQLITE_CANTOPEN);
        }
        return opened;
    } catch (const sqlite::error& failure) {
        if (failure.primary_code() == SQLITE_BUSY) {
            refuse(durable_format, file, "is in use by another hookd or another program");
        }
        if (is_there) {
            refuse(durable_format, file, "cannot be read or written (" + std::string{failure.what()} + ")");
        }
        throw;
    }
}

void check_journal_file(const fs::path& file) { check_kept_file(journal_format, file); }

void check_durable_file(const fs::path& file) { check_kept_file(durable_format, file); }

}  // namespace hookd::server
