// SPDX-License-Identifier: BSL-1.0
// CLI.md: .hookd.toml; `init`, `sync`, `unsync`, `trust .hookd.toml`.
#include "git_repository.hpp"
#include "hookctl_program.hpp"

#include "support/json_access.hpp"

#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <optional>
#include <string>

#include <sys/stat.h>

using namespace hookd::test;

namespace {

constexpr auto file_with_one_hook = "[hooks.lint]\non = [\"git.pre_commit\", \"e\"]\nrun = [\"./tools/lint.sh\"]\n";

/// A daemon, and a repository `shop` with a script that vetoes.
struct fixture {
    fixture() {
        in_repository.environment = repository.environment;
        in_repository.environment["HOME"] = home.path();
        in_repository.environment["XDG_STATE_HOME"] = std::nullopt;
        in_repository.environment["CLAUDE_PROJECT_DIR"] = std::nullopt;
        in_repository.directory = repository.path();
        std::filesystem::create_directory(repository / "tools");
        repository.write_script("tools/lint.sh", "echo no >&2; exit 1");
    }

    void write(const std::string& text, const std::string& name = ".hookd.toml") const {
        write_file(repository / name, text);
    }
    [[nodiscard]] finished_process run(std::vector<std::string> arguments) const {
        return hookctl(daemon.socket_path(), std::move(arguments), {}, in_repository);
    }
    /// `sync`, and agrees to what it shows.
    void agree() const {
        BOOST_TEST_REQUIRE(run({"sync"}).exit_status == 1);
        const auto done = run({"trust", ".hookd.toml"});
        BOOST_TEST_REQUIRE(done.exit_status == 0, done.err);
    }
    [[nodiscard]] finished_process ask(const std::string& event = "e") const {
        const auto common_dir = std::filesystem::canonical(repository / ".git").string();
        return run({"emit", "--wait", event, "{\"common_dir\":\"" + common_dir + "\"}"});
    }
    /// Makes an empty commit where hookctl runs.
    [[nodiscard]] finished_process commit() const {
        return run_program({"git", "commit", "-q", "--allow-empty", "-m", "x"}, {}, in_repository);
    }
    /// What Claude Code is told before it uses a tool in that directory; empty: nothing against it.
    [[nodiscard]] std::string ask_as_agent(const std::string& directory) const {
        const auto input =
            R"({"hook_event_name":"PreToolUse","session_id":"s","transcript_path":"/t","permission_mode":"default",)"
            R"("tool_name":"Bash","tool_input":{"command":"true"},"cwd":")" +
            directory + "\"}";
        const auto answered = hookctl(daemon.socket_path(), {"agent-hook", "--agent", "claude"}, input, in_repository);
        BOOST_TEST(answered.exit_status == 0, answered.err);
        return answered.out.empty() ? "" : text_at(json_of(answered.out), "/hookSpecificOutput/permissionDecision");
    }
    [[nodiscard]] std::string on_pty(const std::string& arguments, const std::string& typed) const {
        const auto line = "cd " + shell_word(repository.path()) +
                          " && NO_COLOR=1 env -u XDG_STATE_HOME HOME=" + shell_word(home.path()) + " " +
                          hookctl_binary() + " --socket " + daemon.socket_path() + " " + arguments + "; echo status $?";
        return on_terminal(line, typed).out;
    }
    [[nodiscard]] boost::json::value hooks() const { return json_of(run({"hooks"}).out); }

    test_daemon daemon{};
    temp_directory home{};
    git_repository repository{daemon.socket_path(), "shop"};
    spawn_options in_repository{};
};

}  // namespace

BOOST_AUTO_TEST_SUITE(cli_sync)

BOOST_AUTO_TEST_CASE(nothing_runs_before_it_was_agreed_to) {
    fixture setup;
    setup.write(file_with_one_hook);
    const auto shown = setup.run({"sync"});
    BOOST_TEST(shown.exit_status == 1);
    check_one_error(shown, {"nothing was changed", "hookctl trust .hookd.toml"});
    const auto said = json_of(shown.out);
    BOOST_TEST(text_at(said, "/repository") == "shop");
    BOOST_TEST(text_at(said, "/changes/0/name") == "shop/lint");
    BOOST_TEST(text_at(said, "/changes/0/change") == "added");
    BOOST_TEST(mentions(text_at(said, "/diff"), "+run = [\"./tools/lint.sh\"]"), shown.out);
    BOOST_TEST(mentions(text_at(said, "/diff"), "+echo no >&2; exit 1"));
    BOOST_TEST(size_at(setup.hooks(), "/hooks") == 0U);

    BOOST_TEST(setup.run({"trust", ".hookd.toml"}).exit_status == 0);
    const auto hook = setup.hooks();
    BOOST_TEST(text_at(hook, "/hooks/0/name") == "shop/lint");
    BOOST_TEST(text_at(hook, "/hooks/0/cwd") == std::filesystem::canonical(setup.repository.path()).string());
    const auto vetoed = setup.ask();
    BOOST_TEST(vetoed.exit_status == 1);
    BOOST_TEST(vetoed.err == "no\n");
    BOOST_TEST(setup.run({"emit", "--wait", "e", R"({"common_dir":"/elsewhere/.git"})"}).exit_status == 0);
    const auto again = setup.run({"sync"});
    BOOST_TEST(again.exit_status == 0);
    BOOST_TEST(size_at(json_of(again.out), "/changes") == 0U, again.out);
}

BOOST_AUTO_TEST_CASE(it_guards_a_commit_here_and_in_a_linked_work_tree) {
    fixture setup;
    BOOST_TEST(setup.repository.commit("first").exit_status == 0);
    setup.write(file_with_one_hook);
    setup.agree();
    setup.repository.install();
    BOOST_TEST(mentions(setup.repository.commit("second").err, "no"));
    setup.repository.must({"worktree", "add", "-q", setup.repository.beside("other")});
    BOOST_TEST(
        setup.repository.git({"-C", setup.repository.beside("other"), "commit", "-q", "--allow-empty", "-m", "third"})
            .exit_status != 0);
    BOOST_TEST(setup.repository.commits() == 1);
}

BOOST_AUTO_TEST_CASE(a_hook_for_git_runs_at_the_top_of_the_work_tree_that_is_committed) {
    fixture setup;
    setup.repository.write_script("tools/lint.sh", "pwd -P >&2; exit 1");
    setup.write("[hooks.lint]\non = [\"git.pre_commit\"]\nrun = [\"./tools/lint.sh\"]\n");
    BOOST_TEST(setup.repository.commit("first").exit_status == 0);
    const auto linked = setup.repository.beside("linked");
    setup.repository.must({"worktree", "add", "-q", linked});
    setup.agree();
    setup.repository.install();
    for (const auto& directory : {std::string(setup.repository.path()), linked}) {
        setup.in_repository.directory = directory;
        const auto made = setup.commit();
        BOOST_TEST(made.exit_status != 0);
        BOOST_TEST(mentions(made.err, std::filesystem::canonical(directory).string() + "\n"), made.err);
    }
}

BOOST_AUTO_TEST_CASE(a_linked_work_tree_has_the_hooks_of_the_main_one) {
    fixture setup;
    setup.write(file_with_one_hook);
    setup.repository.must({"add", "."});
    BOOST_TEST(setup.repository.commit("first").exit_status == 0);
    const auto linked = setup.repository.beside("linked");
    setup.repository.must({"worktree", "add", "-q", linked});
    setup.agree();
    const auto registered = setup.hooks();

    setup.in_repository.directory = linked;
    write_file(linked + "/.hookd.toml", "[hooks.other]\non = [\"e\"]\nrun = [\"true\"]\n");
    const auto again = setup.run({"sync"});
    BOOST_TEST(again.exit_status == 0, again.err);
    BOOST_TEST(text_at(json_of(again.out), "/path") == std::filesystem::canonical(setup.repository.path()).string());
    BOOST_TEST(setup.hooks() == registered);
    BOOST_TEST(mentions(setup.run({"doctor"}).out, "1 hook of " + setup.repository.path()));

    std::filesystem::remove(setup.repository / ".hookd.toml");
    check_one_error(setup.run({"sync"}),
        {"the hooks of all work trees are those of the main one; there is no ", "/shop/.hookd.toml: hookctl init"});
    std::filesystem::remove(linked + "/.hookd.toml");
    BOOST_TEST(text_at(json_of(setup.run({"init"}).out), "/path") ==
               std::filesystem::canonical(linked).string() + "/.hookd.toml");
}

BOOST_AUTO_TEST_CASE(a_moved_repository_stops_git_until_it_is_synced_again) {
    fixture setup;
    setup.write(file_with_one_hook);
    setup.repository.install();
    setup.agree();
    const auto moved = setup.repository.beside("moved");
    std::filesystem::rename(setup.repository.path(), moved);
    setup.in_repository.directory = moved;
    const auto stopped = setup.commit();
    BOOST_TEST(stopped.exit_status != 0);
    BOOST_TEST(mentions(stopped.err, "git stops"), stopped.err);
    BOOST_TEST(mentions(stopped.err, "moved or copied from "), stopped.err);
    BOOST_TEST(mentions(stopped.err, "type hookctl sync"), stopped.err);
    BOOST_TEST(mentions(setup.run({"doctor"}).out,
        R"("subject":"repository","ok":false,"text":"this repository was moved or copied from )"));

    setup.agree();
    BOOST_TEST(size_at(setup.hooks(), "/hooks") == 1U);
    BOOST_TEST(text_at(setup.hooks(), "/hooks/0/name") == "moved/lint");
    const auto vetoed = setup.commit();
    BOOST_TEST(vetoed.exit_status != 0);
    BOOST_TEST(mentions(vetoed.err, "no"));
    BOOST_TEST(!mentions(vetoed.err, "moved or copied"), vetoed.err);
    BOOST_TEST(setup.run({"unsync"}).exit_status == 0);
    BOOST_TEST(setup.commit().exit_status == 0);
}

BOOST_AUTO_TEST_CASE(a_copied_repository_may_do_without_the_hooks) {
    fixture setup;
    setup.write(file_with_one_hook);
    setup.repository.install();
    setup.agree();
    const auto copy = setup.repository.beside("copy");
    std::filesystem::copy(setup.repository.path(), copy, std::filesystem::copy_options::recursive);
    setup.in_repository.directory = copy;
    BOOST_TEST(mentions(setup.commit().err, "moved or copied from "));
    BOOST_TEST(setup.run({"unsync"}).exit_status == 0);
    BOOST_TEST(setup.commit().exit_status == 0);
    BOOST_TEST(size_at(setup.hooks(), "/hooks") == 1U, "those of the original stay");
}

BOOST_AUTO_TEST_CASE(a_changed_file_stops_its_hooks_until_it_is_agreed_to) {
    fixture setup;
    setup.write(file_with_one_hook);
    setup.agree();
    setup.repository.write_script("tools/lint.sh", "exit 0");
    const auto changed = setup.ask();
    BOOST_TEST(changed.exit_status == 1);
    BOOST_TEST(mentions(changed.err, "tools/lint.sh has changed"), changed.err);
    setup.agree();
    BOOST_TEST(setup.ask().exit_status == 0);

    setup.write(std::string(file_with_one_hook) + "timeout = \"5s\"\n");
    const auto untrusted = setup.ask();
    BOOST_TEST(untrusted.exit_status == 1);
    BOOST_TEST(mentions(untrusted.err, ".hookd.toml has changed"), untrusted.err);
    BOOST_TEST(mentions(untrusted.err, "hookctl sync"), untrusted.err);
    const auto shown = json_of(setup.run({"sync"}).out);
    BOOST_TEST(text_at(shown, "/changes/0/change") == "changed");
    BOOST_TEST(mentions(text_at(shown, "/diff"), "\n+timeout = \"5s\""));
    BOOST_TEST(!mentions(text_at(shown, "/diff"), "lint.sh\n@@"));
    setup.agree();
    BOOST_TEST(setup.ask().exit_status == 0);
    BOOST_TEST(int_at(setup.hooks(), "/hooks/0/timeout_ms") == 5000);
}

BOOST_AUTO_TEST_CASE(what_is_not_in_the_file_any_more_is_deregistered) {
    fixture setup;
    setup.write(std::string(file_with_one_hook) + "[hooks.other]\non = [\"e\"]\nrun = [\"true\"]\n");
    BOOST_TEST(setup.run({"register", "shop/mine", "--on", "e", "--", "true"}).exit_status == 0);
    setup.agree();
    BOOST_TEST(size_at(setup.hooks(), "/hooks") == 3U);
    setup.write(file_with_one_hook);
    BOOST_TEST(text_at(json_of(setup.run({"sync"}).out), "/changes/1/change") == "removed");
    setup.agree();
    BOOST_TEST(size_at(setup.hooks(), "/hooks") == 2U);
    BOOST_TEST(text_at(setup.hooks(), "/hooks/1/name") == "shop/mine");
    const auto done = setup.run({"unsync"});
    BOOST_TEST(done.exit_status == 0);
    BOOST_TEST(text_at(json_of(done.out), "/deregistered/0") == "shop/lint");
    BOOST_TEST(size_at(setup.hooks(), "/hooks") == 1U);
    BOOST_TEST(setup.run({"sync"}).exit_status == 1, "what was agreed to is forgotten");
}

BOOST_AUTO_TEST_CASE(a_person_at_the_terminal_is_asked) {
    fixture setup;
    setup.write(file_with_one_hook);
    const auto refused = setup.on_pty("sync", "n\n");
    BOOST_TEST(mentions(refused, "+run = [\"./tools/lint.sh\"]"), refused);
    BOOST_TEST(mentions(refused, "added  shop/lint\r\n"));
    BOOST_TEST(mentions(refused, "Run these hooks for shop? [y/N] "));
    BOOST_TEST(mentions(refused, "status 1"));
    BOOST_TEST(size_at(setup.hooks(), "/hooks") == 0U);
    const auto agreed = setup.on_pty("sync", "y\n");
    BOOST_TEST(mentions(agreed, "1 hook of shop is registered\r\n"), agreed);
    BOOST_TEST(mentions(agreed, "status 0"));
    BOOST_TEST(setup.ask().exit_status == 1);
    setup.repository.write_script("tools/lint.sh", "echo another >&2; exit 1");
    const auto again = setup.on_pty("sync", "y\n");
    BOOST_TEST(mentions(again, "untrusted  shop/lint: "), again);
    BOOST_TEST(mentions(again, "[y/N] trusted  shop/lint\r\n1 hook of shop is registered\r\n"), again);
}

BOOST_AUTO_TEST_CASE(trust_agrees_to_what_was_shown_and_to_nothing_else) {
    fixture setup;
    setup.write(file_with_one_hook);
    BOOST_TEST(setup.run({"sync"}).exit_status == 1);
    setup.repository.write_script("tools/lint.sh", "echo quite another >&2; exit 1");
    const auto refused = setup.run({"trust", ".hookd.toml"});
    BOOST_TEST(refused.exit_status == 1);
    check_one_error(refused, {"has changed since: hookctl sync shows it first"});
    BOOST_TEST(size_at(setup.hooks(), "/hooks") == 0U);
    BOOST_TEST(mentions(setup.run({"sync"}).out, "quite another"));
    BOOST_TEST(setup.run({"trust", setup.repository / ".hookd.toml"}).exit_status == 0);
    BOOST_TEST(setup.ask().err == "quite another\n");
    BOOST_TEST(setup.run({"trust", ".hookd.toml"}).exit_status == 0, "it is agreed to already");
}

BOOST_AUTO_TEST_CASE(trust_agrees_to_nothing_that_was_not_shown) {
    fixture setup;
    const auto check_refused = [&setup](std::size_t hooks) {
        const auto refused = setup.run({"trust", ".hookd.toml"});
        BOOST_TEST(refused.exit_status == 1);
        BOOST_TEST(refused.out.empty(), refused.out);
        check_one_error(refused, {"nothing was changed", ".hookd.toml", "hookctl sync shows it first"});
        BOOST_TEST(size_at(setup.hooks(), "/hooks") == hooks);
    };
    setup.write(file_with_one_hook);
    check_refused(0);
    setup.agree();
    setup.write(std::string(file_with_one_hook) + "timeout = \"5s\"\n");
    check_refused(1);
    BOOST_TEST(setup.run({"sync"}).exit_status == 1);
    BOOST_TEST(setup.run({"unsync"}).exit_status == 0);
    check_refused(0);
    setup.write("[hooks.lint]\non = [\"e\"]\nrun = [\"true\"]\n");
    check_refused(0);
}

BOOST_AUTO_TEST_CASE(what_cannot_be_shown_whole_is_not_asked_about) {
    fixture setup;
    setup.write(file_with_one_hook);
    constexpr std::size_t too_long = std::size_t{3} << 19U;
    setup.repository.write_script("tools/lint.sh", ": " + std::string(too_long, 'x') + "\nexit 1");
    const auto size = std::to_string(std::filesystem::file_size(setup.repository / "tools/lint.sh"));
    const auto refused = setup.run({"sync"});
    BOOST_TEST(refused.exit_status == 1);
    BOOST_TEST(refused.out.empty());
    check_one_error(
        refused, {"nothing was changed", "1 MiB", "tools/lint.sh, of " + size + " bytes", "a shorter script"});
    const auto asked = setup.on_pty("sync", "y\n");
    BOOST_TEST(!mentions(asked, "[y/N]"), asked);
    BOOST_TEST(mentions(asked, "status 1"));
    BOOST_TEST(setup.run({"trust", ".hookd.toml"}).exit_status == 1);
    BOOST_TEST(size_at(setup.hooks(), "/hooks") == 0U);
    setup.repository.write_script("tools/lint.sh", "exit 1");
    setup.agree();
    BOOST_TEST(size_at(setup.hooks(), "/hooks") == 1U);
}

BOOST_AUTO_TEST_CASE(what_replaces_something_long_is_shown_after_unsync) {
    fixture setup;
    setup.write(file_with_one_hook);
    constexpr std::size_t most_of_it = std::size_t{3} << 18U;
    setup.repository.write_script("tools/lint.sh", ": " + std::string(most_of_it, 'x') + "\nexit 1");
    setup.agree();
    setup.repository.write_script("tools/lint.sh", ": " + std::string(most_of_it, 'y') + "\nexit 1");
    check_one_error(setup.run({"sync"}), {"tools/lint.sh", "Type hookctl unsync"});
    BOOST_TEST(setup.run({"unsync"}).exit_status == 0);
    setup.agree();
    BOOST_TEST(size_at(setup.hooks(), "/hooks") == 1U);
}

BOOST_AUTO_TEST_CASE(a_local_file_is_added) {
    fixture setup;
    setup.write(file_with_one_hook);
    setup.write("[hooks.mine]\non = [\"f\"]\nrun = [\"false\"]\n", ".hookd.local.toml");
    setup.agree();
    BOOST_TEST(setup.ask("f").exit_status == 1);
    setup.write("[hooks.lint]\non = [\"f\"]\nrun = [\"false\"]\n", ".hookd.local.toml");
    const auto twice = setup.run({"sync"});
    BOOST_TEST(twice.exit_status == 2);
    check_one_error(twice, {".hookd.local.toml: hooks.lint is in .hookd.toml already"});
}

BOOST_AUTO_TEST_CASE(git_ignores_the_local_file) {
    const fixture setup;
    const auto is_ignored = [&setup] {
        return run_program({"git", "check-ignore", "-q", ".hookd.local.toml"}, {}, setup.in_repository).exit_status ==
               0;
    };
    const auto exclude = setup.repository / ".git/info/exclude";
    std::filesystem::remove_all(setup.repository / ".git/info");
    BOOST_TEST(!is_ignored());
    BOOST_TEST_REQUIRE(setup.run({"init"}).exit_status == 0);
    BOOST_TEST(is_ignored());

    write_file(exclude, "*.o");  // as in a clone where nobody typed init
    setup.agree();
    BOOST_TEST(is_ignored());
    BOOST_TEST(setup.run({"sync"}).exit_status == 0);
    BOOST_TEST(read_file(exclude) == "*.o\n/.hookd.local.toml\n");
}

BOOST_AUTO_TEST_CASE(hooks_for_agents_are_for_this_repository_and_its_work_trees) {
    fixture setup;
    BOOST_TEST(setup.repository.commit("first").exit_status == 0);
    setup.write("[hooks.guard]\non = [\"agent.*\", \"git.*\"]\nrun = [\"./tools/lint.sh\"]\n");
    setup.agree();
    const auto linked = setup.repository.beside("linked");
    setup.repository.must({"worktree", "add", "-q", linked});
    for (const auto& directory : {setup.repository.path(), setup.repository / "tools", linked}) {
        BOOST_TEST(setup.ask_as_agent(directory) == "deny", directory);
    }
    const git_repository other{setup.daemon.socket_path(), "other"};
    BOOST_TEST(setup.ask_as_agent(other.path()).empty());
    BOOST_TEST(setup.ask_as_agent(setup.home.path()).empty());
}

BOOST_AUTO_TEST_CASE(a_moved_repository_stops_agents_too) {
    fixture setup;
    setup.repository.write_script("tools/lint.sh", "");
    setup.write("[hooks.guard]\non = [\"agent.*\"]\nrun = [\"./tools/lint.sh\"]\n");
    setup.agree();
    BOOST_TEST(setup.ask_as_agent(setup.repository.path()).empty());
    const auto moved = setup.repository.beside("moved");
    std::filesystem::rename(setup.repository.path(), moved);
    setup.in_repository.directory = moved;
    BOOST_TEST(setup.ask_as_agent(moved) == "deny");
    setup.agree();
    BOOST_TEST(setup.ask_as_agent(moved).empty());
}

BOOST_AUTO_TEST_CASE(a_hook_knows_where_it_runs_and_where_its_script_lies) {
    fixture setup;
    setup.write(std::string(file_with_one_hook) + "env = { WORD = \"said\" }\n");
    setup.repository.write_script("tools/lint.sh", "echo \"$PWD $HOOK_DIR $WORD\" >&2; exit 1");
    setup.agree();
    const auto top = std::filesystem::canonical(setup.repository.path()).string();
    BOOST_TEST(setup.ask().err == top + " " + top + "/tools said\n");
}

BOOST_AUTO_TEST_CASE(faults_name_the_file_the_line_and_the_cure) {
    fixture setup;
    BOOST_TEST(setup.run({"sync"}).exit_status == 2);
    check_one_error(setup.run({"sync"}), {"there is no ", ".hookd.toml: hookctl init"});
    for (const std::string name : {".hookd.toml", ".hookd.local.toml"}) {
        std::filesystem::create_directory(setup.repository / name);
        check_one_error(setup.run({"sync"}), {name + " cannot be read: it is a directory"});
        std::filesystem::remove(setup.repository / name);
        BOOST_TEST(::mkfifo((setup.repository / name).c_str(), 0600) == 0);
        check_one_error(setup.run({"sync"}), {name + " cannot be read: it is not a regular file"});
        std::filesystem::remove(setup.repository / name);
        setup.write(file_with_one_hook);  // beside the local one
    }
    setup.write("[hooks.lint]\non = [\"e\"]\nrunn = [\"x\"]\n");
    BOOST_TEST(setup.run({"sync"}).exit_status == 2);
    check_one_error(setup.run({"sync"}), {"/shop/.hookd.toml:3: there is no key hooks.lint.runn; did you mean run?"});
    setup.write("[hooks.lint]\non = [\"e\"]\nrun = [\"./absent\"]\n");
    check_one_error(setup.run({"sync"}), {"hooks.lint.run: ", "/absent is not there"});
    setup.write(file_with_one_hook);
    BOOST_TEST(setup.run({"register", "shop/lint", "--on", "e", "--", "true"}).exit_status == 0);
    check_one_error(setup.run({"sync"}), {"shop/lint is the name of a hook already", "repository = \"OTHER\""});
    setup.write("repository = \"other\"\n" + std::string(file_with_one_hook));
    setup.agree();
    BOOST_TEST(text_at(setup.hooks(), "/hooks/0/name") == "other/lint");
    setup.in_repository.directory = setup.home.path();
    BOOST_TEST(setup.run({"sync"}).exit_status == 2);
}

BOOST_AUTO_TEST_CASE(doctor_says_whether_the_file_is_in_force) {
    fixture setup;
    setup.write(file_with_one_hook);
    const std::string wrong = R"("subject":"repository","ok":false,"text":")";
    const auto before = setup.run({"doctor"});
    BOOST_TEST(before.exit_status == 1);
    BOOST_TEST(mentions(before.out, wrong), before.out);
    BOOST_TEST(mentions(before.out, "has changed since it was agreed to: hookctl sync"));
    setup.agree();
    BOOST_TEST(mentions(setup.run({"doctor"}).out, R"("subject":"repository","ok":true,"text":"1 hook of )"));
    BOOST_TEST(setup.run({"deregister", "shop/lint"}).exit_status == 0);
    BOOST_TEST(mentions(setup.run({"doctor"}).out, "shop/lint of "));
}

BOOST_AUTO_TEST_CASE(init_writes_a_file_to_start_from_and_never_over_one) {
    fixture setup;
    const auto done = setup.run({"init"});
    BOOST_TEST(done.exit_status == 0);
    BOOST_TEST(text_at(json_of(done.out), "/path") ==
               std::filesystem::canonical(setup.repository.path()).string() + "/.hookd.toml");
    setup.agree();
    setup.repository.install();
    write_file(setup.repository / "file", "blank at the end \n");
    setup.repository.must({"add", "file"});
    BOOST_TEST(mentions(setup.repository.git({"commit", "-qm", "bad"}).err, "trailing whitespace"));
    setup.write("# mine\n");
    BOOST_TEST(setup.run({"init"}).exit_status == 1);
    BOOST_TEST(read_file(setup.repository / ".hookd.toml") == "# mine\n");
}

BOOST_AUTO_TEST_SUITE_END()
