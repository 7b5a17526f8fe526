// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <functional>
#include <string>
#include <string_view>

/// Edits of a JSON text that leave every other byte of it alone, and can be undone to the byte.
///
/// What is added to a container that is empty stands right behind its bracket; a container that is made begins with a
/// line end. So it shows which ones to take away with their last element.
namespace hookd::hookctl {

/// The value of the last member of that name in a valid JSON object that begins with its bracket; empty if there is
/// none.
[[nodiscard]] std::string_view json_member_view(std::string_view object, std::string_view name);

/// Adds a member behind the last one of the object at `object`, a view into `text`.
void json_add_member(std::string& text, std::string_view object, std::string_view name, std::string_view value);
/// Adds an element behind the last one of the array at `array`, a view into `text`.
void json_add_element(std::string& text, std::string_view array, std::string_view value);

/// Whether a container was made, not only filled.
[[nodiscard]] bool json_was_made(std::string_view container) noexcept;

/// Removes the elements, or members, of the container at `container`, a view into `text`, whose value is so. Returns
/// whether there was one.
bool json_remove_if(
    std::string& text, std::string_view container, const std::function<bool(std::string_view value)>& unwanted);

/// Removes the one element, or member, that has that value, a view into `text`.
void json_remove(std::string& text, std::string_view container, std::string_view value);

/// Whether a container has no elements and no members.
[[nodiscard]] bool json_is_empty(std::string_view container);

}  // namespace hookd::hookctl
