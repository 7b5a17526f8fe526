// SPDX-License-Identifier: BSL-1.0
// toml++, to be included through this file alone. Version 3.3 asserts some of what a file may get wrong ("[=": no name
// of a table after a bracket), which a release build takes for granted. Here such an assertion throws toml_fault.
#pragma once

#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>

namespace hookd::hookctl {

/// A text is not TOML.
struct toml_fault : std::runtime_error {
    toml_fault(std::size_t at_line, const std::string& reason) : runtime_error(reason), line(at_line) {}

    std::size_t line;  ///< from 1; 0: not known
};

[[noreturn]] void throw_toml_fault();

}  // namespace hookd::hookctl

#pragma push_macro("NDEBUG")
#undef NDEBUG
#define TOML_ASSERT(expression) (static_cast<bool>(expression) ? void(0) : ::hookd::hookctl::throw_toml_fault())
#include <toml++/toml.h>
#pragma pop_macro("NDEBUG")

namespace hookd::hookctl {

/// Throws toml_fault.
[[nodiscard]] toml::table parse_toml(std::string_view text);

}  // namespace hookd::hookctl
