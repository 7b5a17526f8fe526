// SPDX-License-Identifier: BSL-1.0
#include "raw_json.hpp"

#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

namespace hookd::test {
namespace {

void skip_space(std::string_view& rest) {
    const auto start = rest.find_first_not_of(" \t\r\n");
    rest.remove_prefix(start == std::string_view::npos ? rest.size() : start);
}

// The length of the string token that `rest` begins with, quotes included.
std::size_t string_size(std::string_view rest) {
    for (std::size_t i = 1; i < rest.size(); ++i) {
        if (rest[i] == '\\') {
            ++i;
        } else if (rest[i] == '"') {
            return i + 1;
        }
    }
    return rest.size();
}

std::string_view take_value(std::string_view& rest) {
    skip_space(rest);
    std::size_t size = 0;
    std::size_t depth = 0;
    while (size < rest.size()) {
        const char c = rest[size];
        if (c == '"') {
            size += string_size(rest.substr(size));
        } else if (c == '[' || c == '{') {
            ++depth;
            ++size;
        } else if (c == ']' || c == '}') {
            if (depth == 0) {
                break;
            }
            --depth;
            ++size;
        } else if (depth == 0 && (c == ',' || c == ' ' || c == '\t' || c == '\r' || c == '\n')) {
            break;
        } else {
            ++size;
            continue;
        }
        if (depth == 0) {
            break;
        }
    }
    const auto value = rest.substr(0, size);
    rest.remove_prefix(size);
    skip_space(rest);
    return value;
}

// Drops `c`, where it comes next.
bool take(std::string_view& rest, char c) {
    skip_space(rest);
    if (rest.empty() || rest.front() != c) {
        return false;
    }
    rest.remove_prefix(1);
    skip_space(rest);
    return true;
}

}  // namespace

std::optional<std::string_view> raw_member(std::string_view object, std::string_view name) {
    std::optional<std::string_view> found;
    auto rest = object;
    if (!take(rest, '{')) {
        return found;
    }
    while (!rest.empty() && rest.front() == '"') {
        const auto size = string_size(rest);
        const auto key = rest.substr(1, size - 2);
        rest.remove_prefix(size);
        if (!take(rest, ':')) {
            break;
        }
        const auto value = take_value(rest);
        if (key == name) {
            found = value;
        }
        take(rest, ',');
    }
    return found;
}

std::vector<std::string_view> raw_elements(std::string_view array) {
    std::vector<std::string_view> result;
    auto rest = array;
    if (!take(rest, '[')) {
        return result;
    }
    while (!rest.empty() && rest.front() != ']') {
        result.push_back(take_value(rest));
        take(rest, ',');
    }
    return result;
}

std::string json_string(std::string_view text) { return boost::json::serialize(boost::json::value(text)); }

std::string nested_arrays(std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

}  // namespace hookd::test
