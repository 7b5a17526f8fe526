// SPDX-License-Identifier: BSL-1.0
// Does the matcher agree with the definition of a glob, and never take more steps than it promises?
//
// An input is a pattern, a line feed, and a name, both UTF-8.

#include "fuzz_target.hpp"

#include <base/json/text.hpp>
#include <base/text/glob.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

using hookd::test::require;

namespace {

std::vector<std::string_view> characters_of(std::string_view text) {
    std::vector<std::string_view> characters;
    while (!text.empty()) {
        std::size_t end = 1;
        while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) {
            ++end;
        }
        characters.push_back(text.substr(0, end));
        text.remove_prefix(end);
    }
    return characters;
}

/// The definition, as a table: whether the first i characters of the pattern match the first j of the name.
bool matches_by_definition(const std::vector<std::string_view>& pattern, const std::vector<std::string_view>& name) {
    std::vector<char> above(name.size() + 1, 0);
    above[0] = 1;
    for (const auto each : pattern) {
        std::vector<char> row(name.size() + 1, 0);
        row[0] = static_cast<char>(each == "*" && above[0] != 0);
        for (std::size_t j = 1; j <= name.size(); ++j) {
            const bool takes_one = above[j - 1] != 0 && (each == "?" || each == name[j - 1]);
            row[j] = static_cast<char>(each == "*" ? above[j] != 0 || row[j - 1] != 0 : takes_one);
        }
        above = row;
    }
    return above[name.size()] != 0;
}

/// Whether it could be the inside of a JSON string.
bool is_text(std::string_view bytes) { return !hookd::base::find_json_fault("\"" + std::string{bytes} + "\""); }

}  // namespace

const char* const hookd::test::corpus_name = "glob";

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text{reinterpret_cast<const char*>(data), size};
    const auto end = text.find('\n');
    if (end == std::string_view::npos) {
        return 0;
    }
    const auto pattern = text.substr(0, end);
    const auto name = text.substr(end + 1);
    if (!is_text(pattern) || !is_text(name)) {
        return 0;
    }
    const bool expected = matches_by_definition(characters_of(pattern), characters_of(name));
    require(hookd::base::glob_matches(pattern, name) == expected, "the matcher agrees with the definition");
    require(hookd::base::is_glob(pattern) || hookd::base::glob_matches(pattern, name) == (pattern == name),
        "a name matches itself alone");
    return 0;
}
