// SPDX-License-Identifier: BSL-1.0
// CLI.md: `ask`, a person as a hook.
#include "hookctl_program.hpp"

#include "support/json_access.hpp"

#include <boost/test/unit_test.hpp>

#include <memory>
#include <optional>
#include <string>

#include <pwd.h>
#include <unistd.h>

using namespace hookd::test;

namespace {

/// A daemon, and `hookctl ask` on a terminal, 24 lines of 80 columns, as the hook `person`.
struct fixture {
    explicit fixture(const std::string& options = {}) {
        spawn_options how;
        how.environment = {{"TERM", "xterm"}, {"NO_COLOR", "1"}};
        const auto line = "trap : INT; stty rows 24 cols 80 -echo; " + hookctl_binary() + " --socket " +
                          daemon.socket_path() + " ask --name person " + options + " 'pre_*'; echo status $?";
        person = std::make_unique<child_process>(std::vector<std::string>{"script", "-qefc", line, "/dev/null"}, how);
        daemon.wait_for_stat("/subscribers", 1);
        person->wait_for_out("Waiting for questions");
    }

    [[nodiscard]] std::unique_ptr<child_process> emit(
        const std::string& event, const std::string& payload = "{}", std::vector<std::string> options = {}) const {
        std::vector<std::string> arguments{"emit", "--wait", event, payload};
        arguments.insert(arguments.end(), options.begin(), options.end());
        return start_hookctl(daemon.socket_path(), std::move(arguments));
    }

    test_daemon daemon{};
    std::unique_ptr<child_process> person{};
};

}  // namespace

BOOST_AUTO_TEST_SUITE(cli_ask)

BOOST_AUTO_TEST_CASE(a_person_says_yes_no_or_why_not) {
    fixture setup;
    struct answer {
        std::string typed;
        int status;
        std::string reason;
    };
    int number = 0;
    for (const auto& each : {answer{"y\n", 0, ""}, answer{" Yes \n", 0, ""}, answer{"n\n", 1, "person said no\n"},
             answer{"NO\n", 1, "person said no\n"}, answer{"n not now\n", 1, "not now\n"},
             answer{"yes, but not on a Friday\n", 1, "yes, but not on a Friday\n"}}) {
        const auto emitter = setup.emit("pre_deploy", R"({"to":"production","secret":"s3"})");
        setup.person->wait_for_out("#" + std::to_string(++number) + " ");
        setup.person->write_input(each.typed);
        const auto done = emitter->finish();
        BOOST_TEST(done.exit_status == each.status, each.typed);
        BOOST_TEST(done.err == each.reason);
        BOOST_TEST(text_at(json_of(done.out), "/responses/0/responder") == "person");
    }
    BOOST_TEST(mentions(setup.person->out(), "pre_deploy"));
    BOOST_TEST(mentions(setup.person->out(), "    \"to\": \"production\",\r\n    \"secret\": \"s3\"\r\n"),
        setup.person->out());
}

BOOST_AUTO_TEST_CASE(without_USER_the_accounts_name_is_the_hooks) {
    const auto* const account = ::getpwuid(::geteuid());
    BOOST_TEST_REQUIRE(account != nullptr);
    test_daemon daemon;
    spawn_options how;
    how.environment = {{"TERM", "xterm"}, {"USER", std::nullopt}};
    child_process person(
        {"script", "-qefc", hookctl_binary() + " --socket " + daemon.socket_path() + " ask 'pre_*'", "/dev/null"}, how);
    daemon.wait_for_stat("/subscribers", 1);
    const auto listed = json_of(hookctl(daemon.socket_path(), {"who", "pre_push"}).out);
    BOOST_TEST(text_at(listed, "/responders/0/name") == account->pw_name, listed);
}

BOOST_AUTO_TEST_CASE(several_questions_wait_in_a_queue) {
    fixture setup;
    const auto first = setup.emit("pre_one");
    setup.person->wait_for_out("#1 ");
    const auto second = setup.emit("pre_two");
    const auto third = setup.emit("pre_three");
    setup.daemon.wait_for_stat("/waiting", 3);
    BOOST_TEST(!mentions(setup.person->out(), "pre_t"));
    setup.person->write_input("y\n");
    BOOST_TEST(first->wait() == 0);
    setup.person->wait_for_out("#2 ");
    setup.person->write_input("n\n");
    setup.person->wait_for_out("#3 ");
    setup.person->write_input("n too late\n");
    const auto ends = {second->finish(), third->finish()};
    for (const auto& each : ends) {
        BOOST_TEST(each.exit_status == 1);
        BOOST_TEST((each.err == "person said no\n" || each.err == "too late\n"), each.err);
    }
}

BOOST_AUTO_TEST_CASE(an_answer_from_elsewhere_makes_it_move_on) {
    fixture setup;
    const auto emitter = setup.emit("pre_push");
    setup.person->wait_for_out("pre_push");
    const auto listened =
        json_of(hookctl(setup.daemon.socket_path(), {"listen", "--after-seq", "0", "--count", "1"}).out);
    BOOST_TEST(hookctl(setup.daemon.socket_path(),
                   {"respond", text_at(listened, "/hook_event_id"), "--abort", "from the phone"})
                   .exit_status == 0);
    BOOST_TEST(emitter->finish().err == "from the phone\n");
    setup.person->wait_for_out("#1: decided by another answer");
    const auto next = setup.emit("pre_two");
    setup.person->wait_for_out("pre_two");
    setup.person->write_input("y\n");
    BOOST_TEST(next->wait() == 0);
}

BOOST_AUTO_TEST_CASE(a_question_whose_time_is_over_gives_way) {
    fixture setup;
    const auto first = setup.emit("pre_one", "{}", {"--timeout", "1s"});
    setup.person->wait_for_out("#1: it timed out");
    BOOST_TEST(first->wait() == 0);
    const auto gone = setup.emit("pre_two");
    setup.person->wait_for_out("pre_two");
    gone->signal(SIGKILL);
    setup.person->wait_for_out("#2: its emitter no longer waits");
    BOOST_TEST(!mentions(setup.person->out(), "hookctl: "), setup.person->out());
}

BOOST_AUTO_TEST_CASE(a_waiting_question_that_goes_leaves_the_shown_one_and_what_is_typed) {
    fixture setup;
    const auto first = setup.emit("pre_one");
    setup.person->wait_for_out("pre_one");
    setup.person->write_input("not ");
    const auto second = setup.emit("pre_two", "{}", {"--timeout", "100ms"});
    BOOST_TEST(second->wait() == 0);
    setup.person->wait_for_out("#2: it timed out\r\ny, n, or why not: ");
    setup.person->write_input("today\n");
    BOOST_TEST(first->finish().err == "not today\n");
}

BOOST_AUTO_TEST_CASE(a_command_is_run_for_each_question) {
    temp_directory directory;
    fixture setup("--notify 'cat >" + directory / "$HOOK_EVENT" + "; echo >>" + directory / "$HOOK_EVENT" + "'");
    const auto emitter = setup.emit("pre_push", R"({"branch":"main"})");
    BOOST_TEST(wait_for_line(directory / "pre_push") == R"({"branch":"main"})");
    setup.person->write_input("y\n");
    BOOST_TEST(emitter->wait() == 0);
}

BOOST_AUTO_TEST_CASE(what_the_command_prints_as_an_object_is_the_answer) {
    fixture setup(R"(--notify 'echo "{\"abort\":\"said the phone\"}"')");
    const auto emitter = setup.emit("pre_push");
    BOOST_TEST(emitter->finish().err == "said the phone\n");
    setup.person->wait_for_out("answered by --notify");
}

BOOST_AUTO_TEST_CASE(after_an_interrupt_the_rest_is_missing) {
    fixture setup;
    const auto first = setup.emit("pre_one", "{}", {"--fail-closed"});
    setup.person->wait_for_out("y, n, or why not: ");
    const auto second = setup.emit("pre_two");
    setup.daemon.wait_for_stat("/waiting", 2);
    setup.person->write_input("\x03");
    setup.person->wait_for_out("\r\nstatus 0");
    const auto closed = first->finish();
    BOOST_TEST(closed.exit_status == 1);
    BOOST_TEST(text_at(json_of(closed.out), "/missing/0/responder") == "person");
    BOOST_TEST(text_at(json_of(closed.out), "/missing/0/why") == "left");
    const auto open = second->finish();
    BOOST_TEST(open.exit_status == 0);
    BOOST_TEST(size_at(json_of(open.out), "/missing") == 1U);
}

BOOST_AUTO_TEST_CASE(without_a_terminal_it_says_what_to_type) {
    test_daemon daemon;
    const auto done = hookctl(daemon.socket_path(), {"ask", "pre_*"});
    BOOST_TEST(done.exit_status == 2);
    check_one_error(done, {"needs a terminal", "hookctl on PATTERN"});
    BOOST_TEST(hookctl(daemon.socket_path(), {"ask"}).exit_status == 2);
}

BOOST_AUTO_TEST_CASE(told_events_are_no_questions) {
    fixture setup;
    BOOST_TEST(hookctl(setup.daemon.socket_path(), {"emit", "pre_note"}).exit_status == 0);
    const auto emitter = setup.emit("pre_question");
    setup.person->wait_for_out("pre_question");
    BOOST_TEST(!mentions(setup.person->out(), "pre_note"));
    setup.person->write_input("y\n");
    BOOST_TEST(emitter->wait() == 0);
}

BOOST_AUTO_TEST_SUITE_END()
