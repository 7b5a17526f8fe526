#pragma once

#include <boost/test/unit_test.hpp>

namespace hookd::test {

// For boost::unit_test::precondition: a test that cannot run here is counted as skipped, with the reason.

[[nodiscard]] boost::test_tools::assertion_result as_root(boost::unit_test::test_unit_id);
[[nodiscard]] boost::test_tools::assertion_result may_mount(boost::unit_test::test_unit_id);

}  // namespace hookd::test
