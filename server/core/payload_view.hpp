// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "where_clause.hpp"

#include <base/json/pointer_set.hpp>

#include <boost/unordered/unordered_flat_map.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace hookd::core {

/// What may be spent on conditions of payloads within one request; what was is taken off. A condition for which it does
/// not suffice counts as met: a guard is then asked without need, not passed over.
struct condition_steps {
    std::size_t reading = 5'000'000;  ///< of payloads, about a nanosecond each: the largest one, two levels deep
    std::size_t comparing = std::size_t{1} << 24;  ///< characters with globs
};

/// What a request to resume, which goes through all that is retained, may spend.
inline constexpr condition_steps steps_of_resume{.reading = std::size_t{1} << 24};

/// Whether `text`, the string that a condition's pointer leads to, matches `glob`.
[[nodiscard]] bool holds(std::string_view glob, const std::optional<std::string>& text, condition_steps& steps);

/// A payload as conditions see it (PROTOCOL.md, `where`): it is walked once, for all pointers of the set.
///
/// Thread-safety: none. Lifetime: what it is constructed with must outlive it; nothing is added to `pointers`, or
/// removed, meanwhile.
class payload_view {
public:
    /// `payload`: valid JSON.
    payload_view(const base::pointer_set& pointers, std::string_view payload, condition_steps& steps) noexcept
        : pointers_(pointers), payload_(payload), steps_(steps) {}
    payload_view(const payload_view&) = delete;
    payload_view& operator=(const payload_view&) = delete;

    /// Whether each condition holds. Its pointers are in the set.
    [[nodiscard]] bool meets(const where_clause& where);

    /// Whether there were steps enough to read the payload.
    [[nodiscard]] bool is_known();
    /// The string that a pointer leads to; nothing where it leads to none, or that is not known.
    [[nodiscard]] const std::optional<std::string>& string_at(base::pointer_set::place pointer);

private:
    const base::pointer_set& pointers_;
    std::string_view payload_;
    condition_steps& steps_;
    std::optional<bool> is_known_{};  // nothing: it has not been read
    base::pointer_set::values values_{};
    boost::unordered_flat_map<base::pointer_set::place, std::optional<std::string>> strings_{};  // that were asked for
};

}  // namespace hookd::core
