// SPDX-License-Identifier: BSL-1.0
// Do any configuration file and command line of hookd either get one line that says what is wrong, or give options that
// print a configuration which gives them again?
//
// An input is a configuration file, and arguments, with a NUL before each.

#include "fuzz_target.hpp"
#include "input_directory.hpp"

#include <app/program_options.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

using namespace hookd::server;
using hookd::test::require;

namespace {

std::optional<program_options> parsed(const std::vector<std::string>& arguments) {
    try {
        return parse_program_options(arguments, [](const char*) -> const char* { return nullptr; });
    } catch (const usage_error& wrong) {
        require(hookd::test::is_one_line(wrong.what()), "wrong usage is told in one line");
        return std::nullopt;
    }
}

}  // namespace

const char* const hookd::test::corpus_name = "config";

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view input{reinterpret_cast<const char*>(data), size};
    const auto take = [&input] {
        const auto part = input.substr(0, input.find('\0'));
        input.remove_prefix(std::min(input.size(), part.size() + 1));
        return std::string{part};
    };
    std::vector<std::string> arguments{"--config", hookd::test::input_file("config", take())};
    while (!input.empty()) {
        arguments.push_back(take());
    }
    const auto options = parsed(arguments);
    if (!options || options->action == program_action::show_help || options->action == program_action::show_version) {
        return 0;
    }
    const auto text = configuration_text(*options);
    const auto again = parsed({"--config", hookd::test::input_file("printed", text)});
    require(again.has_value(), "a printed configuration is taken");
    require(configuration_text(*again) == text, "a printed configuration gives the same options");
    return 0;
}
