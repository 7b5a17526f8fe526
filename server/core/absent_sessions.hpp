// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace hookd::core {

/// Sessions of an earlier process, by their names, whose replies waits still expect: the ids that stand for them until
/// one of that name is there again.
///
/// Thread-safety: none (broker's strand).
class absent_sessions {
public:
    [[nodiscard]] bool empty() const noexcept { return ids_.empty(); }
    /// The id of the `nth` one of that name, counted from 0; `nth` is at most one more than there are.
    [[nodiscard]] std::uint64_t id_of(std::string_view name, std::size_t nth) {
        auto [found, end] = ids_.equal_range(name);
        for (; found != end; ++found) {
            if (nth-- == 0) {
                return found->second;
            }
        }
        return ids_.emplace(name, ++last_id_)->second;
    }
    /// The id of the first one of that name; nothing if there is none.
    [[nodiscard]] std::optional<std::uint64_t> find(std::string_view name) const {
        const auto found = ids_.lower_bound(name);
        return found != ids_.end() && found->first == name ? std::optional{found->second} : std::nullopt;
    }
    /// The first one of that name, which find() has found, is there again.
    void remove(std::string_view name) { ids_.erase(ids_.lower_bound(name)); }
    /// The highest id of all that there were.
    [[nodiscard]] std::uint64_t last_id() const noexcept { return last_id_; }

private:
    std::multimap<std::string, std::uint64_t, std::less<>> ids_{};
    std::uint64_t last_id_ = 0;
};

}  // namespace hookd::core
