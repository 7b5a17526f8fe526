// SPDX-License-Identifier: BSL-1.0
#include "payload_view.hpp"

#include "glob.hpp"

#include <hookd/protocol/json_pointer.hpp>
#include <hookd/protocol/json_text.hpp>

#include <algorithm>

namespace hookd::core {

bool holds(
    const protocol::payload_condition& condition, const std::optional<std::string>& text, std::size_t& steps_left) {
    if (!text) {
        return false;
    }
    const std::size_t steps = text->size() * std::max<std::size_t>(condition.glob.size(), 1);
    if (steps > steps_left) {
        return true;
    }
    steps_left -= steps;
    return glob_matches(condition.glob, *text);
}

const std::optional<std::string>& payload_view::string_at(std::string_view pointer) {
    const auto [known, is_new] = known_.try_emplace(pointer);
    if (is_new) {
        const auto value = protocol::find_value(payload_, pointer);
        if (value && protocol::kind_of(*value) == protocol::json_kind::string) {
            known->second = protocol::json_string{value->substr(1, value->size() - 2)}.decode();
        }
    }
    return known->second;
}

bool payload_view::meets(const std::vector<protocol::payload_condition>& conditions) {
    return std::all_of(conditions.begin(), conditions.end(),
        [this](const protocol::payload_condition& each) { return holds(each, string_at(each.pointer), steps_left_); });
}

}  // namespace hookd::core
