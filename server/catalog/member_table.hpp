// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <base/json/text.hpp>
#include <base/json/value_view.hpp>

#include <algorithm>
#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hookd::catalogs {

struct member {
    std::string_view name{};
    std::string_view value{};
};

/// The members of a JSON object in order of their names. Views of the object, which must outlive it. `spend(1)` is
/// called for each member, and may throw.
class member_table {
public:
    template <class Spend>
    member_table(std::string_view object, Spend spend) {
        for (const auto& each : base::value_view(object).members()) {
            spend(1);
            members_.push_back(
                {each.key.has_escapes() ? std::string_view{decoded_.emplace_back(each.key.decode())} : each.key.raw,
                    each.value});
        }
        std::stable_sort(
            members_.begin(), members_.end(), [](const member& a, const member& b) { return a.name < b.name; });
    }

    /// All members of a name: an object may repeat one.
    [[nodiscard]] std::pair<const member*, const member*> named(std::string_view name) const noexcept {
        const auto begin = std::lower_bound(
            members_.begin(), members_.end(), name, [](const member& a, std::string_view b) { return a.name < b; });
        auto end = begin;
        while (end != members_.end() && end->name == name) {
            ++end;
        }
        return {members_.data() + (begin - members_.begin()), members_.data() + (end - members_.begin())};
    }
    [[nodiscard]] bool has(std::string_view name) const noexcept {
        const auto [begin, end] = named(name);
        return begin != end;
    }
    [[nodiscard]] const std::vector<member>& all() const noexcept { return members_; }
    [[nodiscard]] std::size_t names() const noexcept {
        std::size_t count = 0;
        for (std::size_t i = 0; i < members_.size(); ++i) {
            count += i == 0 || members_[i].name != members_[i - 1].name ? 1 : 0;
        }
        return count;
    }

private:
    std::deque<std::string> decoded_{};  // views of its strings are kept
    std::vector<member> members_{};
};

}  // namespace hookd::catalogs
