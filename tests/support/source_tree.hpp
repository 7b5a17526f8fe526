// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <string>

namespace hookd::test {

/// The absolute path of the source tree that this program was built from. Known to one source alone, so that the
/// compiler cache can share every other test's object between clones.
[[nodiscard]] std::string source_tree();

}  // namespace hookd::test
