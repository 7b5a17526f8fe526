// SPDX-License-Identifier: BSL-1.0
#include "json_place.hpp"

#include "decimal.hpp"

#include <base/json/pointer.hpp>
#include <base/json/text.hpp>

#include <boost/unordered/unordered_flat_set.hpp>

#include <map>

namespace hookd::catalogs {

using base::json_cursor;
using base::json_kind;
using base::json_string;

namespace {

json_string string_in(std::string_view value) noexcept { return {value.substr(1, value.size() - 2)}; }

using spender = std::function<void(std::size_t)>;

void append_canonical(std::string& out, std::string_view value, const spender& spend) {
    constexpr std::size_t read_in_a_step = 32;
    spend(1 + value.size() / read_in_a_step);
    switch (base::kind_of(value)) {
        case json_kind::object: {
            std::map<std::string, std::string_view> members;
            for (json_cursor cursor{value}; const auto member = cursor.next();) {
                members.insert_or_assign(member->key.decode(), member->value);
            }
            out += '{';
            for (const auto& [name, inner] : members) {
                out += out.back() == '{' ? "" : ",";
                base::append_json_string(out, name);
                out += ':';
                append_canonical(out, inner, spend);
            }
            out += '}';
            break;
        }
        case json_kind::array: {
            out += '[';
            for (json_cursor cursor{value}; const auto element = cursor.next();) {
                out += out.back() == '[' ? "" : ",";
                append_canonical(out, element->value, spend);
            }
            out += ']';
            break;
        }
        case json_kind::string:
            base::append_json_string(out, string_in(value).decode());
            break;
        case json_kind::number:
            decimal{value}.append_canonical(out);
            break;
        case json_kind::boolean:
        case json_kind::null:
            out += value;
            break;
    }
}

}  // namespace

void append_pointer(std::string& pointer, std::string_view name) {
    pointer += '/';
    for (const char c : name) {
        if (c == '~') {
            pointer += "~0";
        } else if (c == '/') {
            pointer += "~1";
        } else {
            pointer += c;
        }
    }
}

std::string canonical_json(std::string_view value, const std::function<void(std::size_t)>& spend) {
    std::string out;
    append_canonical(out, value, spend);
    return out;
}

std::string canonical_json(std::string_view value) {
    return canonical_json(value, [](std::size_t) {});
}

std::optional<repeated_name> find_repeated_name(std::string_view text) {
    const auto value = base::trimmed_json(text);
    const auto kind = base::kind_of(value);
    if (kind != json_kind::object && kind != json_kind::array) {
        return std::nullopt;
    }
    const auto begin = static_cast<std::size_t>(value.data() - text.data());
    boost::unordered_flat_set<std::string> names;
    for (json_cursor cursor{value}; const auto each = cursor.next();) {
        const auto offset = begin + static_cast<std::size_t>(each->value.data() - value.data());
        if (kind == json_kind::object && !names.insert(each->key.decode()).second) {
            return repeated_name{offset, each->key.decode()};
        }
        if (auto inner = find_repeated_name(each->value)) {
            inner->offset += offset;
            return inner;
        }
    }
    return std::nullopt;
}

}  // namespace hookd::catalogs
