// CLI.md: .hookd.toml; `init`, `sync`, `unsync`, `trust .hookd.toml`.
#include "git_repository.hpp"
#include "hookctl_program.hpp"

#include "support/json_access.hpp"

#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <optional>
#include <string>

using namespace hookd::test;

namespace {

constexpr auto file_with_one_hook = "[hooks.lint]\non = [\"git.pre_commit\", \"e\"]\nrun = [\"./tools/lint.sh\"]\n";

/// A daemon, and a repository `shop` with a script that vetoes.
struct scene {
    scene() {
        in_repository.environment = repository.environment;
        in_repository.environment["HOME"] = home.path();
        in_repository.environment["XDG_STATE_HOME"] = std::nullopt;
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
    scene with;
    with.write(file_with_one_hook);
    const auto shown = with.run({"sync"});
    BOOST_TEST(shown.exit_status == 1);
    check_one_complaint(shown, {"nothing was changed", "hookctl trust .hookd.toml"});
    const auto said = json_of(shown.out);
    BOOST_TEST(text_at(said, "/repository") == "shop");
    BOOST_TEST(text_at(said, "/changes/0/name") == "shop/lint");
    BOOST_TEST(text_at(said, "/changes/0/change") == "added");
    BOOST_TEST(mentions(text_at(said, "/diff"), "+run = [\"./tools/lint.sh\"]"), shown.out);
    BOOST_TEST(mentions(text_at(said, "/diff"), "+echo no >&2; exit 1"));
    BOOST_TEST(size_at(with.hooks(), "/hooks") == 0U);

    BOOST_TEST(with.run({"trust", ".hookd.toml"}).exit_status == 0);
    const auto hook = with.hooks();
    BOOST_TEST(text_at(hook, "/hooks/0/name") == "shop/lint");
    BOOST_TEST(text_at(hook, "/hooks/0/cwd") == std::filesystem::canonical(with.repository.path()).string());
    const auto vetoed = with.ask();
    BOOST_TEST(vetoed.exit_status == 1);
    BOOST_TEST(vetoed.err == "no\n");
    BOOST_TEST(with.run({"emit", "--wait", "e", R"({"common_dir":"/elsewhere/.git"})"}).exit_status == 0);
    const auto again = with.run({"sync"});
    BOOST_TEST(again.exit_status == 0);
    BOOST_TEST(size_at(json_of(again.out), "/changes") == 0U, again.out);
}

BOOST_AUTO_TEST_CASE(it_guards_a_commit_here_and_in_a_linked_work_tree) {
    scene with;
    BOOST_TEST(with.repository.commit("first").exit_status == 0);
    with.write(file_with_one_hook);
    with.agree();
    with.repository.install();
    BOOST_TEST(mentions(with.repository.commit("second").err, "no"));
    with.repository.must({"worktree", "add", "-q", with.repository.beside("other")});
    BOOST_TEST(
        with.repository.git({"-C", with.repository.beside("other"), "commit", "-q", "--allow-empty", "-m", "third"})
            .exit_status != 0);
    BOOST_TEST(with.repository.commits() == 1);
}

BOOST_AUTO_TEST_CASE(a_changed_file_stops_its_hooks_until_it_is_agreed_to) {
    scene with;
    with.write(file_with_one_hook);
    with.agree();
    with.repository.write_script("tools/lint.sh", "exit 0");
    const auto changed = with.ask();
    BOOST_TEST(changed.exit_status == 1);
    BOOST_TEST(mentions(changed.err, "tools/lint.sh has changed"), changed.err);
    with.agree();
    BOOST_TEST(with.ask().exit_status == 0);

    with.write(std::string(file_with_one_hook) + "timeout = \"5s\"\n");
    const auto untrusted = with.ask();
    BOOST_TEST(untrusted.exit_status == 1);
    BOOST_TEST(mentions(untrusted.err, ".hookd.toml has changed"), untrusted.err);
    BOOST_TEST(mentions(untrusted.err, "hookctl sync"), untrusted.err);
    const auto shown = json_of(with.run({"sync"}).out);
    BOOST_TEST(text_at(shown, "/changes/0/change") == "changed");
    BOOST_TEST(mentions(text_at(shown, "/diff"), "\n+timeout = \"5s\""));
    BOOST_TEST(!mentions(text_at(shown, "/diff"), "lint.sh\n@@"));
    with.agree();
    BOOST_TEST(with.ask().exit_status == 0);
    BOOST_TEST(int_at(with.hooks(), "/hooks/0/timeout_ms") == 5000);
}

BOOST_AUTO_TEST_CASE(what_is_not_in_the_file_any_more_is_deregistered) {
    scene with;
    with.write(std::string(file_with_one_hook) + "[hooks.other]\non = [\"e\"]\nrun = [\"true\"]\n");
    BOOST_TEST(with.run({"register", "shop/mine", "--on", "e", "--", "true"}).exit_status == 0);
    with.agree();
    BOOST_TEST(size_at(with.hooks(), "/hooks") == 3U);
    with.write(file_with_one_hook);
    BOOST_TEST(text_at(json_of(with.run({"sync"}).out), "/changes/1/change") == "removed");
    with.agree();
    BOOST_TEST(size_at(with.hooks(), "/hooks") == 2U);
    BOOST_TEST(text_at(with.hooks(), "/hooks/1/name") == "shop/mine");
    const auto done = with.run({"unsync"});
    BOOST_TEST(done.exit_status == 0);
    BOOST_TEST(text_at(json_of(done.out), "/deregistered/0") == "shop/lint");
    BOOST_TEST(size_at(with.hooks(), "/hooks") == 1U);
    BOOST_TEST(with.run({"sync"}).exit_status == 1, "what was agreed to is forgotten");
}

BOOST_AUTO_TEST_CASE(a_person_at_the_terminal_is_asked) {
    scene with;
    with.write(file_with_one_hook);
    const auto refused = with.on_pty("sync", "n\n");
    BOOST_TEST(mentions(refused, "+run = [\"./tools/lint.sh\"]"), refused);
    BOOST_TEST(mentions(refused, "added  shop/lint\r\n"));
    BOOST_TEST(mentions(refused, "Run these hooks for shop? [y/N] "));
    BOOST_TEST(mentions(refused, "status 1"));
    BOOST_TEST(size_at(with.hooks(), "/hooks") == 0U);
    const auto agreed = with.on_pty("sync", "y\n");
    BOOST_TEST(mentions(agreed, "1 hook of shop is registered\r\n"), agreed);
    BOOST_TEST(mentions(agreed, "status 0"));
    BOOST_TEST(with.ask().exit_status == 1);
}

BOOST_AUTO_TEST_CASE(trust_agrees_to_what_was_shown_and_to_nothing_else) {
    scene with;
    with.write(file_with_one_hook);
    BOOST_TEST(with.run({"sync"}).exit_status == 1);
    with.repository.write_script("tools/lint.sh", "echo quite another >&2; exit 1");
    const auto refused = with.run({"trust", ".hookd.toml"});
    BOOST_TEST(refused.exit_status == 1);
    BOOST_TEST(mentions(refused.out, "quite another"));
    check_one_complaint(refused, {"has changed since it was shown"});
    BOOST_TEST(size_at(with.hooks(), "/hooks") == 0U);
    BOOST_TEST(with.run({"trust", with.repository / ".hookd.toml"}).exit_status == 0);
    BOOST_TEST(with.ask().err == "quite another\n");
}

BOOST_AUTO_TEST_CASE(a_local_file_is_added) {
    scene with;
    with.write(file_with_one_hook);
    with.write("[hooks.mine]\non = [\"f\"]\nrun = [\"false\"]\n", ".hookd.local.toml");
    with.agree();
    BOOST_TEST(with.ask("f").exit_status == 1);
    with.write("[hooks.lint]\non = [\"f\"]\nrun = [\"false\"]\n", ".hookd.local.toml");
    const auto twice = with.run({"sync"});
    BOOST_TEST(twice.exit_status == 2);
    check_one_complaint(twice, {".hookd.local.toml: hooks.lint is in .hookd.toml already"});
}

BOOST_AUTO_TEST_CASE(hooks_for_agents_are_for_this_project) {
    scene with;
    with.write("[hooks.guard]\non = [\"agent.*\"]\nrun = [\"false\"]\n");
    with.agree();
    const auto top = std::filesystem::canonical(with.repository.path()).string();
    for (const auto& project : {top, top + "/tools"}) {
        BOOST_TEST(with.run({"emit", "--wait", "agent.stop", "{\"project_dir\":\"" + project + "\"}"}).exit_status == 1,
            project);
    }
    BOOST_TEST(with.run({"emit", "--wait", "agent.stop", "{\"project_dir\":\"" + top + "2\"}"}).exit_status == 0);
}

BOOST_AUTO_TEST_CASE(a_hook_knows_where_it_runs_and_where_its_script_lies) {
    scene with;
    with.write(std::string(file_with_one_hook) + "env = { WORD = \"said\" }\n");
    with.repository.write_script("tools/lint.sh", "echo \"$PWD $HOOK_DIR $WORD\" >&2; exit 1");
    with.agree();
    const auto top = std::filesystem::canonical(with.repository.path()).string();
    BOOST_TEST(with.ask().err == top + " " + top + "/tools said\n");
}

BOOST_AUTO_TEST_CASE(faults_name_the_file_the_line_and_the_cure) {
    scene with;
    BOOST_TEST(with.run({"sync"}).exit_status == 2);
    check_one_complaint(with.run({"sync"}), {".hookd.toml: hookctl init"});
    with.write("[hooks.lint]\non = [\"e\"]\nrunn = [\"x\"]\n");
    BOOST_TEST(with.run({"sync"}).exit_status == 2);
    check_one_complaint(
        with.run({"sync"}), {"/shop/.hookd.toml:3: there is no key hooks.lint.runn; did you mean run?"});
    with.write("[hooks.lint]\non = [\"e\"]\nrun = [\"./absent\"]\n");
    check_one_complaint(with.run({"sync"}), {"hooks.lint.run: ", "/absent is not there"});
    with.write(file_with_one_hook);
    BOOST_TEST(with.run({"register", "shop/lint", "--on", "e", "--", "true"}).exit_status == 0);
    check_one_complaint(with.run({"sync"}), {"shop/lint is the name of a hook already", "repository = \"OTHER\""});
    with.write("repository = \"other\"\n" + std::string(file_with_one_hook));
    with.agree();
    BOOST_TEST(text_at(with.hooks(), "/hooks/0/name") == "other/lint");
    with.in_repository.directory = with.home.path();
    BOOST_TEST(with.run({"sync"}).exit_status == 2);
}

BOOST_AUTO_TEST_CASE(doctor_says_whether_the_file_is_in_force) {
    scene with;
    with.write(file_with_one_hook);
    const std::string wrong = R"("subject":"repository","ok":false,"text":")";
    const auto before = with.run({"doctor"});
    BOOST_TEST(before.exit_status == 1);
    BOOST_TEST(mentions(before.out, wrong), before.out);
    BOOST_TEST(mentions(before.out, "has changed since it was agreed to: hookctl sync"));
    with.agree();
    BOOST_TEST(mentions(with.run({"doctor"}).out, R"("subject":"repository","ok":true,"text":"1 hook of )"));
    BOOST_TEST(with.run({"deregister", "shop/lint"}).exit_status == 0);
    BOOST_TEST(mentions(with.run({"doctor"}).out, "shop/lint of "));
}

BOOST_AUTO_TEST_CASE(init_writes_a_file_to_start_from_and_never_over_one) {
    scene with;
    const auto done = with.run({"init"});
    BOOST_TEST(done.exit_status == 0);
    BOOST_TEST(text_at(json_of(done.out), "/path") ==
               std::filesystem::canonical(with.repository.path()).string() + "/.hookd.toml");
    with.agree();
    with.repository.install();
    write_file(with.repository / "file", "blank at the end \n");
    with.repository.must({"add", "file"});
    BOOST_TEST(mentions(with.repository.git({"commit", "-qm", "bad"}).err, "trailing whitespace"));
    with.write("# mine\n");
    BOOST_TEST(with.run({"init"}).exit_status == 1);
    BOOST_TEST(read_file(with.repository / ".hookd.toml") == "# mine\n");
}

BOOST_AUTO_TEST_SUITE_END()
