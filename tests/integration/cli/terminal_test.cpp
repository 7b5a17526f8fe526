// SPDX-License-Identifier: BSL-1.0
// CLI.md: on a terminal it prints for people, aligned, coloured unless NO_COLOR.
#include "hookctl_program.hpp"

#include "support/json_access.hpp"

#include <boost/test/unit_test.hpp>

#include <memory>
#include <string>

using namespace hookd::test;

namespace {

/// `hookctl --socket …` as a shell command line.
std::string line_for(const test_daemon& daemon, const std::string& arguments) {
    return hookctl_binary() + " --socket " + daemon.socket_path() + " " + arguments;
}

/// A program on a terminal that is still running.
std::unique_ptr<child_process> start_on_terminal(const std::string& command_line) {
    spawn_options options;
    options.environment = {{"TERM", "xterm"}, {"NO_COLOR", std::nullopt}};
    const auto sized = "stty rows 24 cols 80 -echo; " + command_line;
    return std::make_unique<child_process>(std::vector<std::string>{"script", "-qefc", sized, "/dev/null"}, options);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(cli_terminal)

BOOST_AUTO_TEST_CASE(people_get_words_and_colours) {
    test_daemon daemon;
    const auto ping = on_terminal(line_for(daemon, "ping"));
    BOOST_TEST(ping.exit_status == 0);
    BOOST_TEST(mentions(ping.out, "is there, at " + daemon.socket_path() + ": pid " + std::to_string(daemon.pid())));
    BOOST_TEST(mentions(ping.out, "\x1b["));
    BOOST_TEST(!mentions(ping.out, "{"));
    BOOST_TEST(text_at(json_of(on_terminal(line_for(daemon, "--json ping")).out), "/socket") == daemon.socket_path());
    BOOST_TEST(mentions(on_terminal(line_for(daemon, "emit note")).out, "as number 1 to 0 subscribers"));
}

BOOST_AUTO_TEST_CASE(what_hookd_has_checked_is_printed_for_people_alone) {
    const temp_directory directory;
    const auto line =
        hookd_binary() + " --check --socket " + directory / "hookd.sock" + " --registry " + directory / "registry.json";
    const auto done = on_terminal(line);
    BOOST_TEST(done.exit_status == 0);
    BOOST_TEST(done.out ==
               "configuration  no file\r\n"
               "socket         " +
                   directory / "hookd.sock" +
                   "\r\n"
                   "catalog        none: every event name is valid\r\n"
                   "journal        off\r\n"
                   "registry       " +
                   directory / "registry.json" + ": 0 hooks\r\n");
    BOOST_TEST(run_program({"sh", "-c", line}).out.empty());
}

BOOST_AUTO_TEST_CASE(no_color_means_no_colour) {
    test_daemon daemon;
    const auto plain = on_terminal("NO_COLOR=1 " + line_for(daemon, "ping"));
    BOOST_TEST(mentions(plain.out, "is there"));
    BOOST_TEST(!mentions(plain.out, "\x1b"));
    BOOST_TEST(mentions(on_terminal("NO_COLOR= " + line_for(daemon, "ping")).out, "\x1b["));
    BOOST_TEST(!mentions(on_terminal("TERM=dumb " + line_for(daemon, "ping")).out, "\x1b"));
}

BOOST_AUTO_TEST_CASE(json_is_json_on_a_terminal_too) {
    test_daemon daemon;
    const auto ping = on_terminal(line_for(daemon, "--json ping"));
    BOOST_TEST(int_at(json_of(lines_of(ping.out).at(0)), "/pid") == daemon.pid());
}

BOOST_AUTO_TEST_CASE(a_verdict_has_a_line_a_hook_and_a_veto_shows_its_reason) {
    test_daemon daemon;
    auto hook = start_hook(daemon,
        {"--name", "guard", "pre_*", "--", "sh", "-c", "[ $HOOK_EVENT = pre_fine ] || { echo not now >&2; exit 1; }"});
    const auto fine = on_terminal("NO_COLOR=1 " + line_for(daemon, "emit --wait pre_fine"));
    BOOST_TEST(fine.exit_status == 0);
    BOOST_TEST(fine.out.starts_with("proceed\r\n  guard  "));
    BOOST_TEST(mentions(fine.out, " ms  no objection\r\n"));
    const auto vetoed = on_terminal("NO_COLOR=1 " + line_for(daemon, "emit --wait pre_push"));
    BOOST_TEST(vetoed.exit_status == 1);
    BOOST_TEST(vetoed.out.starts_with("vetoed\r\n  guard  "));
    BOOST_TEST(mentions(vetoed.out, " ms  vetoes: not now\r\n"));
    BOOST_TEST(mentions(vetoed.out, "\nnot now\r\n"));
}

BOOST_AUTO_TEST_CASE(every_veto_and_every_missing_hook_has_its_line) {
    test_daemon daemon;
    auto first = start_hook(daemon, {"--name", "lint", "e", "--", "sh", "-c", "echo too long >&2; exit 1"}, 1);
    auto second = start_hook(daemon, {"--name", "spelling", "e", "--", "sh", "-c", "echo a typo >&2; exit 1"}, 2);
    auto third = start_hook(daemon, {"--name", "broken", "e", "--", "./no-such-program"}, 3);
    const auto done = on_terminal("NO_COLOR=1 " + line_for(daemon, "emit --wait --policy all e"));
    BOOST_TEST(done.exit_status == 1);
    BOOST_TEST(mentions(done.out, "ms  vetoes: too long\r\n"), done.out);
    BOOST_TEST(mentions(done.out, "ms  vetoes: a typo\r\n"));
    BOOST_TEST(mentions(done.out, "\r\n  broken  "));
    BOOST_TEST(
        mentions(done.out, "  missing: failed: could not start ./no-such-program: No such file or directory\r\n"));
    BOOST_TEST(mentions(on_terminal(line_for(daemon, "emit --wait e")).out, "\x1b[31mvetoes: "));
    const auto json = on_terminal(line_for(daemon, "--json emit --wait --policy all e"));
    BOOST_TEST(size_at(json_of(lines_of(json.out).at(0)), "/responses") == 2U);
    BOOST_TEST(!mentions(json.out, "vetoes"));
}

BOOST_AUTO_TEST_CASE(what_passing_hooks_say_reaches_the_person_wherever_the_output_goes) {
    test_daemon daemon;
    auto hook = start_hook(daemon, {"--name", "lint", "e", "--", "sh", "-c", "echo nothing to check >&2"});
    for (const std::string emit :
        {"emit -q --wait e", "emit --wait e | cat >/dev/null", "--json emit --wait e >/dev/null"}) {
        const auto done = on_terminal("NO_COLOR=1 " + line_for(daemon, emit));
        BOOST_TEST(done.out == "nothing to check\r\n", emit);
    }
    BOOST_TEST(mentions(
        on_terminal("NO_COLOR=1 " + line_for(daemon, "emit --wait e")).out, " ms  no objection: nothing to check\r\n"));
    const auto piped = hookctl(daemon.socket_path(), {"emit", "--wait", "e"});
    BOOST_TEST(piped.err.empty(), "standard error is a program's, too, where it is no terminal");
}

BOOST_AUTO_TEST_CASE(a_reason_cannot_drive_the_terminal) {
    test_daemon daemon;
    auto hook = start_hook(daemon, shell_hook("e", "printf '\\033[2Jcleared' >&2; exit 1"));
    const auto done = on_terminal("NO_COLOR=1 " + line_for(daemon, "emit --wait e"));
    BOOST_TEST(mentions(done.out, "?[2Jcleared"));
    BOOST_TEST(!mentions(done.out, "\x1b"));
}

BOOST_AUTO_TEST_CASE(a_payload_cannot_drive_the_terminal) {
    // Raw in JSON are allowed: DEL, and the C1 set, in which U+009B begins what ESC [ begins.
    test_daemon daemon;
    auto emitter = daemon.connect();
    emit(emitter, "note",
        "\"\x7f\xc2\x9b"
        "31m\\u001b[31m\"");
    const std::string shown = R"("\u007f\u009b31m\u001b[31m")";
    for (const std::string options : {"", "--json "}) {
        const auto done = on_terminal("NO_COLOR=1 " + line_for(daemon, options + "listen --after-seq 0 --count 1"));
        BOOST_TEST(mentions(done.out, shown), options << done.out);
        BOOST_TEST(done.out.find_first_of("\x1b\x7f\x9b") == std::string::npos);
    }
    const auto called = on_terminal(line_for(
        daemon, "call register_hook '{\"name\":\"h\",\"events\":[\"e\"],\"command\":[\"true\",\"\xc2\x9b\"]}'"));
    BOOST_TEST(mentions(called.out, R"(,"\u009b"])"), called.out);
}

BOOST_AUTO_TEST_CASE(stats_is_an_aligned_table) {
    test_daemon daemon;
    auto hook = start_hook(daemon, {"--name", "guard", "e", "--", "true"});
    BOOST_TEST(hookctl(daemon.socket_path(), {"emit", "--wait", "e"}).exit_status == 0);
    const auto done = on_terminal("NO_COLOR=1 " + line_for(daemon, "stats"));
    BOOST_TEST(mentions(done.out, "subscribers       1\r\n"));
    BOOST_TEST(mentions(done.out, "outcomes          answered 1\r\n"));
    BOOST_TEST(mentions(done.out, "P50 MS"));
    BOOST_TEST(mentions(done.out, "guard"));
}

BOOST_AUTO_TEST_CASE(listen_prints_events_in_columns) {
    test_daemon daemon;
    auto emitter = daemon.connect();
    emit(emitter, "note", R"({"a":1})");
    const auto done = on_terminal("NO_COLOR=1 " + line_for(daemon, "listen --after-seq 0 --count 1"));
    BOOST_TEST(done.exit_status == 0);
    BOOST_TEST(mentions(done.out, "  #1      note                      {\"a\":1}\r\n"));
}

BOOST_AUTO_TEST_CASE(listen_prints_the_outcome_of_each_question) {
    test_daemon daemon;
    auto listener = start_on_terminal("NO_COLOR=1 " + line_for(daemon, "listen"));
    daemon.wait_for_stat("/subscribers", 1);
    auto hook = start_hook(daemon, {"--name", "guard", "pre_push", "--", "sh", "-c", "echo not now >&2; exit 1"}, 2);
    BOOST_TEST(hookctl(daemon.socket_path(), {"emit", "--wait", "pre_push"}).exit_status == 1);
    listener->wait_for_out("not now\r\n");
    const auto lines = lines_of(listener->out());
    BOOST_REQUIRE(lines.size() == 2U);
    BOOST_TEST(mentions(lines[0], "  #1      pre_push                  waits 30 s  {}"), lines[0]);
    BOOST_TEST(mentions(lines[1], "  #1      pre_push       ✗  guard  "), lines[1]);
    BOOST_TEST(mentions(lines[1], " ms  not now"), lines[1]);
    const auto piped = start_hookctl(daemon.socket_path(), {"listen"});
    const auto json = start_on_terminal(line_for(daemon, "--json listen"));
    daemon.wait_for_stat("/subscribers", 4);
    for (const std::string number : {"2", "3"}) {
        BOOST_TEST(hookctl(daemon.socket_path(), {"emit", "--wait", "pre_push", number}).exit_status == 1);
        BOOST_TEST(int_at(json_of(piped->next_line()), "/payload") == std::stoi(number));
        BOOST_TEST(int_at(json_of(json->next_line()), "/payload") == std::stoi(number));
    }
}

BOOST_AUTO_TEST_CASE(a_note_beside_a_veto_is_shown_to_the_person_who_waits) {
    test_daemon daemon;
    auto hook = start_hook(daemon, {"--name", "fmt", "e", "--", "echo", R"({"abort":"bad","note":"run make fmt"})"});
    const auto done = on_terminal("NO_COLOR=1 " + line_for(daemon, "emit --wait e"));
    BOOST_TEST(done.exit_status == 1);
    BOOST_TEST(mentions(done.out, " ms  vetoes: bad; note: run make fmt\r\n"), done.out);
    BOOST_TEST(on_terminal(line_for(daemon, "emit -q --wait e")).out == "run make fmt\r\nbad\r\n");
    BOOST_TEST(hookctl(daemon.socket_path(), {"emit", "--wait", "e"}).err == "bad\n");
}

BOOST_AUTO_TEST_CASE(on_prints_what_became_of_each_event) {
    test_daemon daemon;
    auto hook = start_on_terminal("NO_COLOR=1 " + line_for(daemon, "on e -- sh -c 'echo no >&2; exit 1'"));
    daemon.wait_for_stat("/subscribers", 1);
    BOOST_TEST(hookctl(daemon.socket_path(), {"emit", "--wait", "e"}).exit_status == 1);
    hook->wait_for_out("veto no");
}

BOOST_AUTO_TEST_CASE(what_a_command_says_cannot_drive_the_terminal_of_on) {
    test_daemon daemon;
    auto hook = start_on_terminal(
        "NO_COLOR=1 " +
        line_for(daemon, R"(on e -- sh -c 'printf "\23331m\342\200\256errors" >&2; printf "\23331moutput"')"));
    daemon.wait_for_stat("/subscribers", 1);
    BOOST_TEST(hookctl(daemon.socket_path(), {"emit", "--wait", "e"}).exit_status == 0);
    hook->wait_for_out("response");
    BOOST_TEST(mentions(hook->out(), "?31m?errors"));
    BOOST_TEST(!mentions(hook->out(), "\x9b"));
}

BOOST_AUTO_TEST_CASE(top_shows_the_daemon_and_gives_the_terminal_back) {
    test_daemon daemon;
    auto hook = start_hook(daemon, {"--name", "guard", "e", "--", "true"});
    BOOST_TEST(hookctl(daemon.socket_path(), {"emit", "--wait", "e"}).exit_status == 0);
    auto top = start_on_terminal(line_for(daemon, "top") + "; stty -a");
    top->wait_for_out("guard");
    top->wait_for_out("P99 MS");
    BOOST_TEST(top->out().starts_with("\x1b[?1049h"));
    top->write_input("q");
    const auto done = top->finish();
    BOOST_TEST(done.exit_status == 0);
    BOOST_TEST(mentions(done.out, "\x1b[?1049l"));
    const auto settings = done.out.substr(done.out.find("\x1b[?1049l"));
    BOOST_TEST(mentions(settings, " icanon"));
}

BOOST_AUTO_TEST_CASE(top_shows_each_verdict_and_its_payload_and_is_filtered_and_paused) {
    test_daemon daemon;
    auto hook = start_hook(daemon, {"--name", "guard", "pre_*", "--", "sh", "-c", "echo not now >&2; exit 1"});
    auto top = start_on_terminal("NO_COLOR=1 " + line_for(daemon, "top"));
    top->wait_for_out("q quit");
    daemon.wait_for_stat("/subscribers", 2);
    BOOST_TEST(hookctl(daemon.socket_path(), {"emit", "--wait", "pre_push", R"({"branch":"main"})"}).exit_status == 1);
    top->wait_for_out("guard: not now");
    top->write_input("\r");
    top->wait_for_out("\"branch\": \"main\"");
    top->write_input("q");
    top->write_input("/deploy\r");
    top->wait_for_out("only deploy");
    top->write_input("p");
    top->wait_for_out("paused");
    top->write_input("p");
    const auto filtered = top->out().size();
    top->write_input("\x1b");
    eventually("Esc shows all again", [&] { return mentions(top->out().substr(filtered), "guard: not now"); });
    top->write_input("q");
    BOOST_TEST(top->wait() == 0);
}

BOOST_AUTO_TEST_CASE(top_shows_no_secret) {
    const temp_directory catalog;
    write_file(catalog / "pre_pay.json",
        R"({"name":"pre_pay","schema_version":1,"payload_schema":{"properties":{"card":{"x-secret":true}}}})");
    test_daemon daemon({"--catalog", catalog.path()});
    auto hook = start_hook(daemon, {"--name", "guard", "pre_pay", "--", "true"});
    auto top = start_on_terminal("NO_COLOR=1 " + line_for(daemon, "top"));
    top->wait_for_out("q quit");
    daemon.wait_for_stat("/subscribers", 2);
    BOOST_TEST(
        hookctl(daemon.socket_path(), {"emit", "--wait", "pre_pay", R"({"card":"4111","sum":3})"}).exit_status == 0);
    top->wait_for_out("> ");
    top->write_input("\r");
    top->wait_for_out("\"sum\": 3");
    BOOST_TEST(mentions(top->out(), "\"card\": \"\xe2\x80\xa6\""));
    BOOST_TEST(!mentions(top->out(), "4111"));
    top->write_input("qq");
    BOOST_TEST(top->wait() == 0);
}

BOOST_AUTO_TEST_CASE(top_gives_the_terminal_back_when_a_signal_ends_it) {
    test_daemon daemon;
    const auto pid_file = daemon.directory() / "pid";
    auto top = start_on_terminal(
        "sh -c 'echo $$ >" + pid_file + "; exec " + line_for(daemon, "top") + "'; echo status $?; stty -a");
    top->wait_for_out("connections");
    ::kill(static_cast<pid_t>(std::stol(wait_for_line(pid_file))), SIGTERM);
    const auto done = top->finish();
    BOOST_TEST(mentions(done.out, "\x1b[?1049l"));
    BOOST_TEST(mentions(done.out, "status 0"));
    BOOST_TEST(mentions(done.out.substr(done.out.find("status 0")), " icanon"));
}

BOOST_AUTO_TEST_CASE(top_survives_a_restart_of_the_daemon) {
    const temp_directory directory;
    const auto path = directory / "hookd.sock";
    auto daemon = std::make_unique<test_daemon>(path, std::vector<std::string>{});
    auto top = start_on_terminal(line_for(*daemon, "top"));
    top->wait_for_out("connections");
    daemon->kill();
    top->wait_for_out("no hookd at");
    daemon = std::make_unique<test_daemon>(path, std::vector<std::string>{});
    auto hook = start_hook(*daemon, {"--name", "newcomer", "e", "--", "true"}, 2);  // top hears verdicts again, too
    top->wait_for_out("newcomer");
    top->write_input("q");
    BOOST_TEST(top->wait() == 0);
}

BOOST_AUTO_TEST_CASE(top_is_not_for_a_terminal_that_cannot_move_its_cursor) {
    test_daemon daemon;
    const auto done = on_terminal("TERM=dumb " + hookctl_binary() + " --socket " + daemon.socket_path() + " top");
    BOOST_TEST(done.exit_status == 2);
    BOOST_TEST(mentions(done.out, "TERM=dumb cannot: use stats --watch"), done.out);
    BOOST_TEST(done.out.find('\x1b') == std::string::npos, done.out);
}

BOOST_AUTO_TEST_CASE(top_without_a_daemon_leaves_the_terminal_alone) {
    const temp_directory directory;
    const auto done = on_terminal(hookctl_binary() + " --socket " + directory / "nobody.sock" + " top");
    BOOST_TEST(done.exit_status == 3);
    BOOST_TEST(!mentions(done.out, "\x1b[?1049h"));
}

BOOST_AUTO_TEST_SUITE_END()
