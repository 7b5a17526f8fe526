// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// JSON as bytes, for what must arrive byte for byte: no document is built. Independent of the code under test.
namespace hookd::test {

/// The bytes of the value of the last member `name` of the object `object` (valid JSON), without the white space around
/// it. Nothing where it is no object or has no such member. Names are compared as written.
[[nodiscard]] std::optional<std::string_view> raw_member(std::string_view object, std::string_view name);

/// The elements of a valid array, as bytes.
[[nodiscard]] std::vector<std::string_view> raw_elements(std::string_view array);

/// `text` as a JSON string, quotes included.
[[nodiscard]] std::string json_string(std::string_view text);

/// `[[[…]]]`, `depth` levels deep.
[[nodiscard]] std::string nested_arrays(std::size_t depth);

}  // namespace hookd::test
