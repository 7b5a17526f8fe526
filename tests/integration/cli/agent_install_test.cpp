// SPDX-License-Identifier: BSL-1.0
// hookctl agent install, status and uninstall; agent-hook --stop-once.
#include "hookctl_program.hpp"

#include "support/json_access.hpp"
#include "support/preconditions.hpp"
#include "support/temp_directory.hpp"

#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <string>
#include <vector>

#include <sys/stat.h>
#include <unistd.h>

using namespace hookd::test;
namespace fs = std::filesystem;

namespace {

/// A home of one's own.
class home {
public:
    home() {
        options_.environment = {{"HOME", directory_.path()}, {"CLAUDE_CONFIG_DIR", std::nullopt},
            {"CODEX_HOME", std::nullopt}, {"XDG_STATE_HOME", std::nullopt}};
        options_.directory = directory_.path();
    }
    [[nodiscard]] finished_process run(std::vector<std::string> arguments, const std::string& input = {}) {
        arguments.insert(arguments.begin(), {"--socket", daemon_.socket_path()});
        arguments.insert(arguments.begin(), fs::absolute(hookctl_binary()).string());
        return run_program(arguments, input, options_);
    }
    [[nodiscard]] finished_process agent(std::vector<std::string> arguments) {
        arguments.insert(arguments.begin(), "agent");
        return run(std::move(arguments));
    }
    [[nodiscard]] finished_process shell(const std::string& command, const std::string& input) {
        return run_program({"sh", "-c", command}, input, options_);
    }
    [[nodiscard]] std::string file(const std::string& name) const { return directory_ / name; }
    [[nodiscard]] test_daemon& daemon() { return daemon_; }
    /// Makes it another user's, who runs hookctl from then on. Needs root.
    void give_to(uid_t user) {
        BOOST_TEST_REQUIRE(::chown(directory_.path().c_str(), user, user) == 0);
        for (const auto& each : fs::recursive_directory_iterator(directory_.path())) {
            BOOST_TEST_REQUIRE(::chown(each.path().c_str(), user, user) == 0);
        }
        options_.user = user;
    }

private:
    temp_directory directory_{};
    test_daemon daemon_{};
    spawn_options options_{};
};

std::string stop_of(const std::string& session) {
    return R"({"transcript_path":"/h/.claude/x","hook_event_name":"Stop","session_id":")" + session + "\"}";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(cli_agent_install)

BOOST_AUTO_TEST_CASE(install_keeps_and_uninstall_restores_the_settings) {
    home at;
    fs::create_directories(at.file(".claude"));
    const std::string before = "{ \"model\": \"x\",\n\"hooks\": {\"Stop\": [ ]} }";
    write_file(at.file(".claude/settings.json"), before);
    BOOST_TEST(at.agent({"status", "claude"}).exit_status == 1);
    BOOST_TEST(at.agent({"install", "claude", "--fail-closed", "--timeout", "40s"}).exit_status == 0);
    const auto after = read_file(at.file(".claude/settings.json"));
    const auto hook = value_at(json_of(after), "/hooks/PreToolUse/0/hooks/0");
    BOOST_TEST(
        text_at(hook, "/command").find(" agent-hook --timeout 40s --fail-closed --socket ") != std::string::npos);
    BOOST_TEST(int_at(hook, "/timeout") == 50);
    BOOST_TEST(text_at(json_of(after), "/model") == "x");
    // Twice is as once.
    const auto again = at.agent({"install", "claude", "--fail-closed", "--timeout", "40s"});
    BOOST_TEST(again.exit_status == 0);
    BOOST_TEST(!bool_at(json_of(again.out), "/changed"));
    BOOST_TEST(read_file(at.file(".claude/settings.json")) == after);
    BOOST_TEST(at.agent({"uninstall", "claude"}).exit_status == 0);
    BOOST_TEST(read_file(at.file(".claude/settings.json")) == before);
    BOOST_TEST(at.agent({"uninstall", "claude"}).exit_status == 0);
}

BOOST_AUTO_TEST_CASE(an_empty_file_is_an_empty_file_again) {
    home at;
    fs::create_directories(at.file(".claude"));
    for (const std::string blank : {"", " \n"}) {
        write_file(at.file(".claude/settings.json"), blank);
        BOOST_TEST(at.agent({"status", "claude"}).exit_status == 1);
        BOOST_TEST(at.agent({"install", "claude"}).exit_status == 0);
        BOOST_TEST(at.agent({"status", "claude"}).exit_status == 0);
        BOOST_TEST(at.agent({"uninstall", "claude"}).exit_status == 0);
        BOOST_TEST_REQUIRE(fs::exists(at.file(".claude/settings.json")));
        BOOST_TEST(read_file(at.file(".claude/settings.json")) == blank);
    }
}

BOOST_AUTO_TEST_CASE(status_fires_a_test_event_through_what_the_agent_calls) {
    home at;
    for (const std::string agent :
        {"claude", "codex", "gemini", "qwen", "copilot", "cursor", "windsurf", "kimi", "grok", "droid", "qoder"}) {
        BOOST_TEST(at.agent({"install", agent}).exit_status == 0);
        const auto open = at.agent({"status", agent});
        BOOST_TEST(open.exit_status == 0, agent << ": " << open.out << open.err);
        BOOST_TEST(text_at(json_of(open.out), "/answer") == "proceed", agent << ": " << open.out);
    }
    const auto hook = start_hook(at.daemon(), {"agent.pre_tool_use", "--", "echo", R"({"abort":"no tools today"})"});
    for (const auto& line : lines_of(at.agent({"status"}).out)) {
        BOOST_TEST(text_at(json_of(line), "/answer") == "deny", line);
        BOOST_TEST(text_at(json_of(line), "/reason") == "no tools today", line);
    }
    BOOST_TEST(lines_of(at.agent({"uninstall"}).out).size() == 11U);
    BOOST_TEST(at.agent({"status", "cursor"}).exit_status == 1);
    for (const auto& each : fs::directory_iterator(at.file("."))) {
        BOOST_TEST(each.path().filename() == ".local", each.path() << " is left");  // the state directory
    }
}

BOOST_AUTO_TEST_CASE(uninstall_removes_the_agents_directories_that_are_empty_then) {
    home at;
    fs::create_directories(at.file(".git"));
    fs::create_directories(at.file(".codex/sessions"));
    for (const bool is_project : {false, true}) {
        for (const std::string action : {"install", "uninstall"}) {
            std::vector<std::string> words{action, "claude", "codex", "copilot", "windsurf", "grok"};
            if (is_project) {
                words.emplace_back("--project");
            }
            BOOST_TEST(at.agent(words).exit_status == 0);
        }
    }
    for (const std::string gone :
        {".claude", ".copilot", ".codeium", ".windsurf", ".grok", ".github/hooks", ".codex/hooks.json"}) {
        BOOST_TEST(!fs::exists(at.file(gone)), gone);
    }
    for (const std::string kept : {".git", ".github", ".codex/sessions"}) {
        BOOST_TEST(fs::exists(at.file(kept)), kept);
    }
}

BOOST_AUTO_TEST_CASE(status_says_once_that_there_is_no_daemon) {
    home at;
    BOOST_TEST(at.agent({"install", "codex"}).exit_status == 0);
    at.daemon().kill();
    const auto said = json_of(at.agent({"status", "codex"}).out);
    BOOST_TEST(text_at(said, "/answer") == "proceed");
    BOOST_TEST(text_at(said, "/notices/0").starts_with("hookd: no hook was asked about agent.pre_tool_use: "), said);
}

BOOST_AUTO_TEST_CASE(each_agent_that_runs_claudes_hooks_gets_its_own_words) {
    home at;
    BOOST_TEST(at.agent({"install", "claude"}).exit_status == 0);
    const auto settings = json_of(read_file(at.file(".claude/settings.json")));
    const auto command = text_at(settings, "/hooks/PreToolUse/0/hooks/0/command");
    const auto hook = start_hook(at.daemon(), {"agent.*", "--", "echo", R"({"abort":"no"})"});
    const auto answer = [&](const std::string& name) { return at.shell(command, agent_input_of(name)); };
    BOOST_TEST(text_at(json_of(answer("claude_pre_tool_use").out), "/hookSpecificOutput/permissionDecision") == "deny");
    BOOST_TEST(text_at(json_of(answer("copilot_pascal_pre_tool_use").out), "/permissionDecision") == "deny");
    BOOST_TEST(text_at(json_of(answer("vscode_stop").out), "/hookSpecificOutput/decision") == "block");
    for (const std::string name : {"cursor_claudes_pre_tool_use", "grok_pre_tool_use", "unknown_pre_tool_use"}) {
        BOOST_TEST(answer(name).exit_status == 2, name);
    }
}

BOOST_AUTO_TEST_CASE(a_project_has_settings_of_its_own) {
    home at;
    fs::create_directories(at.file(".git"));
    BOOST_TEST(at.agent({"install", "claude", "copilot", "--project"}).exit_status == 0);
    BOOST_TEST(fs::exists(at.file(".claude/settings.json")));
    BOOST_TEST(fs::exists(at.file(".github/hooks/hookd.json")));
    BOOST_TEST(at.agent({"status", "copilot", "--project"}).exit_status == 0);
    check_one_error(at.agent({"install", "kimi", "--project"}), {"kimi", "project"});
    BOOST_TEST(at.agent({"status", "copilot"}).exit_status == 1);
}

BOOST_AUTO_TEST_CASE(links_odd_files_and_strange_names_are_refused_with_a_reason) {
    home at;
    fs::create_directories(at.file(".git"));
    fs::create_directories(at.file("elsewhere"));
    write_file(at.file("elsewhere/settings.json"), "{}");
    fs::create_symlink(at.file("elsewhere"), at.file(".claude"));
    fs::create_directories(at.file(".gemini"));
    fs::create_symlink(at.file("elsewhere/settings.json"), at.file(".gemini/settings.json"));
    fs::create_directories(at.file(".codex"));
    write_file(at.file(".codex/hooks.json"), "{} // comment");
    for (const std::string agent : {"claude", "gemini"}) {
        const auto refused = at.agent({"install", agent, "--project"});
        BOOST_TEST(refused.exit_status == 1);
        check_one_error(refused, {"is a link", "in a project"});
    }
    fs::create_directories(at.file(".cursor"));
    fs::create_symlink(at.file("nowhere/hooks.json"), at.file(".cursor/hooks.json"));
    const auto dangling = at.agent({"install", "cursor"});
    BOOST_TEST(dangling.exit_status == 1);
    check_one_error(dangling, {".cursor/hooks.json is a link to nothing"});
    check_one_error(at.agent({"install", "codex"}), {"codex", "hooks.json", "comment"});
    BOOST_TEST(read_file(at.file("elsewhere/settings.json")) == "{}");
    BOOST_TEST(read_file(at.file(".codex/hooks.json")) == "{} // comment");
    check_one_error(at.agent({"install", "hal"}), {"hal", "claude, codex"});
    BOOST_TEST(at.agent({"install", "hal"}).exit_status == 2);
    BOOST_TEST(at.agent({"status", "--fail-closed"}).exit_status == 2);
}

BOOST_AUTO_TEST_CASE(own_settings_that_are_kept_elsewhere_are_changed_there) {
    home at;
    fs::create_directories(at.file("dotfiles/claude"));
    write_file(at.file("dotfiles/claude/settings.json"), "{ \"model\": \"m\" }");
    fs::create_directory_symlink("dotfiles/claude", at.file(".claude"));
    write_file(at.file("dotfiles/gemini.json"), "");
    fs::create_directories(at.file(".gemini"));
    fs::create_symlink("../dotfiles/gemini.json", at.file(".gemini/settings.json"));
    BOOST_TEST(at.agent({"install", "claude", "gemini"}).exit_status == 0);
    BOOST_TEST(mentions(read_file(at.file("dotfiles/claude/settings.json")), "agent-hook"));
    BOOST_TEST(mentions(read_file(at.file("dotfiles/gemini.json")), "agent-hook"));
    BOOST_TEST(at.agent({"status", "claude", "gemini"}).exit_status == 0);
    BOOST_TEST(at.agent({"uninstall", "claude", "gemini"}).exit_status == 0);
    BOOST_TEST(read_file(at.file("dotfiles/claude/settings.json")) == "{ \"model\": \"m\" }");
    BOOST_TEST(read_file(at.file("dotfiles/gemini.json")).empty());
    BOOST_TEST(fs::is_symlink(at.file(".claude")));
    BOOST_TEST(fs::is_symlink(at.file(".gemini/settings.json")));
}

BOOST_AUTO_TEST_CASE(
    another_users_link_is_not_followed, *boost::unit_test::precondition(as_root_with_reachable_binary)) {
    home at;
    fs::create_directories(at.file(".claude"));
    write_file(at.file("settings.json"), "{}");
    at.give_to(stranger);
    const auto link = at.file(".claude/settings.json");
    fs::create_symlink(at.file("settings.json"), link);
    BOOST_TEST_REQUIRE(::lchown(link.c_str(), stranger + 1, stranger + 1) == 0);
    const auto refused = at.agent({"install", "claude"});
    BOOST_TEST(refused.exit_status == 1);
    check_one_error(refused, {".claude/settings.json is a link of another user"});
    BOOST_TEST(read_file(at.file("settings.json")) == "{}");
}

BOOST_AUTO_TEST_CASE(
    settings_that_may_not_be_written_are_not_replaced, *boost::unit_test::precondition(as_root_with_reachable_binary)) {
    home at;
    fs::create_directories(at.file(".claude"));
    const auto settings = at.file(".claude/settings.json");
    write_file(settings, "{}");
    at.give_to(stranger);
    BOOST_TEST(at.agent({"install", "claude"}).exit_status == 0);
    const auto installed = read_file(settings);
    fs::permissions(settings, fs::perms::owner_read);
    for (const auto& arguments :
        {std::vector<std::string>{"install", "claude", "--stop-once"}, {"uninstall", "claude"}}) {
        const auto refused = at.agent(arguments);
        BOOST_TEST(refused.exit_status == 1);
        check_one_error(refused, {"can't change", ".claude/settings.json", "Permission denied"});
        BOOST_TEST(read_file(settings) == installed);
    }
}

BOOST_AUTO_TEST_CASE(the_mode_of_the_settings_stays) {
    home at;
    fs::create_directories(at.file(".codex"));
    write_file(at.file(".codex/hooks.json"), "{}");
    fs::permissions(
        at.file(".codex/hooks.json"), fs::perms::owner_read | fs::perms::owner_write | fs::perms::group_read);
    BOOST_TEST(at.agent({"install", "codex"}).exit_status == 0);
    struct stat there {};
    BOOST_TEST(::stat(at.file(".codex/hooks.json").c_str(), &there) == 0);
    BOOST_TEST((there.st_mode & 0777U) == 0640U);
}

BOOST_AUTO_TEST_CASE(a_sessions_end_is_blocked_once_at_most) {
    home at;
    const auto hook = start_hook(at.daemon(), {"agent.stop", "--", "echo", R"({"abort":"run the tests"})"});
    const auto answer = [&](const std::string& session) {
        const auto done = at.run({"agent-hook", "--stop-once"}, stop_of(session));
        BOOST_TEST(done.exit_status == 0);
        return json_of(done.out);
    };
    BOOST_TEST(text_at(answer("s/1"), "/decision") == "block");
    BOOST_TEST(!has_at(answer("s/1"), "/decision"));
    BOOST_TEST(text_at(answer("s/1"), "/systemMessage").find("run the tests") != std::string::npos);
    BOOST_TEST(text_at(answer("s/2"), "/decision") == "block");
    BOOST_TEST(text_at(json_of(at.run({"agent-hook"}, stop_of("s/1")).out), "/decision") == "block");
    struct stat there {};
    BOOST_TEST(::stat(at.file(".local/state/hookd/agent-stops").c_str(), &there) == 0);
    BOOST_TEST((there.st_mode & 0777U) == 0700U);
    BOOST_TEST(std::distance(fs::directory_iterator(at.file(".local/state/hookd/agent-stops")), {}) == 2);
    // A directory that others may write to records nothing: the session may end.
    fs::permissions(at.file(".local/state/hookd/agent-stops"), fs::perms::all);
    BOOST_TEST(!has_at(answer("s/3"), "/decision"));
}

BOOST_AUTO_TEST_SUITE_END()
