// SPDX-License-Identifier: BSL-1.0
#include "responder_records.hpp"

#include <algorithm>

namespace hookd::core {

std::shared_ptr<responder_record> responder_records::of(std::string_view name) {
    if (const auto known = by_name_.find(name); known != by_name_.end()) {
        recent_.splice(recent_.begin(), recent_, known->second);
        return recent_.front();
    }
    if (recent_.size() == most_names) {
        by_name_.erase(recent_.back()->name);
        recent_.pop_back();
    }
    recent_.push_front(std::make_shared<responder_record>(name));
    by_name_.emplace(recent_.front()->name, recent_.begin());
    return recent_.front();
}

void responder_records::summarize(std::vector<protocol::stats_result::responder>& out) const {
    for (const auto& each : recent_) {
        auto& one = out.emplace_back();
        one.name = each->name;
        one.asked = each->asked;
        one.replied = each->replied;
        one.vetoed = each->vetoed;
        one.failed = each->failed;
        one.lagged = each->lagged;
        each->times.summarize(one);
    }
    std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
}

}  // namespace hookd::core
