// SPDX-License-Identifier: BSL-1.0
#include "pointer.hpp"

#include "text.hpp"

#include <base/text/number.hpp>

#include <algorithm>
#include <cstddef>
#include <string>

namespace hookd::base {
namespace {

std::optional<std::string_view> member_of(std::string_view object, std::string_view name) {
    std::optional<std::string_view> found;
    for (json_cursor members{object}; const auto member = members.next();) {
        if (member->key.equals(name)) {
            found = member->value;
        }
    }
    return found;
}

std::optional<std::string_view> element_of(std::string_view array, std::string_view index) {
    auto left = element_index(index);
    if (!left) {
        return std::nullopt;
    }
    for (json_cursor elements{array}; const auto element = elements.next();) {
        if ((*left)-- == 0) {
            return element->value;
        }
    }
    return std::nullopt;
}

std::optional<std::string_view> child(std::string_view value, std::string_view token) {
    switch (kind_of(value)) {
        case json_kind::object:
            return member_of(value, token);
        case json_kind::array:
            return element_of(value, token);
        default:
            return std::nullopt;
    }
}

}  // namespace

std::string take_pointer_token(std::string_view& pointer) {
    pointer.remove_prefix(1);
    const auto end = std::min(pointer.find('/'), pointer.size());
    std::string token;
    for (std::size_t i = 0; i < end; ++i) {
        if (pointer[i] == '~' && i + 1 < end) {
            token.push_back(pointer[++i] == '0' ? '~' : '/');
        } else {
            token.push_back(pointer[i]);
        }
    }
    pointer.remove_prefix(end);
    return token;
}

std::optional<std::size_t> element_index(std::string_view token) noexcept {
    const bool has_leading_zero = token.size() > 1 && token.front() == '0';
    return has_leading_zero ? std::nullopt : parse_number<std::size_t>(token);
}

std::optional<std::string_view> find_value(std::string_view text, std::string_view pointer) {
    std::optional<std::string_view> value = trimmed_json(text);
    while (value && !pointer.empty()) {
        value = pointer.front() == '/' ? child(*value, take_pointer_token(pointer)) : std::nullopt;
    }
    return value;
}

std::string_view nearest_value(std::string_view text, std::string_view pointer) {
    auto value = trimmed_json(text);
    while (!pointer.empty()) {
        const auto next = child(value, take_pointer_token(pointer));
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

}  // namespace hookd::base
