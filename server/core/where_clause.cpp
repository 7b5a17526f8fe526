// SPDX-License-Identifier: BSL-1.0
#include "where_clause.hpp"

namespace hookd::core {

void where_clause::set(const std::vector<protocol::payload_condition>& conditions) {
    std::vector<condition> next;
    next.reserve(conditions.size());
    try {
        for (const auto& each : conditions) {
            next.push_back({nullptr, each.glob});
            next.back().pointer = pointers_.add(each.pointer);
        }
    } catch (...) {
        release(next);
        throw;
    }
    conditions_.swap(next);
    release(next);
}

void where_clause::release(std::vector<condition>& conditions) noexcept {
    for (const auto& each : conditions) {
        if (each.pointer != nullptr) {
            pointers_.remove(each.pointer);
        }
    }
    conditions.clear();
}

}  // namespace hookd::core
