// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <boost/test/unit_test.hpp>

namespace hookd::test {

// For boost::unit_test::precondition: a test that cannot run here is counted as skipped, with the reason.

[[nodiscard]] boost::test_tools::assertion_result as_root(boost::unit_test::test_unit_id);
/// Root, and other users can start the daemon under test.
[[nodiscard]] boost::test_tools::assertion_result as_root_with_reachable_binary(boost::unit_test::test_unit_id);
[[nodiscard]] boost::test_tools::assertion_result may_mount(boost::unit_test::test_unit_id);

}  // namespace hookd::test
