// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace hookd::base {

/// Skips values of a text that is known to be valid JSON, 64 bytes at a time and whatever they consist of:
/// json_scanner, which checks what it skips, takes ten times as long for many small values.
///
/// Counts what it does in steps of about a nanosecond each. Once it would need more than it was given it gives up.
///
/// Positions are as json_scanner's: each function takes one and returns the one after what it has skipped, or null once
/// it has given up.
///
/// Thread-safety: none. Lifetime: the text and the count must outlive it.
class json_skipper {
public:
    /// `steps_left`: those made are taken off.
    json_skipper(std::string_view text, std::size_t& steps_left) noexcept
        : end_(text.data() + text.size()), steps_left_(steps_left) {}

    /// Whether there are that many steps left, which are then taken off. If not, none are left.
    [[nodiscard]] bool take_steps(std::size_t steps) noexcept;
    [[nodiscard]] bool has_given_up() const noexcept { return steps_left_ == 0; }

    [[nodiscard]] const char* skip_space(const char* at) const noexcept;
    /// The string whose opening quote is at `at`.
    [[nodiscard]] const char* skip_string(const char* at) noexcept;
    [[nodiscard]] const char* skip_value(const char* at) noexcept;

    /// Calls `on_member(name, value, after)` for each member of the object whose opening brace is at `at`: the bytes
    /// between the quotes of its name, and where its value begins and ends. Returns false once it has given up.
    template <class OnMember>
    [[nodiscard]] bool walk_object(const char* at, OnMember on_member) {
        for (at = skip_space(at + 1); *at != '}'; at = next_item(at)) {
            const char* const name = at + 1;
            const char* const after_name = take_steps(member_steps) ? skip_string(at) : nullptr;
            if (after_name == nullptr) {
                return false;
            }
            const char* const value = skip_space(skip_space(after_name) + 1);  // the colon
            at = skip_value(value);
            if (at == nullptr) {
                return false;
            }
            on_member(std::string_view{name, static_cast<std::size_t>(after_name - 1 - name)}, value, at);
        }
        return true;
    }

    /// The same for the elements of an array: `on_element(value, after)`, which returns whether it wants the next one.
    template <class OnElement>
    [[nodiscard]] bool walk_array(const char* at, OnElement on_element) {
        for (at = skip_space(at + 1); *at != ']'; at = next_item(at)) {
            const char* const value = at;
            at = take_steps(element_steps) ? skip_value(value) : nullptr;
            if (at == nullptr) {
                return false;
            }
            if (!on_element(value, at)) {
                return true;
            }
        }
        return true;
    }

private:
    static constexpr std::size_t member_steps = 25;
    static constexpr std::size_t element_steps = 8;

    const char* skip_container(const char* at) noexcept;
    // From the end of a value to the next item, or to what closes the container.
    [[nodiscard]] const char* next_item(const char* at) const noexcept {
        at = skip_space(at);
        return *at == ',' ? skip_space(at + 1) : at;
    }

    const char* end_;
    std::size_t& steps_left_;
};

}  // namespace hookd::base
