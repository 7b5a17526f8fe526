// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "cluster/link/malformed_message.hpp"

#include <base/json/text.hpp>
#include <base/text/number.hpp>
#include <hookd/protocol/limits.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hookd::base {
class json_scanner;
}

namespace hookd::link {

/// The members of a JSON object, found in one pass over its text, which checks it as well.
///
/// Lifetime: spans of the text. Thread-safety: as a const object's.
class member_index {
public:
    /// More than any message has. An object with more members is refused: whoever wrote it must not make its reader
    /// hold them.
    static constexpr std::size_t capacity = 32;

    /// Nothing where `object` is not one JSON object, without white space before it, nested at most `depth` deep and
    /// with at most `capacity` members.
    [[nodiscard]] static std::optional<member_index> read(
        std::string_view object, std::size_t depth = protocol::max_depth);

    /// The value as it stands, the first of a repeated member; empty if absent.
    [[nodiscard]] std::string_view find(std::string_view name) const noexcept;

    /// read() in place: an index is a kilobyte. False where that finds nothing, and then its members mean nothing.
    [[nodiscard]] bool fill(std::string_view object, std::size_t depth = base::max_json_depth);
    /// The same of an object and, where its member `name` is an object, of that one: into `inner`, which is empty.
    [[nodiscard]] bool fill_both(std::string_view object, std::string_view name, member_index& inner);

private:
    /// Takes in the object at `position`; `skip(key, value)` gives where a value ends, and null after a fault.
    template <class Skip>
    const char* walk(base::json_scanner& scanner, const char* position, Skip skip);

    std::array<base::json_member, capacity> members_{};
    std::size_t count_ = 0;
};

/// The decoded text of a JSON string, `"…"`.
[[nodiscard]] std::string string_of(std::string_view value);

/// The params of a message, or an object among them: what is not as it must be is malformed. A member that is null is
/// absent. Unknown members are ignored.
///
/// Lifetime: spans of the text. Throws malformed_message, which names the member.
class fields {
public:
    explicit fields(std::string_view object);

    /// Empty if absent.
    [[nodiscard]] std::string_view find(std::string_view name) const noexcept;
    /// The value as it stands; here null is one.
    [[nodiscard]] std::string_view raw(std::string_view name) const;
    [[nodiscard]] std::string_view required(std::string_view name, base::json_kind kind) const;

    [[nodiscard]] std::string text(std::string_view name) const;
    [[nodiscard]] std::string text_or_empty(std::string_view name) const;
    [[nodiscard]] bool boolean(std::string_view name) const;
    [[nodiscard]] bool boolean_or_false(std::string_view name) const;
    [[nodiscard]] std::vector<std::string> texts(std::string_view name) const;

    template <class Number>
    [[nodiscard]] Number number(std::string_view name) const {
        const auto result = base::parse_number<Number>(required(name, base::json_kind::number));
        if (!result) {
            refuse(name, "is not an integer in its range");
        }
        return *result;
    }
    template <class Number>
    [[nodiscard]] Number number_or(std::string_view name, Number standard) const {
        return find(name).empty() ? standard : number<Number>(name);
    }
    /// Calls `visit` with the text of each element of an array.
    template <class Visit>
    void each_of(std::string_view name, Visit visit) const {
        for (base::json_cursor elements{required(name, base::json_kind::array)};
             const auto element = elements.next();) {
            visit(element->value);
        }
    }

    [[noreturn]] static void refuse(std::string_view name, std::string_view fault);

private:
    friend class notification;
    fields() = default;

    member_index members_{};
};

/// A JSON-RPC notification of the link and its params, found in one pass over its text. Without params these are empty.
///
/// Lifetime: spans of the text. Throws malformed_message.
class notification {
public:
    explicit notification(std::string_view frame);

    [[nodiscard]] std::string method() const { return envelope_.text("method"); }
    [[nodiscard]] const fields& params() const noexcept { return params_; }

private:
    fields envelope_{};
    fields params_{};
};

}  // namespace hookd::link
