// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

/// As much of SQLite as the journal needs. Thread-safety: none; a database and its statements are used by one thread at
/// a time.
namespace hookd::server::sqlite {

/// What SQLite says has failed; what() has the file's name.
class error : public std::runtime_error {
public:
    error(const std::string& message, int code) : std::runtime_error(message), code_(code) {}
    /// Extended, as SQLITE_IOERR_WRITE.
    [[nodiscard]] int code() const noexcept { return code_; }
    /// As SQLITE_IOERR.
    [[nodiscard]] int primary_code() const noexcept { return code_ & 0xff; }

private:
    int code_;
};

class database {
public:
    /// `file` must be there. Throws error.
    explicit database(const std::filesystem::path& file);

    /// How long a statement waits for another program that has the file.
    void wait_for_others(std::chrono::milliseconds most) noexcept;
    /// One or more statements without parameters, to their end.
    void run(const char* sql);
    /// The number in the first column of the first row; 0 where there is none.
    [[nodiscard]] std::int64_t number(const char* sql);
    [[nodiscard]] std::string text(const char* sql);
    /// Rows that the last statement changed.
    [[nodiscard]] std::int64_t changes() const noexcept;
    /// Whether a transaction is open: some errors end it.
    [[nodiscard]] bool in_transaction() const noexcept;
    [[nodiscard]] sqlite3* handle() const noexcept { return handle_.get(); }
    [[noreturn]] void fail(int code) const;

private:
    struct closer {
        void operator()(sqlite3* open) const noexcept;
    };
    std::filesystem::path file_;
    std::unique_ptr<sqlite3, closer> handle_{};
};

class statement {
public:
    /// The database must outlive it.
    statement(database& connection, std::string_view sql);

    // Parameters count from 1. What is bound must stay until the statement has ended.
    statement& bind(int index, std::int64_t value);
    statement& bind_text(int index, std::string_view value);
    statement& bind_blob(int index, const void* bytes, std::size_t size);
    statement& bind_null(int index);

    /// Whether there is a row; then its columns may be read.
    [[nodiscard]] bool step();
    /// To its end; ready for other parameters.
    void run();
    void reset() noexcept;

    // Columns count from 0. Texts are valid until the next step.
    [[nodiscard]] bool is_null(int column) const noexcept;
    [[nodiscard]] std::int64_t number(int column) const noexcept;
    [[nodiscard]] std::string_view text(int column) const noexcept;

private:
    struct finalizer {
        void operator()(sqlite3_stmt* prepared) const noexcept;
    };
    void check(int code) const;

    database& connection_;
    std::unique_ptr<sqlite3_stmt, finalizer> prepared_{};
};

/// Rolled back unless commit() was called.
class transaction {
public:
    explicit transaction(database& connection) : connection_(connection) { connection_.run("BEGIN IMMEDIATE"); }
    transaction(const transaction&) = delete;
    transaction& operator=(const transaction&) = delete;
    ~transaction();
    void commit() { connection_.run("COMMIT"); }

private:
    database& connection_;
};

}  // namespace hookd::server::sqlite
