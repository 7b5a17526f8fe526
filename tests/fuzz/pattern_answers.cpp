// SPDX-License-Identifier: BSL-1.0
// What catalog/pattern.hpp says to patterns and texts, for patterns.js, which asks node the same. A line of standard
// input is a JSON array of strings, a pattern and texts; a line of standard output is a digit for each text, 1 if it
// has a match, or `-` and why the pattern is refused.

#include "catalog/pattern.hpp"

#include <base/json/text.hpp>

#include <cstddef>
#include <iostream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace {

using hookd::catalogs::pattern;

std::vector<std::string> strings_of(std::string_view line) {
    std::vector<std::string> strings;
    for (hookd::base::json_cursor elements{line}; const auto element = elements.next();) {
        strings.push_back(hookd::base::json_string{element->value.substr(1, element->value.size() - 2)}.decode());
    }
    return strings;
}

std::string answer_to(const std::vector<std::string>& question) {
    try {
        const pattern wanted{question.at(0)};
        std::string answer;
        for (std::size_t i = 1; i < question.size(); ++i) {
            std::size_t steps = 10'000'000;
            answer += wanted.found_in(question[i], steps).value() ? '1' : '0';
        }
        return answer;
    } catch (const std::invalid_argument& refused) {
        return std::string{"-"} + refused.what();
    }
}

}  // namespace

int main() {
    for (std::string line; std::getline(std::cin, line);) {
        std::cout << answer_to(strings_of(line)) << '\n';
    }
    return std::cout.flush() ? 0 : 1;
}
