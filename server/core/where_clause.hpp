// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <base/json/pointer_set.hpp>
#include <hookd/protocol/methods.hpp>

#include <string>
#include <vector>

namespace hookd::core {

/// The conditions of a session or hook on payloads (PROTOCOL.md, `where`), whose pointers are in a set with those of
/// others: payload_view compares them.
///
/// Thread-safety: none (broker's strand). Lifetime: the set must outlive it.
class where_clause {
public:
    struct condition {
        base::pointer_set::place pointer = nullptr;
        std::string glob{};
    };

    explicit where_clause(base::pointer_set& pointers, const std::vector<protocol::payload_condition>& conditions = {})
        : pointers_(pointers) {
        set(conditions);
    }
    where_clause(const where_clause&) = delete;
    where_clause& operator=(const where_clause&) = delete;
    ~where_clause() { release(conditions_); }

    /// May throw std::bad_alloc; nothing has changed then.
    void set(const std::vector<protocol::payload_condition>& conditions);

    [[nodiscard]] const base::pointer_set& pointers() const noexcept { return pointers_; }
    [[nodiscard]] bool empty() const noexcept { return conditions_.empty(); }
    [[nodiscard]] const std::vector<condition>& conditions() const noexcept { return conditions_; }

private:
    void release(std::vector<condition>& conditions) noexcept;

    base::pointer_set& pointers_;
    std::vector<condition> conditions_{};
};

}  // namespace hookd::core
