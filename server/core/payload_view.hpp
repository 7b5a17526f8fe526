// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <base/json/pointer_set.hpp>
#include <hookd/protocol/methods.hpp>

#include <boost/unordered/unordered_flat_map.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hookd::core {

/// Whether `text`, the string that its pointer leads to, meets `condition`. True, too, if that takes more than
/// `steps_left` character comparisons, from which those made are taken off.
[[nodiscard]] bool holds(
    const protocol::payload_condition& condition, const std::optional<std::string>& text, std::size_t& steps_left);

/// A payload as the conditions of many sessions see it (PROTOCOL.md, `where`). Where they are expected it is walked
/// once for all their pointers.
///
/// Comparing takes at most most_steps character comparisons in all; a condition that would need more counts as met: a
/// guard is then asked without need, not passed over.
///
/// Thread-safety: none. Lifetime: the payload, and the conditions that it is compared with, must outlive it.
class payload_view {
public:
    static constexpr std::size_t most_steps = std::size_t{1} << 24;

    /// `payload`: valid JSON.
    explicit payload_view(std::string_view payload) noexcept : payload_(payload) {}

    /// Those will be asked for. They must outlive this.
    void expect(const std::vector<protocol::payload_condition>& conditions);

    /// Whether each of `conditions` holds.
    [[nodiscard]] bool meets(const std::vector<protocol::payload_condition>& conditions);

    /// The string that a pointer, which must outlive this, leads to; nothing where it leads to none.
    [[nodiscard]] const std::optional<std::string>& string_at(std::string_view pointer);

private:
    void look_up_expected();
    static void note(std::optional<std::string>& known, const std::optional<std::string_view>& value);

    std::string_view payload_;
    std::size_t steps_left_ = most_steps;
    boost::unordered_flat_map<std::string_view, std::optional<std::string>> known_{};
    boost::unordered_flat_map<std::string_view, std::size_t> expected_{};  // and their numbers in pointers_
    std::optional<base::pointer_set> pointers_{};                          // of those
};

}  // namespace hookd::core
