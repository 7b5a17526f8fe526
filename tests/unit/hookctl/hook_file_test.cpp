// SPDX-License-Identifier: BSL-1.0
// The reader of .hookd.toml (CLI.md, last section): what it takes, and that an error names file, line and key.
#include <hookctl/arguments.hpp>
#include <hookctl/repository/hook_file.hpp>

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <string>

namespace {

using namespace hookd;
using namespace hookd::hookctl;

std::string fault_of(const std::string& text) {
    try {
        (void)parse_hook_file(text, "F");
        return {};
    } catch (const usage_error& wrong) {
        return wrong.what();
    }
}

/// A hook with one more line.
std::string with(const std::string& line) { return "[hooks.lint]\non = [\"e\"]\nrun = [\"./lint\"]\n" + line; }

}  // namespace

BOOST_AUTO_TEST_SUITE(hook_file_suite)

BOOST_AUTO_TEST_CASE(every_key_of_a_hook_is_read) {
    const auto file = parse_hook_file(
        with("timeout = \"2m\"\norder = -3\njobs = 2\nenv = { CI = \"1\" }\nwhere = { \"/branch\" = \"release/*\" }\n"
             "on_failure = \"closed\"\nasked_only = true\nshadow = true\ngit = true\n"),
        "F");
    BOOST_TEST_REQUIRE(file.hooks.size() == 1U);
    const auto& hook = file.hooks.front();
    BOOST_TEST(hook.name == "lint");
    BOOST_TEST(hook.events == std::vector<std::string>{"e"}, boost::test_tools::per_element());
    BOOST_TEST(hook.run == std::vector<std::string>{"./lint"}, boost::test_tools::per_element());
    BOOST_TEST((hook.timeout == std::chrono::minutes(2)));
    BOOST_TEST(hook.jobs.value() == 2U);
    BOOST_TEST(hook.environment == std::vector<std::string>{"CI=1"}, boost::test_tools::per_element());
    BOOST_TEST(hook.git);
    const auto& responder = hook.as_responder;
    BOOST_TEST((responder.where == std::vector<payload_condition>{{"/branch", "release/*"}}));
    BOOST_TEST(responder.order == -3);
    BOOST_TEST((responder.on_failure == failure_policy::closed));
    BOOST_TEST(responder.asked_only);
    BOOST_TEST(responder.shadow);
}

BOOST_AUTO_TEST_CASE(a_hook_for_gits_events_alone_runs_where_gits_own_would_unless_the_file_says_otherwise) {
    const auto runs_as_gits = [](const std::string& events, const std::string& line = {}) {
        return parse_hook_file("[hooks.lint]\non = [" + events + "]\nrun = [\"./lint\"]\n" + line, "F")
            .hooks.front()
            .git;
    };
    BOOST_TEST(runs_as_gits(R"("git.pre_commit", "git.*")"));
    BOOST_TEST(!runs_as_gits(R"("git.pre_commit", "agent.pre_tool_use")"));
    BOOST_TEST(!runs_as_gits(R"("*")"));
    BOOST_TEST(!runs_as_gits(R"("git.pre_commit")", "git = false\n"));
}

BOOST_AUTO_TEST_CASE(an_unknown_key_is_refused_with_the_nearest) {
    BOOST_TEST(fault_of(with("timout = \"2m\"\n")) == "F:4: there is no key hooks.lint.timout; did you mean timeout?");
    BOOST_TEST(fault_of("[hook.lint]\n") == "F:1: there is no key hook; did you mean hooks?");
    BOOST_TEST(fault_of("repository = \"shop\"\nzzz = 1\n") == "F:2: there is no key zzz; there are hooks, repository");
}

BOOST_AUTO_TEST_CASE(a_fault_names_its_line) {
    BOOST_TEST(fault_of("\n[hooks.lint\n").starts_with("F:2: "));
    BOOST_TEST(fault_of(with("timeout = 30\n")) == "F:4: hooks.lint.timeout takes a string in quotes");
    BOOST_TEST(
        fault_of(with("timeout = \"2h\"\n")) == "F:4: hooks.lint.timeout takes 1ms to 1440m, as in \"30s\", not '2h'");
    BOOST_TEST(fault_of(with("jobs = 0\n")) == "F:4: hooks.lint.jobs takes a whole number from 1 to 1024");
    BOOST_TEST(fault_of(with("order = 1.5\n")) ==
               "F:4: hooks.lint.order takes a whole number from -9007199254740991 to 9007199254740991");
    BOOST_TEST(fault_of(with("on_failure = \"close\"\n")) ==
               "F:4: hooks.lint.on_failure takes \"open\" or \"closed\", not 'close'");
    BOOST_TEST(fault_of(with("shadow = 1\n")) == "F:4: hooks.lint.shadow takes true or false");
    BOOST_TEST(
        fault_of(with("env = { HOOK_EVENT = \"x\" }\n")).starts_with("F:4: hooks.lint.env cannot set HOOK_EVENT"));
    BOOST_TEST(fault_of(with("where = { branch = \"x\" }\n"))
                   .starts_with("F:4: hooks.lint.where takes JSON pointers and globs"));
    BOOST_TEST(fault_of("[hooks.lint]\nrun = [\"a\"]\n") ==
               "F:1: hooks.lint does not say when it runs: add, for example, on = [\"git.pre_commit\"]");
    BOOST_TEST(fault_of("[hooks.lint]\non = [\"a\"]\n") ==
               "F:1: hooks.lint does not say what it runs: add, for example, run = [\"./tools/lint.sh\"]");
    BOOST_TEST(fault_of("[hooks.lint]\non = \"a\"\n") ==
               "F:2: hooks.lint.on takes a list of strings, as in [\"one\", \"two\"]");
    BOOST_TEST(fault_of("[hooks.lint]\non = [\"a b\"]\n").starts_with("F:2: hooks.lint.on: a pattern has "));
    BOOST_TEST(fault_of("[hooks.\"a/b\"]\n").starts_with("F:1: hooks.a/b: a name has "));
    BOOST_TEST(fault_of("hooks = 3\n") == "F:1: hooks takes a table");
}

BOOST_AUTO_TEST_CASE(the_condition_that_sync_sets_cannot_be_set) {
    BOOST_TEST(fault_of(with("[hooks.lint.where]\n\"/branch\" = \"x\"\n\"/common_dir\" = \"*\"\n"))
                   .starts_with("F:6: hooks.lint.where cannot have /common_dir: hookctl sync sets it"));
    BOOST_TEST(fault_of(with("where = { \"/project_dir\" = \"/src/*\" }\n")).empty());
}

BOOST_AUTO_TEST_CASE(what_init_writes_is_right) {
    const auto file = parse_hook_file(initial_hook_file(), "F");
    BOOST_TEST_REQUIRE(file.hooks.size() == 1U);
    BOOST_TEST(file.hooks.front().git);
    BOOST_TEST(!file.repository);
}

BOOST_AUTO_TEST_SUITE_END()
