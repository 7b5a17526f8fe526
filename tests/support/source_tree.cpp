// SPDX-License-Identifier: BSL-1.0
#include "support/source_tree.hpp"

namespace hookd::test {

std::string source_tree() { return HOOKD_TEST_SOURCE_DIR; }

}  // namespace hookd::test
