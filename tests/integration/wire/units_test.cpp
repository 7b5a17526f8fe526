// SPDX-License-Identifier: BSL-1.0
// The units that are installed: systemd takes them, and the system's leaves little to an attacker.
#include "support/process.hpp"
#include "support/source_tree.hpp"
#include "support/temp_directory.hpp"
#include "support/test_daemon.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <string>

using namespace hookd::test;
namespace data = boost::unit_test::data;
namespace fs = std::filesystem;

namespace {

/// The units of a manager ("user" or "system") as they are installed, in a directory of their own.
class installed_units {
public:
    explicit installed_units(const std::string& manager) {
        const auto source = fs::path{source_tree()} / "server/units" / manager;
        fs::copy_file(source / "hookd.socket", directory_ / "hookd.socket");
        service_ = read_file((source / "hookd.service.in").string());
        constexpr std::string_view variable = "@CMAKE_INSTALL_FULL_BINDIR@";
        service_.replace(service_.find(variable), variable.size(), fs::absolute(hookd_binary()).parent_path().string());
        write_file(path(), service_);
    }

    [[nodiscard]] std::string path() const { return directory_ / "hookd.service"; }
    [[nodiscard]] bool says(const std::string& line) const {
        return service_.find("\n" + line + "\n") != std::string::npos;
    }
    [[nodiscard]] spawn_options environment() const {
        spawn_options options;
        options.environment = {{"XDG_RUNTIME_DIR", directory_.path()}, {"SYSTEMD_UNIT_PATH", directory_.path() + ":"}};
        return options;
    }

private:
    temp_directory directory_{};
    std::string service_{};
};

}  // namespace

BOOST_AUTO_TEST_SUITE(units_suite)

BOOST_DATA_TEST_CASE(systemd_takes_them, data::make({"user", "system"}), manager) {
    const installed_units units{manager};
    const auto checked = run_program(
        {"systemd-analyze", "verify", "--man=no", std::string{"--"} + manager, units.path()}, {}, units.environment());
    BOOST_TEST(checked.exit_status == 0, checked.err);
    BOOST_TEST(checked.err.empty(), checked.err);
    BOOST_TEST(units.says("OOMPolicy=continue"));
    BOOST_TEST(units.says("RestartPreventExitStatus=2 3"));
    BOOST_TEST(units.says("WatchdogSec=30s"));
}

BOOST_AUTO_TEST_CASE(the_systems_exposure_is_at_most_2_5) {
    const installed_units units{"system"};
    const auto rated =
        run_program({"systemd-analyze", "security", "--no-pager", "--offline=true", "--threshold=25", units.path()}, {},
            units.environment());
    BOOST_TEST(rated.exit_status == 0, rated.out << rated.err);
    BOOST_TEST(rated.out.find("Overall exposure level") != std::string::npos, rated.out);
}

BOOST_AUTO_TEST_SUITE_END()
