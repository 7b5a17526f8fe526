// SPDX-License-Identifier: BSL-1.0
// Does any command line of hookctl either get one line that says what is wrong, a text that was asked for, or something
// to do?
//
// An input is the words, a NUL between them.

#include "fuzz_target.hpp"
#include "input_directory.hpp"

#include <hookctl/arguments.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

using namespace hookd::hookctl;
using hookd::test::require;

const char* const hookd::test::corpus_name = "arguments";

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::vector<std::string> words(1);
    for (const char c : std::string_view{reinterpret_cast<const char*>(data), size}) {
        if (c == '\0') {
            words.emplace_back();
        } else {
            words.back() += c;
        }
    }
    try {
        const auto read = parse_arguments(words);
        if (const auto* const text = std::get_if<information>(&read)) {
            require(!text->text.empty(), "a text that was asked for is not empty");
        }
    } catch (const usage_error& wrong) {
        require(!std::string_view{wrong.what()}.empty(), "wrong usage has a reason");
    }
    return 0;
}
