// SPDX-License-Identifier: BSL-1.0
// What client/README.md shows for build tools, services and CI, run by these tools, or as they would. (Its Makefile is
// run by docs_test.)
#include "hookctl_program.hpp"
#include "support/source_tree.hpp"

#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <regex>
#include <string>
#include <vector>

using namespace hookd::test;

namespace {

namespace fs = std::filesystem;

/// A file that client/README.md shows.
std::string shown_file(const std::string& name) {
    const auto readme = read_file(source_tree() + "/client/README.md");
    const auto fence = readme.find(" file=" + name + "\n");
    BOOST_REQUIRE_MESSAGE(fence != std::string::npos, "client/README.md shows no " << name);
    const auto begin = readme.find('\n', fence) + 1;
    return readme.substr(begin, readme.find("\n```", begin) + 1 - begin);
}

/// Each line of `text` that begins with `prefix`, without that.
std::vector<std::string> lines_after(const std::string& prefix, const std::string& text) {
    std::vector<std::string> result;
    for (const auto& line : lines_of(text)) {
        if (line.starts_with(prefix)) {
            result.push_back(line.substr(prefix.size()));
        }
    }
    return result;
}

/// Runs a shell with hookctl in its $PATH, for the daemon's socket.
finished_process shell(const test_daemon& daemon, const std::vector<std::string>& argv) {
    const auto bin = daemon.directory() / "bin";
    fs::create_directories(bin);
    if (!fs::exists(bin + "/hookctl")) {
        fs::create_symlink(fs::absolute(hookctl_binary()), bin + "/hookctl");
    }
    spawn_options options;
    options.directory = daemon.directory().path();
    options.environment = {{"HOOKD_SOCKET", daemon.socket_path()}, {"PATH", bin + ":/usr/bin:/bin"},
        {"CI_COMMIT_SHA", "1234abcd"}, {"MAKEFLAGS", std::nullopt}, {"MAKELEVEL", std::nullopt}};
    return run_program(argv, {}, options);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(cli_any_tool)

BOOST_AUTO_TEST_CASE(make_stops_where_a_hook_vetoes) {
    test_daemon daemon;
    write_file(daemon.directory() / "Makefile", shown_file("Makefile"));
    const auto accepted = shell(daemon, {"make", "-s", "release", "VERSION=1.2"});
    BOOST_TEST(accepted.exit_status == 0);
    BOOST_TEST(accepted.out.find("releasing 1.2\n") != std::string::npos);
    const auto hook = start_hook(
        daemon, shell_hook("pre_release", "grep -q '\"version\":\"1.2\"' && echo 'not on a Friday' >&2; exit 1"));
    const auto refused = shell(daemon, {"make", "-s", "release", "VERSION=1.2"});
    BOOST_TEST(refused.exit_status == 2);
    BOOST_TEST(refused.out.find("releasing") == std::string::npos);
    BOOST_TEST(refused.err.starts_with("not on a Friday\n"));
}

BOOST_AUTO_TEST_CASE(the_unit_is_one_that_systemd_takes_and_its_command_asks) {
    test_daemon daemon;
    auto unit = shown_file("web.service");
    const auto command = lines_after("ExecStartPre=", unit);
    BOOST_TEST_REQUIRE(command.size() == 1U);

    const auto installed = unit.replace(unit.find("=hookctl"), 8, "=" + fs::absolute(hookctl_binary()).string());
    write_file(daemon.directory() / "web.service", installed);
    spawn_options options;
    options.environment = {{"XDG_RUNTIME_DIR", daemon.directory().path()}};
    const auto checked = run_program(
        {"systemd-analyze", "verify", "--man=no", "--user", daemon.directory() / "web.service"}, {}, options);
    BOOST_TEST(checked.exit_status == 0, checked.err);
    BOOST_TEST(checked.err.empty(), checked.err);

    // As systemd would run it, which reads quotes as a shell does; %n is the unit's name.
    const auto line = std::regex_replace(command.front(), std::regex("%n"), "web.service");
    BOOST_TEST(shell(daemon, {"sh", "-c", line}).exit_status == 0);
    const auto hook = start_hook(
        daemon, shell_hook("pre_start", "grep -q '^{\"unit\":\"web.service\"}$' && echo 'in maintenance' >&2; exit 1"));
    const auto refused = shell(daemon, {"sh", "-c", line});
    BOOST_TEST(refused.exit_status == 1);
    BOOST_TEST(refused.err == "in maintenance\n");
}

BOOST_AUTO_TEST_CASE(the_step_of_a_ci_job_deploys_only_with_leave) {
    test_daemon daemon;
    write_file(daemon.directory() / "deploy.sh", "#!/bin/sh\necho deployed\n");
    fs::permissions(daemon.directory() / "deploy.sh", fs::perms::owner_all);
    std::string script;
    for (const auto& line : lines_after("    - ", shown_file("ci-step.yml"))) {
        script += line + "\n";
    }
    // A runner stops at the first line that fails.
    const std::vector<std::string> step{"bash", "-eo", "pipefail", "-c", script};
    const auto nobody = shell(daemon, step);
    BOOST_TEST(nobody.exit_status == 1);
    BOOST_TEST(nobody.out.find("deployed") == std::string::npos);
    const auto hook = start_hook(daemon, shell_hook("pre_deploy", "grep -q '^{\"commit\":\"1234abcd\"}$'"));
    const auto allowed = shell(daemon, step);
    BOOST_TEST(allowed.exit_status == 0);
    BOOST_TEST(allowed.out.find("deployed\n") != std::string::npos);
    daemon.wait_for_stat("/head_seq", 3);
}

BOOST_AUTO_TEST_SUITE_END()
