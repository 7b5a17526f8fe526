// SPDX-License-Identifier: BSL-1.0
// CLI.md, `doctor`: one line for each thing that it looks at, with what to type where it is wrong.
#include "hookctl_program.hpp"

#include "support/json_access.hpp"
#include "support/temp_directory.hpp"

#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <map>
#include <string>

using namespace hookd::test;

namespace {

/// What doctor says of each subject, from a home of its own.
struct diagnosis {
    explicit diagnosis(const std::string& socket, const std::map<std::string, std::string>& files = {}) {
        const temp_directory home;
        for (const auto& [name, text] : files) {
            const std::filesystem::path path = home / name;
            std::filesystem::create_directories(path.parent_path());
            write_file(path.string(), text);
        }
        spawn_options options;
        options.environment = {{"HOME", home.path()}, {"XDG_RUNTIME_DIR", home.path()},
            {"XDG_STATE_HOME", std::nullopt}, {"XDG_CONFIG_HOME", std::nullopt}, {"CLAUDE_CONFIG_DIR", std::nullopt},
            {"CODEX_HOME", std::nullopt}};
        options.directory = home.path();
        const auto done = hookctl(socket, {"doctor"}, {}, options);
        exit_status = done.exit_status;
        BOOST_TEST(done.err.empty());
        for (const auto& line : lines_of(done.out)) {
            const auto finding = json_of(line);
            (bool_at(finding, "/ok") ? fine : wrong)[text_at(finding, "/subject")] = text_at(finding, "/text");
        }
    }

    int exit_status = -1;
    std::map<std::string, std::string> fine{};
    std::map<std::string, std::string> wrong{};
};

}  // namespace

BOOST_AUTO_TEST_SUITE(cli_doctor)

BOOST_AUTO_TEST_CASE(where_all_is_right_it_says_what_there_is) {
    test_daemon daemon;
    const diagnosis seen(daemon.socket_path());
    BOOST_TEST(seen.exit_status == 0);
    BOOST_TEST(seen.wrong.empty());
    BOOST_TEST(mentions(
        seen.fine.at("daemon"), "answers at " + daemon.socket_path() + ", pid " + std::to_string(daemon.pid())));
    BOOST_TEST(mentions(seen.fine.at("socket"), "is yours alone"));
    BOOST_TEST(mentions(seen.fine.at("version"), "are both "));
    BOOST_TEST(mentions(seen.fine.at("hookd"), "hookd: hookd "));
    BOOST_TEST(mentions(seen.fine.at("journal"), "off"));
    BOOST_TEST(mentions(seen.fine.at("hooks"), "none is registered"));
    BOOST_TEST(seen.fine.at("cluster") == "this host is in none");
    BOOST_TEST(mentions(seen.fine.at("settings"), "registry.json"));
    BOOST_TEST(seen.fine.contains("units"));
}

BOOST_AUTO_TEST_CASE(a_daemon_at_the_default_path_has_a_registry_also_if_the_path_is_named) {
    const temp_directory home;
    const auto settings_at = [&home](const std::string& socket) {
        spawn_options options;
        options.environment = {{"HOME", home.path()}, {"XDG_RUNTIME_DIR", home.path()}, {"HOOKD_SOCKET", socket},
            {"XDG_STATE_HOME", std::nullopt}, {"HOOKD_REGISTRY", std::nullopt}};
        options.directory = home.path();
        return line_with(run_program({hookctl_binary(), "doctor"}, {}, options).out, "settings");
    };
    BOOST_TEST(mentions(settings_at(home / "hookd/hookd.sock"), "registry.json) are valid"));
    BOOST_TEST(mentions(settings_at(home / "other.sock"), "keeps hooks until it ends"));
}

BOOST_AUTO_TEST_CASE(a_journal_that_can_not_be_read_is_wrong) {
    const temp_directory directory;
    test_daemon daemon({"--journal", directory / "journal.db"});
    BOOST_TEST(mentions(diagnosis(daemon.socket_path()).fine.at("journal"), directory / "journal.db"));
    for (const std::string suffix : {"", "-wal", "-shm"}) {
        write_file(directory / "journal.db" + suffix, std::string(65536, 'x'));
    }
    const diagnosis seen(daemon.socket_path());
    BOOST_TEST(seen.exit_status == 1);
    BOOST_TEST(mentions(seen.wrong.at("journal"), directory / "journal.db"));
}

BOOST_AUTO_TEST_CASE(no_daemon_is_wrong_and_the_line_says_how_to_start_one) {
    const temp_directory directory;
    const auto path = directory / "nobody.sock";
    const diagnosis seen(path);
    BOOST_TEST(seen.exit_status == 1);
    BOOST_TEST(mentions(seen.wrong.at("daemon"), "start one with: hookd --socket " + path));
    BOOST_TEST(seen.fine.contains("settings"));
}

BOOST_AUTO_TEST_CASE(a_hook_that_may_not_run_is_wrong_and_the_line_says_what_to_type) {
    test_daemon daemon;
    const auto script = daemon.directory() / "guard.sh";
    write_file(script, "#!/bin/sh\n");
    std::filesystem::permissions(script, std::filesystem::perms::owner_all);
    for (const std::string name : {"guard", "other"}) {
        BOOST_REQUIRE(
            hookctl(daemon.socket_path(), {"register", name, "--on", "e", "--", name == "guard" ? script : "true"})
                .exit_status == 0);
    }
    write_file(script, "#!/bin/sh\nexit 1\n");
    const diagnosis seen(daemon.socket_path());
    BOOST_TEST(seen.exit_status == 1);
    BOOST_TEST(mentions(seen.wrong.at("hook guard"), "untrusted"));
    BOOST_TEST(mentions(seen.wrong.at("hook guard"), "hookctl trust guard"));
    BOOST_TEST(seen.fine.at("hook other") == "can run");
}

BOOST_AUTO_TEST_CASE(a_registry_that_cannot_be_read_and_a_unit_whose_program_is_gone_are_wrong) {
    test_daemon daemon;
    const diagnosis seen(daemon.socket_path(),
        {{".local/state/hookd/registry.json", "oops"},
            {".config/systemd/user/hookd.service", "[Service]\nExecStart=/no/such/hookd --threads 2\n"}});
    BOOST_TEST(seen.exit_status == 1);
    BOOST_TEST(mentions(seen.wrong.at("settings"), "registry.json"));
    BOOST_TEST(mentions(seen.wrong.at("units"), "starts /no/such/hookd, which can't be run"));
}

BOOST_AUTO_TEST_CASE(a_hook_of_gits_that_would_not_run_is_wrong) {
    test_daemon daemon;
    const temp_directory repository;
    spawn_options inside;
    inside.directory = repository.path();
    inside.environment = {{"HOME", repository.path()}, {"GIT_CONFIG_GLOBAL", "/dev/null"}};
    BOOST_REQUIRE(run_program({"git", "init", "-q"}, {}, inside).exit_status == 0);
    BOOST_TEST(
        mentions(hookctl(daemon.socket_path(), {"doctor"}, {}, inside).out, "no hook is installed in this repository"));
    BOOST_REQUIRE(
        hookctl(daemon.socket_path(), {"git", "install", "--events", "pre-commit"}, {}, inside).exit_status == 0);
    BOOST_TEST(
        mentions(hookctl(daemon.socket_path(), {"doctor"}, {}, inside).out, "1 hook of this repository would fire"));
    const auto script = repository / ".git/hooks/pre-commit";
    if (!std::filesystem::exists(script)) {
        return;  // a git that is new enough has it by its configuration
    }
    std::filesystem::permissions(script, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
    const auto done = hookctl(daemon.socket_path(), {"doctor"}, {}, inside);
    BOOST_TEST(done.exit_status == 1);
    BOOST_TEST(mentions(done.out, "git pre-commit"), done.out);
}

BOOST_AUTO_TEST_CASE(an_agent_with_settings_is_wired_or_the_line_says_what_to_type) {
    test_daemon daemon;
    const auto settings = [](const std::string& program, int seconds) {
        std::string hooks;
        for (const std::string event : {"PreToolUse", "UserPromptSubmit", "PostToolUse", "Stop"}) {
            hooks += (hooks.empty() ? "\"" : ",\"") + event + R"(":[{"hooks":[{"type":"command","command":")" +
                     program + R"( agent-hook --agent qoder --timeout 20s","timeout":)" + std::to_string(seconds) +
                     "}]}]";
        }
        return R"({"hooks":{)" + hooks + "}}";
    };
    const auto hookctl_path = std::filesystem::absolute(hookctl_binary()).string();
    const auto wired = settings(hookctl_path, 30);

    const diagnosis right(daemon.socket_path(), {{".qoder/settings.json", wired}, {".claude/other", ""}});
    BOOST_TEST(right.exit_status == 0);
    BOOST_TEST(mentions(right.fine.at("agent qoder"), ".qoder/settings.json calls hookctl agent-hook"));
    BOOST_TEST(!right.fine.contains("agent claude"), "an agent without settings is none of our business");

    const auto wrong_of = [&daemon](const std::string& text) {
        return diagnosis(daemon.socket_path(), {{".qoder/settings.json", text}}).wrong.at("agent qoder");
    };
    const std::string cure = ": hookctl agent install qoder";
    BOOST_TEST(mentions(wrong_of("{}"), "does not call hookctl agent-hook" + cure));
    BOOST_TEST(
        mentions(wrong_of(settings("/no/such/hookctl", 30)), "calls /no/such/hookctl, which can't be run" + cure));
    BOOST_TEST(mentions(wrong_of(settings(hookctl_path, 20)),
        "gives hookctl 20 s, and hookctl its hooks 20 s, so that a late veto is not heard" + cure));
    BOOST_TEST(mentions(wrong_of("{\"hooks\":{\"PreToolUse\"" +
                                 wired.substr(wired.find(":[{"), wired.find("],") - wired.find(":[{") + 1) + "}}"),
        "does not call hookctl agent-hook at UserPromptSubmit" + cure));
    BOOST_TEST(mentions(wrong_of("oops"), "it is not JSON"));
}

BOOST_AUTO_TEST_CASE(an_agent_that_is_wired_in_the_project_need_not_be_so_elsewhere) {
    test_daemon daemon;
    const temp_directory home;
    spawn_options inside;
    inside.directory = home.path();
    inside.environment = {{"HOME", home / "user"}, {"CODEX_HOME", std::nullopt}};
    std::filesystem::create_directories(home / "user/.codex");
    write_file(home / "user/.codex/hooks.json", "{}");
    BOOST_REQUIRE(
        hookctl(daemon.socket_path(), {"agent", "install", "codex", "--project"}, {}, inside).exit_status == 0);
    const auto done = hookctl(daemon.socket_path(), {"doctor"}, {}, inside);
    BOOST_TEST(mentions(done.out, R"("subject":"agent codex","ok":true)"), done.out);
    BOOST_TEST(!mentions(done.out, R"("subject":"agent codex","ok":false)"), done.out);
}

BOOST_AUTO_TEST_CASE(a_unit_is_enabled_or_the_line_says_how) {
    test_daemon daemon;
    const std::string unit = "[Service]\nExecStart=/bin/sh\n";
    const diagnosis seen(daemon.socket_path(), {{".config/systemd/user/hookd.service", unit}});
    BOOST_TEST(mentions(seen.fine.at("units"), "systemctl --user enable --now hookd.socket"));
}

BOOST_AUTO_TEST_CASE(people_get_a_mark_a_line) {
    const temp_directory directory;
    const auto done = on_terminal("NO_COLOR=1 HOME=" + directory.path() + " " + hookctl_binary() + " --socket " +
                                  directory / "none.sock" + " doctor");
    BOOST_TEST(done.exit_status == 1);
    BOOST_TEST(done.out.starts_with("\xe2\x9c\x97 daemon    no hookd at "), done.out);
    BOOST_TEST(mentions(done.out, "\r\n\xe2\x9c\x93 hookd     "));
}

BOOST_AUTO_TEST_SUITE_END()
