// SPDX-License-Identifier: BSL-1.0
#include <hookctl/help_text.hpp>
#include "support/source_tree.hpp"

#include <support/temp_directory.hpp>

#include <boost/test/unit_test.hpp>

#include <regex>
#include <set>
#include <string>
#include <string_view>

namespace {

using namespace hookd::hookctl;
using hookd::test::read_file;
using names = std::set<std::string>;

std::string client_file(const std::string& path) { return read_file(hookd::test::source_tree() + "/client/" + path); }

/// All that `pattern`'s first group finds.
names found(const std::string& text, const std::string& pattern) {
    const std::regex form(pattern);
    names result;
    for (std::sregex_iterator each(text.begin(), text.end(), form), end; each != end; ++each) {
        result.insert((*each)[1]);
    }
    return result;
}

/// The long options that the help texts describe, each at the start of its line.
names documented_options() {
    const std::string form = R"(\n  (?:-[a-zA-Z], )?(--[a-z-]+)[ |\n])";
    auto result = found(std::string(general_help()), form);
    for (const auto command : command_names()) {
        result.merge(found(std::string(command_help(command)), form));
    }
    return result;
}

names commands() { return {command_names().begin(), command_names().end()}; }

names without_dashes(const names& options) {
    names result;
    for (const auto& each : options) {
        result.insert(each.substr(2));
    }
    return result;
}

void check_all_in(const names& wanted, const names& there) {
    for (const auto& each : wanted) {
        BOOST_TEST(there.contains(each), each << " is missing");
    }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(documentation_suite)

BOOST_AUTO_TEST_CASE(the_help_describes_the_options_that_there_are) {
    // As CLI.md lists them, and what is said of them elsewhere in it.
    const names wanted{"--socket", "--timeout", "--json", "--version", "--help", "--wait", "--policy", "--fail-closed",
        "--wait-for-subscriber", "--abort-exit-code", "--no-daemon", "--after-seq", "--count", "--jobs", "--name",
        "--env", "--on", "--where", "--asked-only", "--order", "--shadow", "--scope", "--cwd", "--abort", "--abstain",
        "--failed", "--watch", "--prometheus", "--events", "--repo", "--global", "--git", "--installed-socket",
        "--agent", "--stop-once", "--project", "--daemon-user", "--quiet", "--no-autostart", "--require", "--event",
        "--payload", "--notify", "--follow", "--hook", "--vetoed", "--since", "--to", "--for", "--reason", "--end"};
    BOOST_TEST(documented_options() == wanted, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(every_command_has_usage_and_an_example_of_its_own) {
    for (const auto command : command_names()) {
        const std::string help(command_help(command));
        BOOST_TEST(help.starts_with("usage: hookctl " + std::string(command)));
        BOOST_TEST(found(help, "(\nexample:\n  hookctl )").size() == 1U, command << " has no example");
        BOOST_TEST(general_help().find("\n  " + std::string(command_usage(command).substr(0, command.size()))) !=
                   std::string_view::npos);
    }
}

BOOST_AUTO_TEST_CASE(help_fits_a_terminal_of_100_columns) {
    for (const auto command : command_names()) {
        BOOST_TEST(found(std::string(command_help(command)), "\n([^\n]{101,})\n").empty());
    }
    BOOST_TEST(found(std::string(general_help()), "\n([^\n]{101,})\n").empty());
}

BOOST_AUTO_TEST_CASE(the_man_page_describes_the_same_options_and_commands) {
    const auto page = client_file("man/hookctl.1");
    auto options = without_dashes(documented_options());
    BOOST_TEST(found(page, R"(\n\.It (?:Fl [a-zA-Z] , )?Fl -([a-z-]+))") == options, boost::test_tools::per_element());
    BOOST_TEST(found(page, R"(\n\.Ss ([a-z-]+))") == commands(), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(the_man_page_lists_every_exit_status) {
    const auto page = client_file("man/hookctl.1");
    const auto section = page.substr(page.find(".Sh EXIT STATUS"));
    BOOST_TEST(
        found(section, R"(\n\.It ([0-9]))") == (names{"0", "1", "2", "3", "4", "5"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(bash_completes_every_option_and_command) {
    const auto script = client_file("completions/hookctl.bash");
    check_all_in(documented_options(), found(script, R"([ "](--[a-z-]+))"));
    check_all_in(commands(), found(script.substr(0, script.find('\n', script.find("commands="))), R"([ "]([a-z-]+))"));
}

BOOST_AUTO_TEST_CASE(zsh_completes_every_option_and_command) {
    const auto script = client_file("completions/_hookctl");
    check_all_in(documented_options(), found(script, R"((--[a-z-]+)[\[}])"));
    check_all_in(commands(), found(script, R"(\n +['"]([a-z-]+):)"));
}

BOOST_AUTO_TEST_CASE(fish_completes_every_option_and_command) {
    const auto script = client_file("completions/hookctl.fish");
    check_all_in(without_dashes(documented_options()), found(script, R"( -l ([a-z-]+))"));
    check_all_in(commands(), found(script, R"( -a ([a-z-]+) )"));
}

BOOST_AUTO_TEST_SUITE_END()
