// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// JSON as text. What a peer sent is kept as the bytes that it sent (numbers of any size, key order, repeated keys,
/// escapes, white space), so nothing here builds a document: values are spans of the input.
namespace hookd::base {

/// Nesting of arrays and objects that is accepted, unless a caller sets another limit: a scalar has depth 0, `[]`
/// depth 1.
inline constexpr std::size_t max_json_depth = 128;

/// Why a text is not JSON.
struct json_fault {
    std::size_t offset = 0;     ///< bytes from the start of the text
    std::string_view reason{};  ///< static text, e.g. "a string has a raw control character"
};

/// Checks that `text` is exactly one JSON text (RFC 8259), with white space around it allowed, in well-formed UTF-8
/// (RFC 3629), nested at most max_json_depth deep. Lone surrogate escapes are
/// grammatical and pass. A byte order mark does not (RFC 8259, section 8.1). Recursion-free. Returns nothing where the
/// text is valid.
[[nodiscard]] std::optional<json_fault> find_json_fault(std::string_view text);

enum class json_kind : unsigned char { object, array, string, number, boolean, null };

/// The kind of a valid JSON value, told by its first byte. `value` has no white space before it.
[[nodiscard]] inline json_kind kind_of(std::string_view value) noexcept {
    switch (value.empty() ? 'n' : value.front()) {
        case '{':
            return json_kind::object;
        case '[':
            return json_kind::array;
        case '"':
            return json_kind::string;
        case 't':
        case 'f':
            return json_kind::boolean;
        case 'n':
            return json_kind::null;
        default:
            return json_kind::number;
    }
}

/// A string token of a valid JSON text, without its quotes, escapes as sent.
struct json_string {
    std::string_view raw{};

    /// Whether the decoded string equals `plain`. Allocates nothing.
    [[nodiscard]] bool equals(std::string_view plain) const noexcept {
        // An escape is always longer than what it stands for, so equal lengths mean equal bytes and no escape. Of two
        // different names mostly the first letters differ.
        if (raw.size() <= plain.size()) {
            return raw == plain && plain.find('\\') == std::string_view::npos;
        }
        return (plain.starts_with(raw.front()) || raw.front() == '\\') && escaped_equals(plain);
    }
    /// The decoded string, as UTF-8; a lone surrogate escape becomes U+FFFD.
    [[nodiscard]] std::string decode() const;
    [[nodiscard]] bool has_escapes() const noexcept { return raw.find('\\') != std::string_view::npos; }

private:
    [[nodiscard]] bool escaped_equals(std::string_view plain) const noexcept;
};

/// One member of an object, as sent.
struct json_member {
    json_string key{};
    std::string_view value{};  ///< the value's bytes, without the white space around it
};

/// Walks the members of a valid JSON object, or the elements of a valid array, without checking it again.
///
///     for (json_cursor members{object}; auto member = members.next();) …
class json_cursor {
public:
    /// `container`: the bytes of a valid object or array, from its opening to its closing bracket.
    explicit json_cursor(std::string_view container) noexcept;
    /// The next member, or element (whose key is empty); nothing at the end.
    [[nodiscard]] std::optional<json_member> next() noexcept;

private:
    std::string_view rest_;
    bool object_;
};

/// Appends `plain` (UTF-8) as a JSON string with quotes. Bytes that are not well-formed UTF-8 become U+FFFD.
void append_json_string(std::string& out, std::string_view plain);

}  // namespace hookd::base
