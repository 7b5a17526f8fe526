// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <libpq-fe.h>

#include <cstddef>
#include <cstdint>
#include <functional>
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
    void add_optional_texts(const std::vector<std::optional<std::string>>& values);

    // Arrays of what `view` gives of each element of `range`, as a std::string_view: each is copied once.

    /// A NUL, which no text of PostgreSQL can hold, becomes `?`.
    template <class Range, class View = std::identity>
    void add_texts(const Range& range, View view = {}) {
        add_strings(kind::text, range, view);
    }
    template <class Range, class View = std::identity>
    void add_byteas(const Range& range, View view = {}) {
        add_strings(kind::bytea, range, view);
    }
    /// An empty one is null.
    template <class Range, class View = std::identity>
    void add_optional_byteas(const Range& range, View view = {}) {
        add_strings(kind::optional_bytea, range, view);
    }

    [[nodiscard]] int count() const noexcept { return static_cast<int>(values_.size()); }
    [[nodiscard]] const std::vector<std::string>& values() const noexcept { return values_; }

private:
    enum class kind : unsigned char { text, bytea, optional_bytea };

    template <class Elements, class Append>
    void add_array(std::uint32_t type, const Elements& elements, Append append);
    void begin_strings(kind type, std::size_t count, std::size_t bytes);
    void append_string(kind type, std::string_view bytes);

    template <class Range, class View>
    void add_strings(kind type, const Range& range, View view) {
        std::size_t bytes = 0;
        for (const auto& each : range) {
            bytes += std::string_view{std::invoke(view, each)}.size();
        }
        begin_strings(type, range.size(), bytes);
        for (const auto& each : range) {
            append_string(type, std::invoke(view, each));
        }
    }

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
