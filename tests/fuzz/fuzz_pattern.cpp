// SPDX-License-Identifier: BSL-1.0
// Is any pattern either refused, for a reason, or matched within the steps that there are, whichever way they are
// charged?
//
// An input is a pattern, a line feed, and a text, both UTF-8. What a match is, node says: patterns.js.

#include "fuzz_target.hpp"

#include <base/json/text.hpp>

#include <catalog/pattern.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

using hookd::catalogs::pattern;
using hookd::test::require;

namespace {

std::optional<pattern> compiled(std::string_view text) {
    try {
        return pattern{text};
    } catch (const std::invalid_argument& refused) {
        require(!std::string_view{refused.what()}.empty(), "a refusal has a reason");
        return std::nullopt;
    }
}

/// Whether it could be the inside of a JSON string.
bool is_text(std::string_view bytes) {
    std::string escaped;
    hookd::base::append_json_string(escaped, bytes);
    return !hookd::base::find_json_fault(escaped);
}

}  // namespace

const char* const hookd::test::corpus_name = "pattern";

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text{reinterpret_cast<const char*>(data), size};
    const auto end = text.find('\n');
    if (end == std::string_view::npos || !is_text(text)) {
        return 0;
    }
    const auto wanted = compiled(text.substr(0, end));
    if (!wanted) {
        return 0;
    }
    const auto subject = text.substr(end + 1);
    constexpr std::size_t all = 1'000'000'000;
    std::size_t after_actual = all;
    std::size_t after_worst = all;
    const auto found = wanted->found_in(subject, after_actual);
    require(found.has_value(), "a short text is matched");
    require(
        wanted->found_in(subject, after_worst, pattern::charge::worst_case) == found, "the charge changes no match");
    require(
        after_actual < all && after_worst <= after_actual, "a match is charged, and never more than its worst case");
    std::size_t few = all - after_worst - 1;
    require(!wanted->found_in(subject, few, pattern::charge::worst_case) && few == 0, "too few steps are too few");
    return 0;
}
