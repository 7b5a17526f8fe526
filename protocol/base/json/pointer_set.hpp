// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace hookd::base {

/// JSON pointers (RFC 6901) that are looked up in a text together: it is walked once, however many they are. Each is in
/// it as often as it was added.
///
/// Thread-safety: none; look_up() may run on several threads. May throw std::bad_alloc.
class pointer_set {
    using counts = std::map<std::string, std::size_t, std::less<>>;

public:
    /// A pointer of the set, valid until it has been removed as often as it was added.
    using place = counts::const_pointer;
    /// The bytes of the values that were found, with their quotes and brackets.
    using values = boost::unordered_flat_map<place, std::string_view>;

    pointer_set() = default;
    pointer_set(const pointer_set&) = delete;
    pointer_set& operator=(const pointer_set&) = delete;

    [[nodiscard]] bool empty() const noexcept { return pointers_.empty(); }
    [[nodiscard]] std::size_t size() const noexcept { return pointers_.size(); }

    /// What is no pointer leads nowhere.
    place add(std::string_view pointer);
    void remove(place known) noexcept;

    /// Looks all of them up in `text`, which is valid JSON and must outlive `found`, where the values are added. Of a
    /// repeated member the last one counts. Returns false if that takes more than `steps_left`, of about a nanosecond
    /// each; those made are taken off. What has been found then says nothing.
    [[nodiscard]] bool look_up(std::string_view text, std::size_t& steps_left, values& found) const;

private:
    class walk;

    counts pointers_{};
};

}  // namespace hookd::base
