// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <base/json/text.hpp>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hookd::hookctl {

/// The last member of that name in a valid JSON object; empty if there is none, or it is null, or `object` is not an
/// object.
[[nodiscard]] std::string_view json_member_of(std::string_view object, std::string_view name);
/// A string's text; empty if `value` is not a string.
[[nodiscard]] std::string json_text_of(std::string_view value);

/// The object `base` with the members of the object `over` in place of its own of the same names; `over` if `base` is
/// not an object.
[[nodiscard]] std::string merged_json(std::string_view base, std::string_view over);

/// Finds the end of a JSON object while it comes in, and its members. It checks no grammar and has no depth limit, so
/// that the sender and the event are known even if the object can't be used.
class json_outline {
public:
    struct span {
        std::size_t begin = 0;
        std::size_t end = 0;
    };
    struct member {
        span key{};  ///< without quotes
        span value{};
    };
    enum class state : unsigned char { before, inside, complete, not_an_object };

    /// Reads on in `text`, which begins as in the call before. Returns where that leaves it.
    state scan(std::string_view text);
    [[nodiscard]] std::size_t end() const noexcept { return at_; }
    [[nodiscard]] const std::vector<member>& members() const noexcept { return members_; }

private:
    void begin_value(std::size_t at) noexcept;
    void end_value(std::string_view text, std::size_t end);
    void string_ended(std::size_t end) noexcept;
    void structural(std::string_view text, char c);

    state state_ = state::before;
    std::size_t at_ = 0;
    std::size_t depth_ = 0;
    bool in_string_ = false;
    bool escaped_ = false;
    bool after_colon_ = false;
    std::size_t string_begin_ = 0;
    span key_{};
    std::size_t value_begin_ = 0;
    std::vector<member> members_{};
};

/// What an agent wrote to its hook.
class agent_input {
public:
    /// Takes the first JSON object of `bytes`. A byte order mark before it is dropped; bytes that are not UTF-8 become
    /// U+FFFD.
    explicit agent_input(std::string_view bytes);
    /// What could not be read, for that reason: nothing is known of it.
    [[nodiscard]] static agent_input unreadable(std::string why);

    /// The object, byte for byte but for invalid UTF-8.
    [[nodiscard]] const std::string& text() const noexcept { return text_; }
    /// Why it can't be used; empty if it can. Members are then what the outline of it says.
    [[nodiscard]] const std::string& fault() const noexcept { return fault_; }
    [[nodiscard]] bool had_byte_order_mark() const noexcept { return had_mark_; }

    /// The value of the last member of that name; empty if there is none, or null.
    [[nodiscard]] std::string_view raw(std::string_view name) const;
    /// The same if it is of that kind.
    [[nodiscard]] std::string_view raw(std::string_view name, base::json_kind wanted) const;
    /// A string, decoded; empty if there is none.
    [[nodiscard]] std::string text(std::string_view name) const;
    [[nodiscard]] bool has(std::string_view name) const { return !raw(name).empty(); }

private:
    agent_input() = default;

    std::string text_{};
    std::string fault_{};
    std::vector<json_outline::member> members_{};
    bool had_mark_ = false;
};

/// Reads standard input up to the end of one JSON object, or of the stream, or for that long. What is past the largest
/// message is read and dropped, so that the writer gets no broken pipe. Throws usage_error if it can't be read.
[[nodiscard]] std::string read_one_json_object(std::chrono::milliseconds timeout);

}  // namespace hookd::hookctl
