#include "preconditions.hpp"

#include "process.hpp"
#include "temp_directory.hpp"

#include <sys/mount.h>

namespace hookd::test {

boost::test_tools::assertion_result as_root(boost::unit_test::test_unit_id) {
    boost::test_tools::assertion_result result(runs_as_root());
    result.message() << "only root can act as another user";
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
