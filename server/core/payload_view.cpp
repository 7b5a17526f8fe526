#include "payload_view.hpp"

#include "glob.hpp"

#include <hookd/protocol/json_text.hpp>

#include <algorithm>
#include <charconv>

namespace hookd::core {
namespace {

using protocol::json_cursor;
using protocol::json_kind;
using protocol::json_string;
using protocol::kind_of;

// One reference token of a JSON pointer, its escapes decoded (RFC 6901, section 4).
std::string decode_token(std::string_view token) {
    std::string text;
    for (std::size_t i = 0; i < token.size(); ++i) {
        if (token[i] == '~') {
            text += token[++i] == '0' ? '~' : '/';
        } else {
            text += token[i];
        }
    }
    return text;
}

// Of a repeated member the last, as parsers have it. Empty where there is none.
std::string_view member_of(std::string_view object, std::string_view name) {
    std::string_view found;
    for (json_cursor members{object}; const auto member = members.next();) {
        if (member->key.equals(name)) {
            found = member->value;
        }
    }
    return found;
}

std::string_view element_of(std::string_view array, std::string_view index) {
    std::size_t left = 0;
    const auto [stop, failure] = std::from_chars(index.data(), index.data() + index.size(), left);
    if (failure != std::errc{} || stop != index.data() + index.size() || (index.size() > 1 && index.front() == '0')) {
        return {};
    }
    for (json_cursor elements{array}; const auto element = elements.next();) {
        if (left-- == 0) {
            return element->value;
        }
    }
    return {};
}

std::string_view value_at(std::string_view value, std::string_view pointer) {
    while (!pointer.empty() && !value.empty()) {
        const auto end = std::min(pointer.find('/', 1), pointer.size());
        const std::string token = decode_token(pointer.substr(1, end - 1));
        pointer.remove_prefix(end);
        if (kind_of(value) == json_kind::object) {
            value = member_of(value, token);
        } else {
            value = kind_of(value) == json_kind::array ? element_of(value, token) : std::string_view{};
        }
    }
    return value;
}

}  // namespace

const std::optional<std::string>& payload_view::string_at(std::string_view pointer) {
    const auto [known, is_new] = known_.try_emplace(pointer);
    if (is_new) {
        const auto value = value_at(payload_.substr(std::min(payload_.find_first_not_of(" \t\r\n"), payload_.size())), pointer);
        if (!value.empty() && kind_of(value) == json_kind::string) {
            known->second = json_string{value.substr(1, value.rfind('"') - 1)}.decode();
        }
    }
    return known->second;
}

bool payload_view::meets(const std::vector<protocol::payload_condition>& conditions) {
    return std::all_of(conditions.begin(), conditions.end(), [this](const protocol::payload_condition& each) {
        const auto& text = string_at(each.pointer);
        if (!text) {
            return false;
        }
        const std::size_t steps = text->size() * std::max<std::size_t>(each.glob.size(), 1);
        if (steps > steps_left_) {
            return true;
        }
        steps_left_ -= steps;
        return glob_matches(each.glob, *text);
    });
}

}  // namespace hookd::core
