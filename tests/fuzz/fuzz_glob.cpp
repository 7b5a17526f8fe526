// Does the matcher agree with the definition of a glob, and never take more steps than it promises?
//
// An input is a pattern, a line feed, and a name.

#include "fuzz_target.hpp"

#include <core/glob.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

using hookd::test::require;

namespace {

/// The definition, as a table: whether the first i characters of the pattern match the first j of the name.
bool matches_by_definition(std::string_view pattern, std::string_view name) {
    std::vector<char> above(name.size() + 1, 0);
    above[0] = 1;
    for (const char each : pattern) {
        std::vector<char> row(name.size() + 1, 0);
        row[0] = static_cast<char>(each == '*' && above[0] != 0);
        for (std::size_t j = 1; j <= name.size(); ++j) {
            const bool takes_one = above[j - 1] != 0 && (each == '?' || each == name[j - 1]);
            row[j] = static_cast<char>(each == '*' ? above[j] != 0 || row[j - 1] != 0 : takes_one);
        }
        above = row;
    }
    return above[name.size()] != 0;
}

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
    require(hookd::core::glob_matches(pattern, name) == matches_by_definition(pattern, name), "the matcher agrees with the definition");
    require(hookd::core::is_glob(pattern) || hookd::core::glob_matches(pattern, name) == (pattern == name), "a name matches itself alone");
    return 0;
}
