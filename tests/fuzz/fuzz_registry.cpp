// SPDX-License-Identifier: BSL-1.0
// Is any registry file either refused, with a reason that names file and line, or read to hooks that are the same once
// they have been written?

#include "fuzz_target.hpp"
#include "input_directory.hpp"

#include <hooks/registry_file.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

using namespace hookd::server;
using hookd::test::require;

namespace {

bool is_same(const registered_hook& one, const registered_hook& other) {
    const auto is_same_pin = [](const file_pin& a, const file_pin& b) {
        return a.path == b.path && a.sha256 == b.sha256;
    };
    return one.enabled == other.enabled && one.definition.name == other.definition.name &&
           one.definition.command == other.definition.command && one.definition.events == other.definition.events &&
           std::equal(one.pins.begin(), one.pins.end(), other.pins.begin(), other.pins.end(), is_same_pin);
}

}  // namespace

const char* const hookd::test::corpus_name = "registry";

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text{reinterpret_cast<const char*>(data), size};
    const auto path = hookd::test::input_file("registry", text);
    const registry_file registry{path};
    std::vector<registered_hook> hooks;
    try {
        hooks = registry.load();
    } catch (const std::runtime_error& refused) {
        require(std::string{refused.what()}.starts_with(path + ":"), "a refusal names the file and the line");
        require(hookd::test::read_file(path) == text, "a file that is refused is not written over");
        return 0;
    }
    for (auto& each : hooks) {
        each.enabled = !each.enabled;
    }
    registry.update([&hooks](std::vector<registered_hook>& written) { written = hooks; });
    const auto again = registry.load();
    require(std::equal(hooks.begin(), hooks.end(), again.begin(), again.end(), is_same), "what is written is read");
    return 0;
}
