// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

/// Edits of a JSON text that leave every other byte of it alone, and can be undone to the byte.
///
/// What is added to a container that is empty stands right behind its bracket; a container that is made begins with a
/// line end. So it shows which ones to take away with their last element.
namespace hookd::hookctl {

/// Whether a text may have comments (`//` to the end of the line, and between `/*` and `*/`), as some programs accept.
enum class json_comments : bool { refused, accepted };

/// A JSON text that is edited. Comments that are accepted stay in it, and are blanks to those who read it.
class json_document {
public:
    json_document(std::string text, json_comments comments);

    /// The text without its comments, valid until the next edit; offsets are those of the text itself.
    [[nodiscard]] std::string_view view() const noexcept { return plain_; }
    /// The text itself, valid until the next edit.
    [[nodiscard]] std::string_view text() const noexcept { return text_; }

    /// `piece` has no comment.
    void insert(std::size_t at, std::string_view piece);
    void erase(std::size_t at, std::size_t size);

private:
    std::string text_;
    std::string plain_;
};

/// The value of the last member of that name in a valid JSON object that begins with its bracket; empty if there is
/// none.
[[nodiscard]] std::string_view json_member_view(std::string_view object, std::string_view name);

/// Adds a member behind the last one of the object at `object`, a part of text.view().
void json_add_member(json_document& text, std::string_view object, std::string_view name, std::string_view value);
/// Adds an element behind the last one of the array at `array`, a part of text.view().
void json_add_element(json_document& text, std::string_view array, std::string_view value);

/// Whether a container was made, not only filled.
[[nodiscard]] bool json_was_made(std::string_view container) noexcept;

/// Removes the elements, or members, of the container at `container`, a part of text.view(), whose value is so. Returns
/// whether there was one.
bool json_remove_if(
    json_document& text, std::string_view container, const std::function<bool(std::string_view value)>& unwanted);

/// Removes the one element, or member, that has that value, a part of text.view().
void json_remove(json_document& text, std::string_view container, std::string_view value);

/// Whether a container has no elements and no members.
[[nodiscard]] bool json_is_empty(std::string_view container);

}  // namespace hookd::hookctl
