// SPDX-License-Identifier: BSL-1.0
#include "payload_view.hpp"

#include <base/json/text.hpp>
#include <base/text/glob.hpp>

#include <algorithm>

namespace hookd::core {
namespace {

const std::optional<std::string> no_string{};

}  // namespace

bool holds(std::string_view glob, const std::optional<std::string>& text, condition_steps& steps) {
    if (!text) {
        return false;
    }
    const std::size_t needed = text->size() * std::max<std::size_t>(glob.size(), 1);
    if (needed > steps.comparing) {
        return true;
    }
    steps.comparing -= needed;
    return base::glob_matches(glob, *text);
}

bool payload_view::is_known() {
    if (!is_known_) {
        is_known_ = pointers_.look_up(payload_, steps_.reading, values_);
    }
    return *is_known_;
}

const std::optional<std::string>& payload_view::string_at(base::pointer_set::place pointer) {
    if (!is_known()) {
        return no_string;
    }
    const auto value = values_.find(pointer);
    if (value == values_.end() || base::kind_of(value->second) != base::json_kind::string) {
        return no_string;
    }
    const auto [known, is_new] = strings_.try_emplace(pointer);
    if (is_new) {
        known->second = base::json_string{value->second.substr(1, value->second.size() - 2)}.decode();
    }
    return known->second;
}

bool payload_view::meets(const where_clause& where) {
    return where.empty() || !is_known() ||
           std::all_of(
               where.conditions().begin(), where.conditions().end(), [this](const where_clause::condition& each) {
                   return holds(each.glob, string_at(each.pointer), steps_);
               });
}

}  // namespace hookd::core
