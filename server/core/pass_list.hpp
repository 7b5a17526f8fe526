// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "session.hpp"

#include <hookd/protocol/methods.hpp>

#include <cstddef>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

namespace hookd::core {

/// Collects the hooks that an event passes over (protocol::passed_over_hooks), for one event after the other.
///
/// Thread-safety: none. Lifetime: names must outlive the call of share(), or clear().
class pass_list {
public:
    void clear() noexcept {
        named_.clear();
        total_ = 0;
    }
    /// May throw std::bad_alloc.
    void add(std::string_view name, protocol::pass_reason why) {
        ++total_;
        if (named_.size() < protocol::passed_over_hooks::most) {
            named_.emplace_back(name, why);
        }
    }
    /// What was collected; `last` if that is the same, else it becomes `last`. Null if there is nothing. May throw
    /// std::bad_alloc.
    [[nodiscard]] std::shared_ptr<const protocol::passed_over_hooks> share(
        std::shared_ptr<const protocol::passed_over_hooks>& last) const;

private:
    [[nodiscard]] bool equals(const protocol::passed_over_hooks& other) const noexcept;

    std::vector<std::pair<std::string_view, protocol::pass_reason>> named_{};
    std::size_t total_ = 0;
};

/// Adds `session`, if it is a hook's, to `passed`; null: it is not wanted.
inline void note_passed(pass_list* passed, const session& session, protocol::pass_reason why) {
    if (passed != nullptr && session.responds()) {
        passed->add(session.name(), why);
    }
}

}  // namespace hookd::core
