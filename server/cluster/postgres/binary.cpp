// SPDX-License-Identifier: BSL-1.0
#include "cluster/postgres/binary.hpp"

#include <hookd/protocol/uuid_text.hpp>

#include <algorithm>
#include <cstring>

namespace hookd::postgres {
namespace {

// pg_type.dat
constexpr std::uint32_t bool_type = 16;
constexpr std::uint32_t bytea_type = 17;
constexpr std::uint32_t bigint_type = 20;
constexpr std::uint32_t int_type = 23;
constexpr std::uint32_t text_type = 25;
constexpr std::uint32_t uuid_type = 2950;

void append_number(std::string& out, std::uint64_t value, std::size_t bytes) {
    for (std::size_t i = bytes; i-- > 0;) {
        out.push_back(static_cast<char>((value >> (8 * i)) & 0xff));
    }
}

void append_int(std::string& out, std::int64_t value) {
    append_number(out, static_cast<std::uint64_t>(value) & 0xffffffffU, 4);
}

void append_sized(std::string& out, std::string_view bytes) {
    append_int(out, static_cast<std::int64_t>(bytes.size()));
    out += bytes;
}

void append_null(std::string& out) { append_int(out, -1); }

std::string uuid_bytes(std::string_view text) {
    const auto id = protocol::parse_uuid(text).value();
    return {id.begin(), id.end()};
}

std::string without_nul(std::string text) {
    std::replace(text.begin(), text.end(), '\0', '?');
    return text;
}

// Dimensions, whether there may be nulls, the type, the length and the first index; each element follows, with its
// size.
void append_array_header(std::string& out, std::uint32_t type, std::size_t count) {
    append_int(out, count == 0 ? 0 : 1);
    append_int(out, 1);
    append_int(out, type);
    if (count > 0) {
        append_int(out, static_cast<std::int64_t>(count));
        append_int(out, 1);
    }
}

std::int64_t read_number(std::string_view bytes) noexcept {
    std::uint64_t value =
        !bytes.empty() && (static_cast<unsigned char>(bytes.front()) & 0x80U) != 0 ? ~std::uint64_t{0} : 0;
    for (const char each : bytes) {
        value = value << 8 | static_cast<unsigned char>(each);
    }
    return static_cast<std::int64_t>(value);
}

}  // namespace

template <class Elements, class Append>
void parameters::add_array(std::uint32_t type, const Elements& elements, Append append) {
    std::string out;
    append_array_header(out, type, elements.size());
    for (const auto& each : elements) {
        append(out, each);
    }
    values_.push_back(std::move(out));
}

void parameters::begin_strings(kind type, std::size_t count, std::size_t bytes) {
    constexpr std::size_t header = 20;
    constexpr std::size_t size_of_length = 4;
    auto& out = values_.emplace_back();
    out.reserve(header + count * size_of_length + bytes);
    append_array_header(out, type == kind::text ? text_type : bytea_type, count);
}

void parameters::append_string(kind type, std::string_view bytes) {
    auto& out = values_.back();
    if (type == kind::optional_bytea && bytes.empty()) {
        return append_null(out);
    }
    append_sized(out, bytes);
    if (type == kind::text) {
        std::replace(out.end() - static_cast<std::ptrdiff_t>(bytes.size()), out.end(), '\0', '?');
    }
}

void parameters::add(std::int32_t value) {
    values_.emplace_back();
    append_int(values_.back(), value);
}

void parameters::add(bool value) { values_.emplace_back(1, value ? '\1' : '\0'); }

void parameters::add_uuid(std::string_view id) { values_.push_back(uuid_bytes(id)); }

void parameters::add_bigints(const std::vector<std::int64_t>& values) {
    add_array(bigint_type, values, [](std::string& out, std::int64_t each) {
        append_int(out, 8);
        append_number(out, static_cast<std::uint64_t>(each), 8);
    });
}

void parameters::add_optional_bigints(const std::vector<std::optional<std::int64_t>>& values) {
    add_array(bigint_type, values, [](std::string& out, const std::optional<std::int64_t>& each) {
        if (!each) {
            return append_null(out);
        }
        append_int(out, 8);
        append_number(out, static_cast<std::uint64_t>(*each), 8);
    });
}

void parameters::add_ints(const std::vector<std::int32_t>& values) {
    add_array(int_type, values, [](std::string& out, std::int32_t each) {
        append_int(out, 4);
        append_int(out, each);
    });
}

void parameters::add_booleans(const std::vector<bool>& values) {
    add_array(bool_type, values, [](std::string& out, bool each) {
        append_sized(out, each ? std::string_view{"\1", 1} : std::string_view{"\0", 1});
    });
}

void parameters::add_uuids(const std::vector<std::string>& ids) {
    add_array(uuid_type, ids, [](std::string& out, const std::string& each) { append_sized(out, uuid_bytes(each)); });
}

void parameters::add_optional_texts(const std::vector<std::optional<std::string>>& values) {
    add_array(text_type, values, [](std::string& out, const std::optional<std::string>& each) {
        each ? append_sized(out, without_nul(*each)) : append_null(out);
    });
}

bool result::has_failed() const noexcept {
    const auto status = PQresultStatus(owned_.get());
    return status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK;
}

std::string result::message() const {
    const char* const text = PQresultErrorField(owned_.get(), PG_DIAG_MESSAGE_PRIMARY);
    return text != nullptr ? text : PQresultErrorMessage(owned_.get());
}

std::string result::sqlstate() const {
    const char* const text = PQresultErrorField(owned_.get(), PG_DIAG_SQLSTATE);
    return text != nullptr ? text : "";
}

std::string_view result::bytes(int row, int column) const noexcept {
    return {PQgetvalue(owned_.get(), row, column), static_cast<std::size_t>(PQgetlength(owned_.get(), row, column))};
}

std::int64_t result::integer(int row, int column) const noexcept { return read_number(bytes(row, column)); }

std::string result::uuid(int row, int column) const {
    const auto found = bytes(row, column);
    protocol::uuid id{};
    std::copy_n(found.begin(), std::min(found.size(), id.size()), id.begin());
    std::string text;
    protocol::append_uuid(text, id);
    return text;
}

std::vector<std::string> result::texts(int row, int column) const {
    constexpr std::size_t header = 20;
    std::vector<std::string> found;
    auto left = bytes(row, column);
    left.remove_prefix(std::min(header, left.size()));
    while (left.size() >= 4) {
        const auto size = read_number(left.substr(0, 4));
        left.remove_prefix(4);
        found.emplace_back(left.substr(0, size > 0 ? static_cast<std::size_t>(size) : 0));
        left.remove_prefix(found.back().size());
    }
    return found;
}

}  // namespace hookd::postgres
