// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <libpq-fe.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hookd::postgres {

/// The parameters of one prepared statement in PostgreSQL's binary format: what they hold travels byte for byte.
class parameters {
public:
    void add(std::int32_t value);
    void add(bool value);
    void add_text(std::string_view value) { values_.emplace_back(value); }
    /// `id`: the text form, which must be valid.
    void add_uuid(std::string_view id);

    void add_bigints(const std::vector<std::int64_t>& values);
    void add_optional_bigints(const std::vector<std::optional<std::int64_t>>& values);
    void add_ints(const std::vector<std::int32_t>& values);
    void add_booleans(const std::vector<bool>& values);
    void add_uuids(const std::vector<std::string>& ids);
    /// A NUL, which no text of PostgreSQL can hold, becomes `?`.
    void add_texts(const std::vector<std::string>& values);
    void add_optional_texts(const std::vector<std::optional<std::string>>& values);
    void add_byteas(const std::vector<std::string>& values);
    /// An empty one is null.
    void add_optional_byteas(const std::vector<std::string>& values);

    [[nodiscard]] int count() const noexcept { return static_cast<int>(values_.size()); }
    [[nodiscard]] const std::vector<std::string>& values() const noexcept { return values_; }

private:
    template <class Elements, class Append>
    void add_array(std::uint32_t type, const Elements& elements, Append append);

    std::vector<std::string> values_{};
};

/// What one statement has returned, in the binary format, or why it failed.
class result {
public:
    explicit result(PGresult* owned) noexcept : owned_(owned) {}

    [[nodiscard]] bool has_failed() const noexcept;
    /// The primary message, without "ERROR:".
    [[nodiscard]] std::string message() const;
    [[nodiscard]] std::string sqlstate() const;

    [[nodiscard]] int rows() const noexcept { return PQntuples(owned_.get()); }
    [[nodiscard]] bool is_null(int row, int column) const noexcept {
        return PQgetisnull(owned_.get(), row, column) != 0;
    }
    [[nodiscard]] std::string_view bytes(int row, int column) const noexcept;
    [[nodiscard]] std::string text(int row, int column) const { return std::string{bytes(row, column)}; }
    /// Of an integer of any size, or a boolean; 0 where it is null.
    [[nodiscard]] std::int64_t integer(int row, int column) const noexcept;
    [[nodiscard]] bool boolean(int row, int column) const noexcept { return integer(row, column) != 0; }
    [[nodiscard]] std::string uuid(int row, int column) const;
    /// Of a text[]; empty where it is null.
    [[nodiscard]] std::vector<std::string> texts(int row, int column) const;

private:
    struct clear {
        void operator()(PGresult* each) const noexcept { PQclear(each); }
    };
    std::unique_ptr<PGresult, clear> owned_;
};

}  // namespace hookd::postgres
