// SPDX-License-Identifier: BSL-1.0
// Is any JSON either refused as a schema, with a reason and a place, or compiled to one whose checks end?
//
// An input is a schema, a line feed, and a value.

#include "fuzz_target.hpp"

#include <base/json/text.hpp>

#include <catalog/schema.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

using namespace hookd;
using test::require;

namespace {

std::optional<catalogs::schema> compiled(std::string_view text) {
    try {
        return catalogs::schema{text};
    } catch (const catalogs::invalid_schema& failure) {
        require(!std::string_view{failure.what()}.empty(), "a refusal has a reason");
        require(failure.pointer().empty() || failure.pointer().front() == '/', "a refusal names a place");
        return std::nullopt;
    }
}

}  // namespace

const char* const hookd::test::corpus_name = "schema";

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text{reinterpret_cast<const char*>(data), size};
    const auto end = text.find('\n');
    if (end == std::string::npos || base::find_json_fault(text.substr(0, end)) ||
        base::find_json_fault(text.substr(end + 1))) {
        return 0;
    }
    const auto rules = compiled(text.substr(0, end));
    if (!rules) {
        return 0;
    }
    const std::string value = text.substr(end + 1);
    const auto found = rules->check(value);
    require(!rules->allows_everything() || !found, "what allows everything refuses nothing");
    require(!found || found->pointer.empty() || found->pointer.front() == '/', "a violation names a place");
    return 0;
}
