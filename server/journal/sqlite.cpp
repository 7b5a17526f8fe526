// SPDX-License-Identifier: BSL-1.0
#include "journal/sqlite.hpp"

#include <sqlite3.h>

namespace hookd::server::sqlite {

database::database(const std::filesystem::path& file) : file_(file) {
    sqlite3* opened = nullptr;
    const int code = ::sqlite3_open_v2(
        file.c_str(), &opened, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nullptr);
    handle_.reset(opened);  // to be closed even where opening failed
    if (code != SQLITE_OK) {
        fail(code);
    }
}

void database::closer::operator()(sqlite3* open) const noexcept { ::sqlite3_close_v2(open); }

void database::wait_for_others(std::chrono::milliseconds most) noexcept {
    ::sqlite3_busy_timeout(handle_.get(), static_cast<int>(most.count()));
}

void database::run(const char* sql) {
    if (const int code = ::sqlite3_exec(handle_.get(), sql, nullptr, nullptr, nullptr); code != SQLITE_OK) {
        fail(code);
    }
}

std::int64_t database::number(const char* sql) {
    statement query{*this, sql};
    return query.step() ? query.number(0) : 0;
}

std::string database::text(const char* sql) {
    statement query{*this, sql};
    return std::string{query.step() ? query.text(0) : std::string_view{}};
}

std::int64_t database::changes() const noexcept { return ::sqlite3_changes64(handle_.get()); }

bool database::in_transaction() const noexcept { return ::sqlite3_get_autocommit(handle_.get()) == 0; }

void database::fail(int code) const {
    const char* const why = handle_ ? ::sqlite3_errmsg(handle_.get()) : ::sqlite3_errstr(code);
    throw error(file_.string() + ": " + why, code);
}

statement::statement(database& connection, std::string_view sql) : connection_(connection) {
    sqlite3_stmt* prepared = nullptr;
    check(::sqlite3_prepare_v3(
        connection.handle(), sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT, &prepared, nullptr));
    prepared_.reset(prepared);
}

void statement::finalizer::operator()(sqlite3_stmt* prepared) const noexcept { ::sqlite3_finalize(prepared); }

void statement::check(int code) const {
    if (code != SQLITE_OK) {
        connection_.fail(code);
    }
}

statement& statement::bind(int index, std::int64_t value) {
    check(::sqlite3_bind_int64(prepared_.get(), index, value));
    return *this;
}

statement& statement::bind_text(int index, std::string_view value) {
    // A null pointer would be NULL, not the empty text.
    check(::sqlite3_bind_text64(
        prepared_.get(), index, value.empty() ? "" : value.data(), value.size(), nullptr, SQLITE_UTF8));
    return *this;
}

statement& statement::bind_blob(int index, const void* bytes, std::size_t size) {
    check(::sqlite3_bind_blob64(prepared_.get(), index, bytes, size, nullptr));
    return *this;
}

statement& statement::bind_null(int index) {
    check(::sqlite3_bind_null(prepared_.get(), index));
    return *this;
}

bool statement::step() {
    const int code = ::sqlite3_step(prepared_.get());
    if (code == SQLITE_ROW) {
        return true;
    }
    if (code != SQLITE_DONE) {
        ::sqlite3_reset(prepared_.get());
        connection_.fail(code);
    }
    return false;
}

void statement::run() {
    while (step()) {
    }
    reset();
}

void statement::reset() noexcept { ::sqlite3_reset(prepared_.get()); }

bool statement::is_null(int column) const noexcept {
    return ::sqlite3_column_type(prepared_.get(), column) == SQLITE_NULL;
}

std::int64_t statement::number(int column) const noexcept { return ::sqlite3_column_int64(prepared_.get(), column); }

std::string_view statement::text(int column) const noexcept {
    const auto* const bytes = static_cast<const char*>(::sqlite3_column_blob(prepared_.get(), column));
    return bytes == nullptr
               ? std::string_view{}
               : std::string_view{bytes, static_cast<std::size_t>(::sqlite3_column_bytes(prepared_.get(), column))};
}

transaction::~transaction() {
    if (connection_.in_transaction()) {
        ::sqlite3_exec(connection_.handle(), "ROLLBACK", nullptr, nullptr, nullptr);
    }
}

}  // namespace hookd::server::sqlite
