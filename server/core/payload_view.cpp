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

void payload_view::expect(const std::vector<protocol::payload_condition>& conditions) {
    for (const auto& each : conditions) {
        if (known_.contains(each.pointer) || expected_.contains(each.pointer)) {
            continue;
        }
        if (!pointers_) {
            pointers_.emplace();
        }
        if (const auto number = pointers_->add(each.pointer)) {
            expected_.emplace(each.pointer, *number);
        }
    }
}

void payload_view::look_up_expected() {
    pointers_->look_up(payload_);
    for (const auto& [pointer, number] : expected_) {
        note(known_[pointer], pointers_->value_of(number));
    }
    expected_.clear();
    pointers_.reset();
}

void payload_view::note(std::optional<std::string>& known, const std::optional<std::string_view>& value) {
    if (value && base::kind_of(*value) == base::json_kind::string) {
        known = base::json_string{value->substr(1, value->size() - 2)}.decode();
    }
}

const std::optional<std::string>& payload_view::string_at(std::string_view pointer) {
    if (pointers_) {
        look_up_expected();
    }
    const auto [known, is_new] = known_.try_emplace(pointer);
    if (is_new) {
        note(known->second, base::find_value(payload_, pointer));
    }
    return known->second;
}

bool payload_view::meets(const std::vector<protocol::payload_condition>& conditions) {
    return std::all_of(conditions.begin(), conditions.end(),
        [this](const protocol::payload_condition& each) { return holds(each, string_at(each.pointer), steps_left_); });
}

}  // namespace hookd::core
