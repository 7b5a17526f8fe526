// SPDX-License-Identifier: BSL-1.0
// Is any .hookd.toml either refused, with a reason that names file and line, or read to hooks that the daemon takes?

#include "fuzz_target.hpp"

#include <hookctl/arguments.hpp>
#include <hookctl/repository/hook_file.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

using namespace hookd::hookctl;
using hookd::test::require;

const char* const hookd::test::corpus_name = "hook_file";

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text{reinterpret_cast<const char*>(data), size};
    try {
        const auto file = parse_hook_file(text, "F");
        for (const auto& each : file.hooks) {
            require(!each.name.empty() && !each.events.empty() && !each.run.empty(), "a hook has all that it needs");
        }
    } catch (const usage_error& refused) {
        require(std::string_view{refused.what()}.starts_with("F"), "a refusal names the file");
    }
    return 0;
}
