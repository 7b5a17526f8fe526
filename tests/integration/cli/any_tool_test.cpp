// SPDX-License-Identifier: BSL-1.0
// What client/README.md shows for build tools, services and CI, run by these tools, or as they would. (Its Makefile is
// run by docs_test.)
#include "hookctl_program.hpp"
#include "support/source_tree.hpp"

#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <string>
#include <utility>
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

const std::string commit(40, 'a');

/// A daemon that knows the events of one of the catalogs that come with hookd, and no others.
test_daemon daemon_with_catalog(const std::string& name) {
    return test_daemon({"--catalog", source_tree() + "/server/catalogs/" + name});
}

/// Runs a program with hookctl in its $PATH, for the daemon's socket.
finished_process run_beside(const test_daemon& daemon, const std::vector<std::string>& argv) {
    const auto bin = daemon.directory() / "bin";
    fs::create_directories(bin);
    if (!fs::exists(bin + "/hookctl")) {
        fs::create_symlink(fs::absolute(hookctl_binary()), bin + "/hookctl");
    }
    spawn_options options;
    options.directory = daemon.directory().path();
    options.environment = {{"HOOKD_SOCKET", daemon.socket_path()}, {"PATH", bin + ":/usr/bin:/bin"},
        {"CI_COMMIT_SHA", commit}, {"MAKEFLAGS", std::nullopt}, {"MAKELEVEL", std::nullopt}};
    return run_program(argv, {}, options);
}

std::string replaced(const std::string& text, const std::vector<std::pair<std::string, std::string>>& values) {
    auto result = text;
    for (const auto& [name, value] : values) {
        for (auto at = result.find(name); at != std::string::npos; at = result.find(name, at + value.size())) {
            result.replace(at, name.size(), value);
        }
    }
    return result;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(cli_any_tool)

BOOST_AUTO_TEST_CASE(make_stops_if_a_hook_vetoes) {
    auto daemon = daemon_with_catalog("make");
    write_file(daemon.directory() / "Makefile", shown_file("Makefile"));
    const auto accepted = run_beside(daemon, {"make", "-s", "release", "VERSION=1.2"});
    BOOST_TEST(accepted.exit_status == 0, accepted.err);
    BOOST_TEST(accepted.out.find("releasing 1.2\n") != std::string::npos);
    const auto hook = start_hook(
        daemon, shell_hook("make.pre_target",
                    "grep -q '\"target\":\"release\".*\"version\":\"1.2\"' && echo 'not on a Friday' >&2; exit 1"));
    const auto refused = run_beside(daemon, {"make", "-s", "release", "VERSION=1.2"});
    BOOST_TEST(refused.exit_status == 2);
    BOOST_TEST(refused.out.find("releasing") == std::string::npos);
    BOOST_TEST(refused.err.starts_with("not on a Friday\n"));
}

// just is not in Debian 12: its lines are run as it runs them, each by `sh -cu`, until one fails.
BOOST_AUTO_TEST_CASE(just_stops_if_a_hook_vetoes) {
    auto daemon = daemon_with_catalog("make");
    std::string script;
    for (const auto& line : lines_after("    @", shown_file("justfile"))) {
        script +=
            replaced(line, {{"{{version}}", "1.2"}, {"{{justfile_directory()}}", daemon.directory().path()}}) + "\n";
    }
    BOOST_TEST(script.find("{{") == std::string::npos, script);
    const std::vector<std::string> recipe{"sh", "-ceu", script};
    const auto accepted = run_beside(daemon, recipe);
    BOOST_TEST(accepted.exit_status == 0, accepted.err);
    BOOST_TEST(accepted.out.find("releasing 1.2\n") != std::string::npos);
    daemon.wait_for_stat("/head_seq", 2);
    const auto hook = start_hook(daemon, shell_hook("make.pre_target", "echo 'not on a Friday' >&2; exit 1"));
    const auto refused = run_beside(daemon, recipe);
    BOOST_TEST(refused.exit_status == 1);
    BOOST_TEST(refused.err == "not on a Friday\n");
    BOOST_TEST(refused.out.find("releasing") == std::string::npos);
}

// A script stands in for curl: it records what is sent, and prints what a phone has answered.
BOOST_AUTO_TEST_CASE(a_phone_gets_the_question_and_its_answer_counts) {
    test_daemon daemon;
    const auto directory = daemon.directory().path();
    fs::create_directories(directory + "/bin");
    write_file(directory + "/bin/curl", "#!/bin/sh\ncase $* in *--data-binary*) { printf '%s\\n' \"$@\"; cat; } >" +
                                            directory + "/sent ;; *) echo \"$*\" >" + directory + "/heard; cat " +
                                            directory + "/answers ;; esac\n");
    for (const char* const name : {"tell-phone", "hear-phone"}) {
        write_file(directory + "/" + name, shown_file(name));
    }
    fs::permissions(directory + "/bin/curl", fs::perms::owner_all);

    auto person = daemon.connect();
    subscribe(person, "deploy_*");
    auto emitter = start_hookctl(daemon.socket_path(), {"emit", "--wait", "deploy_web", R"({"version":"1.2"})"});
    const auto id = person.next_event().string("/params/hook_event_id");
    const auto variables =
        "NTFY_QUESTIONS=http://phone/q NTFY_ANSWERS=http://phone/a HOOK_EVENT=deploy_web HOOK_EVENT_ID=" + id;
    const auto told =
        run_beside(daemon, {"sh", "-c", "echo '{\"version\":\"1.2\"}' | " + variables + " sh ./tell-phone"});
    BOOST_TEST(told.exit_status == 0, told.err);
    const auto sent = read_file(directory + "/sent");
    BOOST_TEST(sent.find("Title: deploy_web\n") != std::string::npos, sent);
    BOOST_TEST(sent.find("http, No, http://phone/a, body='" + id + " no'") != std::string::npos, sent);
    BOOST_TEST(sent.ends_with("{\"version\":\"1.2\"}\n"), sent);

    write_file(directory + "/answers", "hello\n" + id + " no\n");
    const auto heard = run_beside(daemon, {"sh", "-c", variables + " sh ./hear-phone"});
    BOOST_TEST(heard.exit_status == 0, heard.err);
    BOOST_TEST(emitter->wait() == 1);
    BOOST_TEST(read_file(directory + "/heard") == "-sN http://phone/a/raw\n");
}

BOOST_AUTO_TEST_CASE(the_unit_is_valid_for_systemd_and_its_commands_ask_and_report) {
    auto daemon = daemon_with_catalog("systemd");
    const auto unit = shown_file("web.service");
    const auto ask = lines_after("ExecStartPre=", unit);
    const auto report = lines_after("ExecStopPost=", unit);
    BOOST_TEST_REQUIRE(ask.size() == 1U);
    BOOST_TEST_REQUIRE(report.size() == 1U);

    write_file(daemon.directory() / "web.service",
        replaced(unit, {{"=hookctl", "=" + fs::absolute(hookctl_binary()).string()}}));
    spawn_options options;
    options.environment = {{"XDG_RUNTIME_DIR", daemon.directory().path()}};
    const auto checked = run_program(
        {"systemd-analyze", "verify", "--man=no", "--user", daemon.directory() / "web.service"}, {}, options);
    BOOST_TEST(checked.exit_status == 0, checked.err);
    BOOST_TEST(checked.err.empty(), checked.err);

    // As systemd would run them: it reads quotes as a shell does, and replaces %n and variables within quotes, too.
    const std::vector<std::pair<std::string, std::string>> values{
        {"%n", "web.service"}, {"${SERVICE_RESULT}", "exit-code"}, {"${EXIT_STATUS}", "1"}};
    const auto start = replaced(ask.front(), values);
    BOOST_TEST(run_beside(daemon, {"sh", "-c", start}).exit_status == 0);
    const auto stopped = run_beside(daemon, {"sh", "-c", replaced(report.front(), values)});
    BOOST_TEST(stopped.exit_status == 0, stopped.err);
    const auto hook = start_hook(daemon,
        shell_hook("systemd.pre_start", "grep -q '^{\"unit\":\"web.service\"}$' && echo 'in maintenance' >&2; exit 1"));
    const auto refused = run_beside(daemon, {"sh", "-c", start});
    BOOST_TEST(refused.exit_status == 1);
    BOOST_TEST(refused.err == "in maintenance\n");
}

BOOST_AUTO_TEST_CASE(the_step_of_a_ci_job_deploys_only_if_a_hook_agrees) {
    auto daemon = daemon_with_catalog("ci");
    write_file(daemon.directory() / "deploy.sh", "#!/bin/sh\necho deployed\n");
    fs::permissions(daemon.directory() / "deploy.sh", fs::perms::owner_all);
    std::string script;
    for (const auto& line : lines_after("    - ", shown_file("ci-step.yml"))) {
        script += line + "\n";
    }
    // A runner stops at the first line that fails.
    const std::vector<std::string> step{"bash", "-eo", "pipefail", "-c", script};
    const auto unanswered = run_beside(daemon, step);
    BOOST_TEST(unanswered.exit_status == 1);
    BOOST_TEST(unanswered.out.find("deployed") == std::string::npos);
    const auto hook = start_hook(daemon, shell_hook("ci.pre_deploy", "grep -q '\"commit\":\"" + commit + "\"'"));
    const auto allowed = run_beside(daemon, step);
    BOOST_TEST(allowed.exit_status == 0, allowed.err);
    BOOST_TEST(allowed.out.find("deployed\n") != std::string::npos);
    daemon.wait_for_stat("/head_seq", 3);
}

BOOST_AUTO_TEST_SUITE_END()
