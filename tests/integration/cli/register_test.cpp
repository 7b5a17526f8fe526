// SPDX-License-Identifier: BSL-1.0
// CLI.md: `register`, `deregister`, `hooks`, and `trust`.
#include "hookctl_program.hpp"

#include "support/json_access.hpp"

#include <boost/test/unit_test.hpp>

#include <sys/stat.h>

#include <filesystem>
#include <string>

using namespace hookd::test;

namespace {

/// A daemon, and a script that vetoes, named relative to the directory where hookctl runs.
struct fixture {
    fixture() {
        in_work.directory = daemon.directory().path();
        write_file(daemon.directory() / "guard.sh", "#!/bin/sh\necho no >&2\nexit 1\n");
        ::chmod((daemon.directory() / "guard.sh").c_str(), 0700);
    }
    finished_process run(std::vector<std::string> arguments) {
        return hookctl(daemon.socket_path(), std::move(arguments), {}, in_work);
    }

    test_daemon daemon{};
    spawn_options in_work{};
};

}  // namespace

BOOST_AUTO_TEST_SUITE(cli_register)

BOOST_AUTO_TEST_CASE(a_registered_script_vetoes_wherever_it_was_registered_from) {
    fixture setup;
    const auto done =
        setup.run({"register", "guard", "--timeout", "5s", "--on", "pre_*", "post_*", "--", "sh", "guard.sh", "--on"});
    BOOST_TEST(done.exit_status == 0, done.err);
    const auto hook = json_of(done.out);
    BOOST_TEST(text_at(hook, "/command/1") == setup.daemon.directory() / "guard.sh");
    BOOST_TEST(text_at(hook, "/command/2") == "--on");
    BOOST_TEST(text_at(hook, "/events/1") == "post_*");
    BOOST_TEST(int_at(hook, "/timeout_ms") == 5000);
    const auto vetoed = setup.run({"emit", "--wait", "post_push"});
    BOOST_TEST(vetoed.exit_status == 1);
    BOOST_TEST(vetoed.err == "no\n");
    BOOST_TEST(int_at(json_of(setup.run({"hooks"}).out), "/hooks/0/runs") == 1);
}

BOOST_AUTO_TEST_CASE(deregister_says_whether_there_was_one) {
    fixture setup;
    setup.run({"register", "guard", "--on", "e", "--", "./guard.sh"});
    BOOST_TEST(setup.run({"deregister", "guard"}).exit_status == 0);
    const auto again = setup.run({"deregister", "guard"});
    BOOST_TEST(again.exit_status == 1);
    check_one_error(again, {"guard"});
    BOOST_TEST(setup.run({"emit", "--wait", "e"}).exit_status == 0);
}

BOOST_AUTO_TEST_CASE(a_changed_script_runs_again_once_it_is_trusted) {
    fixture setup;
    setup.run({"register", "guard", "--on", "e", "--", "./guard.sh"});
    write_file(setup.daemon.directory() / "guard.sh", "#!/bin/sh\necho still no >&2\nexit 1\n");
    const auto failed = setup.run({"emit", "--wait", "--fail-closed", "e"});
    BOOST_TEST(failed.exit_status == 1);
    BOOST_TEST(failed.err.find("run hookctl trust guard") != std::string::npos, failed.err);
    BOOST_TEST(setup.run({"trust", "guard"}).exit_status == 0);
    BOOST_TEST(setup.run({"emit", "--wait", "e"}).err == "still no\n");
}

BOOST_AUTO_TEST_CASE(a_name_that_is_not_registered_is_said_in_one_way) {
    fixture setup;
    const std::string said = "hookctl: there is no registered hook 'other' (hookctl hooks)\n";
    for (const std::string command : {"trust", "enable", "disable"}) {
        const auto done = setup.run({command, "other"});
        BOOST_TEST(done.exit_status == 4);  // the daemon answered with an error
        BOOST_TEST(done.err == said);
    }
    const auto done = setup.run({"deregister", "other"});
    BOOST_TEST(done.exit_status == 1);  // it answered that there was none
    BOOST_TEST(done.err == said);
}

BOOST_AUTO_TEST_CASE(what_to_type_quotes_a_name_with_blanks) {
    fixture setup;
    setup.run({"register", "it's a guard", "--on", "e", "--", "./guard.sh"});
    write_file(setup.daemon.directory() / "guard.sh", "#!/bin/sh\nexit 0\n");
    const auto failed = setup.run({"emit", "--wait", "e"});
    BOOST_TEST(failed.err.find(R"(run hookctl trust 'it'\''s a guard')") != std::string::npos, failed.err);
}

BOOST_AUTO_TEST_CASE(a_program_that_is_not_there_is_not_registered) {
    fixture setup;
    const auto done = setup.run({"register", "later", "--on", "e", "--", "no-such-program"});
    BOOST_TEST(done.exit_status == 4);
    check_one_error(done, {"cannot be run", "no-such-program", "give its path"});
}

BOOST_AUTO_TEST_CASE(bytes_that_the_registry_cannot_keep_are_refused_and_never_replaced) {
    fixture setup;
    for (const std::vector<std::string>& wrong :
        {std::vector<std::string>{"register", "\xff", "--on", "e", "--", "true"},
            {"register", "a", "--on", "e", "--", "sh", "-c", "echo \xff"},
            {"register", "a", "--on", "e", "--env", "A=\xff", "--", "true"},
            {"register", "a", "--on", "e", "--where", "/a=\xff", "--", "true"},
            {"register", "a", "--on", "e", "--cwd", "/tmp/\xff", "--", "true"},
            {"emit", "--wait", "--require", "\xff", "e"}, {"on", "--where", "/a=\xff", "e", "--", "true"},
            {"on", "e", "--", "./\xff"}}) {
        const auto done = setup.run(wrong);
        BOOST_TEST(done.exit_status == 2, done.err);
        check_one_error(done, {"hookctl"});
    }
    BOOST_TEST(size_at(json_of(setup.run({"hooks"}).out), "/hooks") == 0U);
}

BOOST_AUTO_TEST_CASE(a_path_that_is_not_there_yet_counts_from_where_it_was_registered) {
    fixture setup;
    const auto done = setup.run({"register", "later", "--on", "e", "--", "sh", "./later.sh", "word"});
    BOOST_TEST(done.exit_status == 0, done.err);
    const auto hook = json_of(done.out);
    BOOST_TEST(text_at(hook, "/command/1") == setup.daemon.directory() / "later.sh");
    BOOST_TEST(text_at(hook, "/command/2") == "word");
}

BOOST_AUTO_TEST_CASE(from_a_directory_that_was_removed_it_says_so) {
    fixture setup;
    const auto done = run_program(
        {"sh", "-c", "cd \"$(mktemp -d)\" && rmdir \"$PWD\" && exec \"$0\" --socket \"$1\" register a --on e -- true",
            std::filesystem::absolute(hookctl_binary()).string(), setup.daemon.socket_path()});
    BOOST_TEST(done.exit_status == 2);
    check_one_error(done, {"the current directory was removed", "change to another"});
}

BOOST_AUTO_TEST_CASE(wrong_usage_is_refused) {
    for (const std::vector<std::string>& wrong :
        {std::vector<std::string>{"register", "a", "--", "true"}, {"register", "--on", "e", "--", "true"},
            {"register", "a", "--on", "e"}, {"register", "a", "--on", "e", "--"}, {"deregister"},
            {"deregister", "a", "b"}, {"trust"}, {"hooks", "a"}}) {
        const auto done = hookctl("/nowhere", wrong);
        BOOST_TEST(done.exit_status == 2);
        check_one_error(done, {"hookctl"});
    }
}

BOOST_AUTO_TEST_SUITE_END()
