// SPDX-License-Identifier: BSL-1.0
#include "preconditions.hpp"

#include "process.hpp"
#include "temp_directory.hpp"
#include "test_daemon.hpp"

#include <sys/mount.h>

namespace hookd::test {

boost::test_tools::assertion_result as_root(boost::unit_test::test_unit_id) {
    boost::test_tools::assertion_result result(runs_as_root());
    result.message() << "only root can act as another user";
    return result;
}

boost::test_tools::assertion_result as_root_with_reachable_binary(boost::unit_test::test_unit_id unit) {
    auto result = as_root(unit);
    if (result) {
        spawn_options options;
        options.user = stranger;
        const auto reachable = run_program({"/usr/bin/test", "-x", hookd_binary()}, {}, options).exit_status == 0;
        result = boost::test_tools::assertion_result(reachable);
        result.message() << "another user can't reach the program under test";
    }
    return result;
}

boost::test_tools::assertion_result may_mount(boost::unit_test::test_unit_id) {
    const temp_directory directory;
    const bool may = ::mount("none", directory.path().c_str(), "tmpfs", 0, "size=64k") == 0;
    if (may) {
        ::umount2(directory.path().c_str(), MNT_DETACH);
    }
    boost::test_tools::assertion_result result(may);
    result.message() << "nothing may be mounted here";
    return result;
}

}  // namespace hookd::test
