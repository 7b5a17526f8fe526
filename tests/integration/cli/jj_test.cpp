// SPDX-License-Identifier: BSL-1.0
// `hookctl jj push`. jj is not in Debian 12: a script stands in for it, which prints what jj 0.41 prints, and records
// how it was called.
#include "hookctl_program.hpp"
#include "support/source_tree.hpp"

#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <string>
#include <vector>

using namespace hookd::test;

namespace {

namespace fs = std::filesystem;

const std::string plan = R"(Changes to push to origin:
  bookmark: main [move forward from 38a204733702 to 88ca14a7d46f]
  bookmark: topic [add to 88ca14a7d46f]
Dry-run requested, not pushing.
)";

/// A daemon, and a jj that prints `said` when it is asked what it would push.
class jj_fixture {
public:
    explicit jj_fixture(const std::string& said = plan, int status = 0) {
        fs::create_directories(directory_ / "bin");
        write_file(directory_ / "plan", said);
        write_file(directory_ / "bin/jj",
            "#!/bin/sh\necho \"$@\" >>" + directory_ / "calls" + "\ncase \" $* \" in *' --dry-run '*) cat " +
                directory_ / "plan" + " >&2; exit " + std::to_string(status) + ";; esac\necho pushed; exit 7\n");
        fs::permissions(directory_ / "bin/jj", fs::perms::owner_all);
    }

    finished_process push(const std::vector<std::string>& words = {}) {
        std::vector<std::string> argv{hookctl_binary(), "jj", "push"};
        argv.insert(argv.end(), words.begin(), words.end());
        spawn_options options;
        options.environment = {{"HOOKD_SOCKET", daemon.socket_path()}, {"PATH", directory_ / "bin" + ":/usr/bin:/bin"}};
        return run_program(argv, {}, options);
    }

    /// How jj was called, a line each.
    std::vector<std::string> calls() const { return lines_of(read_file(directory_ / "calls")); }

    test_daemon daemon{{"--catalog", source_tree() + "/server/catalogs/jj"}};

private:
    temp_directory directory_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(cli_jj)

BOOST_AUTO_TEST_CASE(jj_pushes_if_no_hook_objects_and_gives_its_exit_status) {
    jj_fixture jj;
    const auto done = jj.push({"--", "-b", "main"});
    BOOST_TEST(done.out == "pushed\n");
    BOOST_TEST(done.exit_status == 7);
    const std::vector<std::string> expected{"--color=never git push --dry-run -b main", "git push -b main"};
    BOOST_TEST(jj.calls() == expected, boost::test_tools::per_element());
    jj.daemon.wait_for_stat("/head_seq", 1);
}

BOOST_AUTO_TEST_CASE(a_veto_stops_jj_and_the_hook_has_seen_what_would_be_pushed) {
    jj_fixture jj;
    const auto payload =
        R"('"changes":[{"remote":"origin","kind":"bookmark","name":"main","action":"move_forward","from":"38a204733702","to":"88ca14a7d46f"},{"remote":"origin","kind":"bookmark","name":"topic","action":"add","to":"88ca14a7d46f"}]}')";
    const auto hook = start_hook(jj.daemon,
        shell_hook("jj.pre_upload", std::string("grep -qF ") + payload + " && echo 'main is closed' >&2; exit 1"));
    const auto refused = jj.push();
    BOOST_TEST(refused.exit_status == 1);
    BOOST_TEST(refused.err == "main is closed\n");
    BOOST_TEST(jj.calls().size() == 1U);
}

BOOST_AUTO_TEST_CASE(what_client_readme_shows_keeps_main_where_it_is) {
    const auto readme = read_file(source_tree() + "/client/README.md");
    const auto fence = readme.find(" file=no-main-bookmark\n");
    BOOST_REQUIRE(fence != std::string::npos);
    const auto begin = readme.find('\n', fence) + 1;
    const temp_directory directory;
    write_file(directory / "hook", readme.substr(begin, readme.find("\n```", begin) + 1 - begin));
    jj_fixture jj;
    const auto hook = start_hook(jj.daemon, {"jj.pre_upload", "--", "sh", directory / "hook"});
    BOOST_TEST(jj.push().err == "main only moves by merge requests\n");
    jj_fixture other("Changes to push to origin:\n  Add bookmark topic to 88ca14a7d46f\n");
    const auto same_hook = start_hook(other.daemon, {"jj.pre_upload", "--", "sh", directory / "hook"});
    BOOST_TEST(other.push().out == "pushed\n");
}

BOOST_AUTO_TEST_CASE(nothing_is_pushed_if_the_plan_can_not_be_read) {
    for (const char* said : {"", "Changes to push to origin:\n  bookmark: main [moved]\n"}) {
        jj_fixture jj(said);
        const auto stopped = jj.push();
        BOOST_TEST(stopped.exit_status == 1);
        BOOST_TEST(stopped.err.find("nothing is pushed, since what jj would push can't be read") != std::string::npos,
            stopped.err);
        BOOST_TEST(jj.calls().size() == 1U);
    }
}

BOOST_AUTO_TEST_CASE(an_error_of_jj_is_passed_on_and_no_hook_is_asked) {
    jj_fixture jj("Error: No such remote: nowhere\n", 3);
    const auto failed = jj.push({"--", "--remote", "nowhere"});
    BOOST_TEST(failed.exit_status == 3);
    BOOST_TEST(failed.err == "Error: No such remote: nowhere\n");
    BOOST_TEST(jj.calls().size() == 1U);
}

BOOST_AUTO_TEST_CASE(no_hook_is_asked_if_nothing_would_be_pushed) {
    jj_fixture jj("Nothing changed.\n");
    const auto hook = start_hook(jj.daemon, shell_hook("jj.pre_upload", "exit 1"));
    BOOST_TEST(jj.push().out == "pushed\n");
}

BOOST_AUTO_TEST_CASE(without_a_daemon_jj_pushes_unless_told_otherwise) {
    jj_fixture jj;
    (void)jj.daemon.stop();
    const auto pushed = jj.push();
    BOOST_TEST(pushed.out == "pushed\n");
    BOOST_TEST(pushed.err.find("no hook was asked about jj.pre_upload") != std::string::npos, pushed.err);
    const auto stopped = jj.push({"--no-daemon", "fail"});
    BOOST_TEST(stopped.exit_status == 3);
    BOOST_TEST(stopped.out.empty());
}

BOOST_AUTO_TEST_SUITE_END()
