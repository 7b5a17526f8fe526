// SPDX-License-Identifier: BSL-1.0
#include "payload_view.hpp"

#include <base/json/pointer.hpp>
#include <base/json/text.hpp>
#include <base/text/glob.hpp>

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
    return base::glob_matches(condition.glob, *text);
}

const std::optional<std::string>& payload_view::string_at(std::string_view pointer) {
    const auto [known, is_new] = known_.try_emplace(pointer);
    if (is_new) {
        const auto value = base::find_value(payload_, pointer);
        if (value && base::kind_of(*value) == base::json_kind::string) {
            known->second = base::json_string{value->substr(1, value->size() - 2)}.decode();
        }
    }
    return known->second;
}

bool payload_view::meets(const std::vector<protocol::payload_condition>& conditions) {
    return std::all_of(conditions.begin(), conditions.end(),
        [this](const protocol::payload_condition& each) { return holds(each, string_at(each.pointer), steps_left_); });
}

}  // namespace hookd::core
