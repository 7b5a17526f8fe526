#include "json_place.hpp"

#include "decimal.hpp"

#include <hookd/protocol/json_text.hpp>

#include <boost/unordered/unordered_flat_set.hpp>

#include <map>

namespace hookd::catalogs {

using protocol::json_cursor;
using protocol::json_kind;
using protocol::json_string;

namespace {

json_string string_in(std::string_view value) noexcept { return {value.substr(1, value.size() - 2)}; }

using spender = std::function<void(std::size_t)>;

void append_canonical(std::string& out, std::string_view value, const spender& spend) {
    constexpr std::size_t read_in_a_step = 32;
    spend(1 + value.size() / read_in_a_step);
    switch (protocol::kind_of(value)) {
    case json_kind::object: {
        std::map<std::string, std::string_view> members;
        for (json_cursor cursor{value}; const auto member = cursor.next();) {
            members.insert_or_assign(member->key.decode(), member->value);
        }
        out += '{';
        for (const auto& [name, inner] : members) {
            out += out.back() == '{' ? "" : ",";
            protocol::append_json_string(out, name);
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
    case json_kind::string: protocol::append_json_string(out, string_in(value).decode()); break;
    case json_kind::number: decimal{value}.append_canonical(out); break;
    case json_kind::boolean:
    case json_kind::null: out += value; break;
    }
}

// The next name of a pointer, decoded; takes it off.
std::string take_name(std::string_view& pointer) {
    pointer.remove_prefix(1);
    const auto end = std::min(pointer.find('/'), pointer.size());
    std::string name;
    for (std::size_t i = 0; i < end; ++i) {
        if (pointer[i] == '~' && i + 1 < end) {
            name.push_back(pointer[++i] == '0' ? '~' : '/');
        } else {
            name.push_back(pointer[i]);
        }
    }
    pointer.remove_prefix(end);
    return name;
}

std::optional<std::string_view> child(std::string_view value, std::string_view name) {
    const auto kind = protocol::kind_of(value);
    if (kind != json_kind::object && kind != json_kind::array) {
        return std::nullopt;
    }
    std::size_t index = 0;
    std::optional<std::string_view> found;
    for (json_cursor cursor{value}; const auto each = cursor.next(); ++index) {
        if (kind == json_kind::object ? each->key.equals(name) : std::to_string(index) == name) {
            found = each->value;
        }
    }
    return found;
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

std::optional<std::string_view> find_value(std::string_view text, std::string_view pointer) {
    std::optional<std::string_view> value = trimmed_json(text);
    while (value && !pointer.empty()) {
        value = pointer.front() == '/' ? child(*value, take_name(pointer)) : std::nullopt;
    }
    return value;
}

std::string_view value_at(std::string_view text, std::string_view pointer) {
    auto value = trimmed_json(text);
    while (!pointer.empty()) {
        const auto next = child(value, take_name(pointer));
        if (!next) {
            break;
        }
        value = *next;
    }
    return value;
}

std::string_view trimmed_json(std::string_view text) noexcept {
    constexpr std::string_view white_space = " \t\r\n";
    const auto begin = std::min(text.find_first_not_of(white_space), text.size());
    return text.substr(begin, text.find_last_not_of(white_space) + 1 - begin);
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
    const auto value = trimmed_json(text);
    const auto kind = protocol::kind_of(value);
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
