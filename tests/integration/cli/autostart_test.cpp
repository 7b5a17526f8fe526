// SPDX-License-Identifier: BSL-1.0
// CLI.md, "Start by itself": a daemon that is started where it is needed and absent; and `hookd --detach`, by which it
// is.
#include "hookctl_program.hpp"

#include "support/json_access.hpp"
#include "support/preconditions.hpp"
#include "support/temp_directory.hpp"

#include <boost/test/unit_test.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

using namespace hookd::test;

namespace {

using words = std::vector<std::string>;

/// A home of its own, with a default path at which there is no daemon yet. Ends the one that is there in the end.
class lone_home {
public:
    lone_home() {
        std::filesystem::create_directory(directory_ / "run");
        std::filesystem::permissions(directory_ / "run", std::filesystem::perms::owner_all);
        options.environment = {{"HOME", directory_.path()}, {"XDG_RUNTIME_DIR", directory_ / "run"},
            {"XDG_STATE_HOME", directory_ / "state"}, {"SUDO_UID", std::nullopt}};
    }
    ~lone_home() { stop_daemon(); }
    lone_home(const lone_home&) = delete;
    lone_home& operator=(const lone_home&) = delete;

    [[nodiscard]] finished_process run(words arguments, const std::string& input = {}) const {
        arguments.insert(arguments.begin(), hookctl_binary());
        return run_program(std::move(arguments), input, options);
    }
    [[nodiscard]] finished_process detach() const { return run_program({hookd_binary(), "--detach"}, {}, options); }

    /// A hook that vetoes, registered at a daemon that is gone again.
    void register_veto(const std::string& event) {
        BOOST_REQUIRE(detach().exit_status == 0);
        BOOST_REQUIRE(
            run({"register", "guard", "--on", event, "--", "sh", "-c", "echo not now >&2; exit 1"}).exit_status == 0);
        stop_daemon();
    }

    /// That of the daemon at the default path; nothing where there is none.
    [[nodiscard]] std::optional<pid_t> daemon() const {
        const auto answer = run({"ping"});
        return answer.exit_status == 0 ? std::optional(static_cast<pid_t>(int_at(json_of(answer.out), "/pid")))
                                       : std::nullopt;
    }
    void stop_daemon() const {
        if (const auto pid = daemon()) {
            ::kill(*pid, SIGTERM);
            eventually("the daemon's end", [&pid] { return is_gone(*pid); });
        }
    }

    [[nodiscard]] std::string socket() const { return directory_ / "run/hookd/hookd.sock"; }
    [[nodiscard]] std::string registry() const { return directory_ / "state/hookd/registry.json"; }
    [[nodiscard]] std::string log() const { return directory_ / "state/hookd/hookd.log"; }

    spawn_options options{};

private:
    temp_directory directory_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(cli_autostart)

BOOST_AUTO_TEST_CASE(a_detached_daemon_is_ready_when_its_starter_returns_and_keeps_nothing_of_it) {
    const lone_home home;
    const auto done = home.detach();  // to the end of both outputs: they are not the daemon's
    BOOST_TEST(done.exit_status == 0);
    BOOST_TEST(done.out + done.err == "");
    const auto pid = home.daemon();
    BOOST_TEST_REQUIRE(pid.has_value());
    BOOST_TEST(::getsid(*pid) == *pid);
    BOOST_TEST(read_file(home.log()).find("listening on " + home.socket()) != std::string::npos);
    struct stat log {};
    BOOST_TEST_REQUIRE(::stat(home.log().c_str(), &log) == 0);
    BOOST_TEST((log.st_mode & 0777U) == 0600U);
}

BOOST_AUTO_TEST_CASE(a_detached_daemon_that_cannot_start_says_where_its_log_is) {
    const lone_home home;
    BOOST_TEST(home.detach().exit_status == 0);
    const auto second = home.detach();
    BOOST_TEST(second.exit_status == 3);
    BOOST_TEST(second.err.find(home.log()) != std::string::npos, second.err);
}

BOOST_AUTO_TEST_CASE(a_registered_hook_guards_although_nothing_has_started_the_daemon) {
    lone_home home;
    home.register_veto("pre_push");
    const auto done = home.run({"emit", "--wait", "pre_push"});
    BOOST_TEST(done.exit_status == 1);
    BOOST_TEST(done.err == "not now\n");
    BOOST_TEST(home.daemon().has_value());
}

BOOST_AUTO_TEST_CASE(git_and_agents_start_it_too) {
    lone_home home;
    home.register_veto("*");
    BOOST_TEST(home.run({"git", "run", "pre-commit"}).exit_status == 1);
    home.stop_daemon();
    const auto answer = home.run(
        {"agent-hook"}, R"({"hook_event_name":"PreToolUse","tool_name":"Bash","tool_input":{"command":"ls"}})");
    BOOST_TEST((answer.out + answer.err).find("not now") != std::string::npos, answer.out << answer.err);
}

BOOST_AUTO_TEST_CASE(without_an_enabled_hook_nothing_is_started) {
    const lone_home home;
    BOOST_TEST(home.run({"emit", "--wait", "pre_push"}).exit_status == 3);
    std::filesystem::create_directories(std::filesystem::path(home.registry()).parent_path());
    for (const std::string text :
        {R"({"version":1,"hooks":[]})", R"({"version":1,"hooks":[{"hook":{"name":"x"},"enabled":false}]})",
            R"({"version":1,"hooks":[{"hook":{"name":"x","enabled":false}}]})"}) {
        write_file(home.registry(), text);
        const auto done = home.run({"emit", "--wait", "pre_push"});
        BOOST_TEST(done.exit_status == 3, text);
        BOOST_TEST(done.err.find("could not be started") == std::string::npos, done.err);
    }
    BOOST_TEST(!home.daemon());
}

BOOST_AUTO_TEST_CASE(a_registry_that_cannot_be_read_is_reported_and_not_taken_for_one_without_hooks) {
    const lone_home home;
    std::filesystem::create_directories(std::filesystem::path(home.registry()).parent_path());
    for (const std::string text : {"[]", "{}", "oops", ""}) {
        write_file(home.registry(), text);
        const auto done = home.run({"emit", "--wait", "--no-daemon", "proceed", "pre_push"});
        BOOST_TEST(done.exit_status == 0, text);
        BOOST_TEST(
            done.err.find("hookd could not be started for the hooks in " + home.registry() + ": ") != std::string::npos,
            text << done.err);
        BOOST_TEST(done.err.find(home.log()) != std::string::npos, text << done.err);
    }
    BOOST_TEST(read_file(home.log()).find("mend the registry, or move it away") != std::string::npos);
    BOOST_TEST(!home.daemon());
}

BOOST_AUTO_TEST_CASE(a_path_that_was_named_or_a_user_who_does_not_want_it_is_heeded) {
    lone_home home;
    home.register_veto("pre_push");
    BOOST_TEST(home.run({"--no-autostart", "emit", "--wait", "pre_push"}).exit_status == 3);
    BOOST_TEST(home.run({"--socket", home.socket(), "emit", "--wait", "pre_push"}).exit_status == 3);
    BOOST_TEST(home.run({"emit", "pre_push"}).exit_status == 3);
    for (const auto& [name, value] :
        {std::pair<std::string, std::string>{"HOOKD_AUTOSTART", "0"}, {"HOOKD_SOCKET", home.socket()}}) {
        home.options.environment[name] = value;
        BOOST_TEST(home.run({"emit", "--wait", "pre_push"}).exit_status == 3, name);
        home.options.environment[name] = std::nullopt;
    }
    BOOST_TEST(!home.daemon());
}

BOOST_AUTO_TEST_CASE(root_starts_none_on_behalf_of_another_user, *boost::unit_test::precondition(as_root)) {
    lone_home home;
    home.register_veto("pre_push");
    home.options.environment["SUDO_UID"] = std::to_string(stranger);
    BOOST_TEST(home.run({"emit", "--wait", "pre_push"}).exit_status == 3);
    home.options.environment["SUDO_UID"] = std::nullopt;
    BOOST_REQUIRE(::chown(home.registry().c_str(), stranger, stranger) == 0);
    BOOST_TEST(home.run({"emit", "--wait", "pre_push"}).exit_status == 3);
    BOOST_TEST(!home.daemon());
}

BOOST_AUTO_TEST_CASE(several_at_once_are_all_served_by_one_daemon) {
    lone_home home;
    home.register_veto("pre_push");
    std::vector<std::unique_ptr<child_process>> emitters;
    for (int each = 0; each < 4; ++each) {
        emitters.push_back(
            std::make_unique<child_process>(words{hookctl_binary(), "emit", "--wait", "pre_push"}, home.options));
    }
    for (const auto& each : emitters) {
        const auto done = each->finish();
        BOOST_TEST(done.exit_status == 1, done.err);
        BOOST_TEST(done.err == "not now\n");
    }
}

BOOST_AUTO_TEST_SUITE_END()
