// SPDX-License-Identifier: BSL-1.0
// hookctl git install and uninstall: what was there stays, runs first, and comes back.
#include "git_repository.hpp"

#include "support/json_access.hpp"

#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <unistd.h>

using namespace hookd::test;

namespace fs = std::filesystem;

BOOST_AUTO_TEST_SUITE(cli_git_install)

BOOST_AUTO_TEST_CASE(a_hook_that_was_there_runs_first_with_its_arguments_and_its_input) {
    test_daemon daemon;
    const git_repository server(daemon.socket_path(), "server.git", {"--bare"});
    server.write_script("hooks/pre-receive", noting(server));
    server.install();
    const git_repository repository(daemon.socket_path());
    repository.write_script(".git/hooks/commit-msg", noting(repository) + "; echo more >>\"$1\"");
    repository.install();
    auto seen = observer_of(daemon);
    BOOST_TEST(repository.commit("one").exit_status == 0);
    BOOST_TEST(noted(repository).ends_with("/commit-msg\n.git/COMMIT_EDITMSG\n"));
    payload_of(seen, "git.pre_commit");
    payload_of(seen, "git.prepare_commit_msg");
    BOOST_TEST(text_at(payload_of(seen, "git.commit_msg"), "/message") == "one\nmore\n");

    BOOST_TEST(repository.git({"push", "-q", server.path(), "main", "main:other"}).exit_status == 0);
    const auto tip = repository.must({"rev-parse", "main"});
    const auto line = std::string(40, '0') + " " + tip + " refs/heads/";
    BOOST_TEST(noted(server).ends_with("/pre-receive\n" + line + "main\n" + line + "other\n"));
}

BOOST_AUTO_TEST_CASE(the_objection_of_a_hook_that_was_there_stands_and_nobody_is_asked) {
    test_daemon daemon;
    const git_repository repository(daemon.socket_path());
    repository.write_script(".git/hooks/pre-commit", "echo 'not with me' >&2; exit 7");
    repository.install({"--events", "pre-commit"});
    const auto done = repository.commit("one");
    BOOST_TEST(done.exit_status != 0);
    BOOST_TEST(done.err == "not with me\n");
    BOOST_TEST(int_at(daemon.stats(), "/head_seq") == 0);
    // git itself would not say which status it was.
    spawn_options there;
    there.directory = repository.path();
    BOOST_TEST(run_program({".git/hooks/pre-commit"}, {}, there).exit_status == 7);
}

BOOST_AUTO_TEST_CASE(what_has_happened_is_told_although_a_hook_that_was_there_fails) {
    test_daemon daemon;
    const git_repository repository(daemon.socket_path());
    BOOST_TEST(repository.commit("one").exit_status == 0);
    repository.write_script(".git/hooks/post-checkout", "exit 9");
    repository.install({"--events", "post-checkout"});
    auto seen = observer_of(daemon);
    BOOST_TEST(repository.git({"checkout", "-q", "-b", "topic"}).exit_status != 0);
    payload_of(seen, "git.post_checkout");
}

BOOST_AUTO_TEST_CASE(a_hook_that_git_would_ignore_stays_ignored) {
    test_daemon daemon;
    const git_repository repository(daemon.socket_path());
    repository.write_script(".git/hooks/pre-commit", "exit 1", 0644);
    repository.install();
    BOOST_TEST(repository.commit("one").exit_status == 0);
}

BOOST_AUTO_TEST_CASE(a_hook_that_was_there_finds_its_neighbours_and_its_name) {
    test_daemon daemon;
    const git_repository repository(daemon.socket_path());
    // As husky has it.
    repository.write_script(".husky/_/h", R"sh(. "$(dirname "$(dirname "$0")")/$(basename "$0")")sh", 0644);
    repository.write_script(".husky/_/pre-commit", R"(. "${0%/*}/h")");
    repository.write_script(".husky/pre-commit", "echo 'the old one' >&2; exit 1", 0644);
    write_file(repository / ".husky/_/.gitignore", "*\n");
    repository.must({"config", "core.hooksPath", ".husky/_"});
    repository.must({"add", ".husky"});
    repository.must({"commit", "-q", "--no-verify", "-m", "husky"});
    repository.install();
    BOOST_TEST(fs::exists(repository / ".husky/_/commit-msg"));
    BOOST_TEST(!fs::exists(repository / ".git/hooks/commit-msg"));
    const auto done = repository.commit("one");
    BOOST_TEST(done.exit_status != 0);
    BOOST_TEST(done.err == "the old one\n");
    // What is kept is in the working tree, and nothing that git would have to tell of, or commit.
    const auto status = repository.git({"status", "--short", "--", ".husky"});
    BOOST_TEST(status.out.empty(), status.out);
    BOOST_TEST(status.err.empty(), status.err);
    BOOST_TEST(repository.hookctl_git({"uninstall"}).exit_status == 0);
    BOOST_TEST(!fs::exists(repository / ".husky/_.before-hookd"));
    BOOST_TEST(read_file(repository / ".husky/_/.gitignore") == "*\n");
}

BOOST_AUTO_TEST_CASE(a_hook_that_is_a_relative_link_still_leads_where_it_did) {
    test_daemon daemon;
    const git_repository repository(daemon.socket_path());
    repository.write_script("scripts/check", "echo 'by the link' >&2; exit 1");
    fs::create_symlink("../../scripts/check", repository / ".git/hooks/pre-commit");
    repository.install();
    BOOST_TEST(repository.commit("one").err == "by the link\n");
    BOOST_TEST(repository.hookctl_git({"uninstall"}).exit_status == 0);
    BOOST_TEST(fs::read_symlink(repository / ".git/hooks/pre-commit").string() == "../../scripts/check");
}

BOOST_AUTO_TEST_CASE(uninstall_restores_byte_for_byte) {
    test_daemon daemon;
    const git_repository repository(daemon.socket_path());
    const auto hooks = repository / ".git/hooks";
    fs::remove_all(hooks);
    repository.write_script(".git/hooks/pre-commit", "exit 0 # \xff no UTF-8", 0751);
    repository.write_script(".git/hooks/commit-msg", "exit 0", 0640);
    const auto listing = [&] {
        return run_program(
            {"sh", "-c",
                "cd '" + hooks + "' && ls -laR --time-style=full-iso | grep -v ' \\.$\\| \\.\\.$' && cksum *; ls ../"})
            .out;
    };
    const auto before = listing();
    repository.install();
    repository.install({"--events", "all", "--no-daemon", "fail"});
    BOOST_TEST(listing() != before);
    const auto done = repository.hookctl_git({"uninstall"});
    BOOST_TEST(done.exit_status == 0);
    BOOST_TEST(listing() == before);
    BOOST_TEST(text_at(json_of(done.out), "/hooks/pre-commit") == "restored");
    BOOST_TEST(text_at(json_of(done.out), "/hooks/post-commit") == "removed");
    BOOST_TEST(size_at(json_of(repository.hookctl_git({"uninstall"}).out), "/hooks") == 0U);
}

BOOST_AUTO_TEST_CASE(install_can_be_repeated_and_adds_and_updates) {
    test_daemon daemon;
    const git_repository repository(daemon.socket_path());
    repository.write_script(".git/hooks/pre-commit", noting(repository));
    const auto state = [&](std::vector<std::string> arguments) {
        arguments.insert(arguments.begin(), "install");
        return json_of(repository.hookctl_git(std::move(arguments)).out);
    };
    BOOST_TEST(text_at(state({"--events", "pre-commit"}), "/hooks/pre-commit") == "chained");
    const auto script = read_file(repository / ".git/hooks/pre-commit");
    BOOST_TEST(text_at(state({"--events", "pre-commit"}), "/hooks/pre-commit") == "unchanged");
    BOOST_TEST(read_file(repository / ".git/hooks/pre-commit") == script);
    BOOST_TEST(text_at(state({"--events", "pre-push"}), "/hooks/pre-push") == "installed");
    BOOST_TEST(text_at(state({"--events", "pre-commit", "--timeout", "5s"}), "/hooks/pre-commit") == "updated");
    auto seen = observer_of(daemon);
    BOOST_TEST(repository.commit("one").exit_status == 0);
    BOOST_TEST(!noted(repository).empty());
    BOOST_TEST(seen.next_event().integer("/params/timeout_ms") == 5000);
    BOOST_TEST(repository.hookctl_git({"uninstall", "--events", "pre-push"}).exit_status == 0);
    BOOST_TEST(!fs::exists(repository / ".git/hooks/pre-push"));
    BOOST_TEST(fs::exists(repository / ".git/hooks/pre-commit"));
}

BOOST_AUTO_TEST_CASE(a_hook_that_took_the_scripts_place_is_left_alone) {
    test_daemon daemon;
    const git_repository repository(daemon.socket_path());
    repository.write_script(".git/hooks/pre-commit", "exit 0 # first");
    repository.install({"--events", "pre-commit"});
    repository.write_script(".git/hooks/pre-commit", "exit 0 # second");
    const auto left = repository.hookctl_git({"uninstall"});
    BOOST_TEST(left.exit_status == 0);
    check_one_error(left, {"hooks/pre-commit", "left as it is", "hooks.before-hookd/pre-commit"});
    BOOST_TEST(mentions(read_file(repository / ".git/hooks/pre-commit"), "second"));
    BOOST_TEST(mentions(read_file(repository / ".git/hooks.before-hookd/pre-commit"), "first"));
}

BOOST_AUTO_TEST_CASE(a_directory_that_can_not_be_written_is_left_as_it_was) {
    test_daemon daemon;
    const git_repository repository(daemon.socket_path());
    repository.write_script(".git/hooks/pre-commit", "exit 0");
    // Not even root may write there.
    repository.must({"config", "core.hooksPath", "/dev/null"});
    const auto nowhere = repository.hookctl_git({"install", "--events", "pre-commit"});
    BOOST_TEST(nowhere.exit_status == 1);
    check_one_error(nowhere, {"can't change /dev/null: Not a directory"});
    write_file(repository.beside("file"), "");
    repository.must({"config", "core.hooksPath", repository.beside("file")});
    const auto file = repository.hookctl_git({"install", "--events", "pre-commit"});
    BOOST_TEST(file.exit_status == 1);
    check_one_error(file, {"can't change ", "file: Not a directory"});

    // The script's place is taken while it is being written, as on a full disk.
    repository.must({"config", "--unset", "core.hooksPath"});
    const auto limited = run_program({"sh", "-c",
        "trap '' XFSZ; ulimit -f 0; exec '" + fs::absolute(hookctl_binary()).string() +
            "' git install --events pre-commit --repo '" + repository.path() + "'"});
    BOOST_TEST(limited.exit_status == 1);
    check_one_error(limited, {"can't change ", "hooks/pre-commit"});
    BOOST_TEST(!fs::exists(repository / ".git/hooks.before-hookd"));
    BOOST_TEST(fs::hard_link_count(repository / ".git/hooks/pre-commit") == 1U);
    for (const auto& each : fs::directory_iterator(repository / ".git/hooks")) {
        BOOST_TEST(!mentions(each.path().filename().string(), ".hookd-"));
    }
}

BOOST_AUTO_TEST_CASE(the_repository_that_is_named_counts_whatever_git_has_told_a_hook) {
    test_daemon daemon;
    git_repository repository(daemon.socket_path());
    const git_repository other(daemon.socket_path(), "other");
    repository.environment["GIT_DIR"] = repository / ".git";
    BOOST_TEST(repository.hookctl_git({"install", "--repo", other.path(), "--events", "pre-commit"}).exit_status == 0);
    BOOST_TEST(fs::exists(other / ".git/hooks/pre-commit"));
    BOOST_TEST(!fs::exists(repository / ".git/hooks/pre-commit"));
    repository.install({"--events", "pre-push"});
    BOOST_TEST(fs::exists(repository / ".git/hooks/pre-push"));
}

BOOST_AUTO_TEST_CASE(odd_paths_worktrees_and_subdirectories_work) {
    test_daemon daemon;
    const git_repository repository(daemon.socket_path(), "it's \"$HOME\" `here`\n\\ too");
    repository.write_script(".git/hooks/pre-commit", noting(repository));
    fs::create_directories(repository / "deep/down");
    BOOST_TEST(repository.hookctl_git({"install", "--repo", "deep/down"}).exit_status == 0);
    auto seen = observer_of(daemon);
    BOOST_TEST(repository.commit("one").exit_status == 0);
    BOOST_TEST(!noted(repository).empty());
    BOOST_TEST(text_at(payload_of(seen, "git.pre_commit"), "/work_tree") == repository.path());

    const auto tree = repository.beside("tree");
    repository.must({"worktree", "add", "-q", tree});
    BOOST_TEST(repository.hookctl_git({"install", "--repo", tree}).exit_status == 0);
    BOOST_TEST(repository.git({"-C", tree, "commit", "-q", "--allow-empty", "-m", "two"}).exit_status == 0);
    for (auto event = seen.next_event();; event = seen.next_event()) {
        if (event.string("/params/event") == "git.post_commit" && event.string("/params/payload/work_tree") == tree) {
            BOOST_TEST(event.string("/params/payload/git_dir") == repository / ".git/worktrees/tree");
            BOOST_TEST(event.string("/params/payload/branch") == "tree");
            break;
        }
    }
}

BOOST_AUTO_TEST_CASE(the_hooks_of_all_repositories_are_where_the_global_hooks_path_says) {
    test_daemon daemon;
    const git_repository repository(daemon.socket_path());
    const auto unset = repository.hookctl_git({"install", "--global"});
    BOOST_TEST(unset.exit_status == 2);
    check_one_error(unset, {"core.hooksPath", "git config --global"});
    const auto hooks = repository.beside("all hooks");
    repository.must({"config", "--global", "core.hooksPath", "~/all hooks"});
    repository.install({"--global", "--events", "pre-commit"});
    BOOST_TEST(fs::exists(hooks + "/pre-commit"));
    const auto hook = veto(daemon, "git.pre_commit");
    BOOST_TEST(repository.commit("one").err == "not now\n");
    BOOST_TEST(repository.hookctl_git({"uninstall", "--global"}).exit_status == 0);
    BOOST_TEST(!fs::exists(hooks + "/pre-commit"));
}

BOOST_AUTO_TEST_CASE(several_that_install_at_once_keep_the_hook_that_was_there) {
    test_daemon daemon;
    const git_repository repository(daemon.socket_path());
    repository.write_script(".git/hooks/pre-commit", "exit 0 # the first one");
    const auto first = read_file(repository / ".git/hooks/pre-commit");
    const auto start = [&repository](const std::string& action) {
        spawn_options options;
        options.environment = repository.environment;
        options.directory = repository.path();
        return std::make_unique<child_process>(
            std::vector<std::string>{fs::absolute(hookctl_binary()).string(), "git", action, "--events", "pre-commit"},
            options);
    };
    for (int round = 0; round < 20; ++round) {
        std::vector<std::unique_ptr<child_process>> all;
        for (int i = 0; i < 4; ++i) {
            all.push_back(start("install"));
        }
        for (const auto& each : all) {
            BOOST_TEST(each->finish().exit_status == 0);
        }
        BOOST_TEST_REQUIRE(read_file(repository / ".git/hooks.before-hookd/pre-commit") == first);
        BOOST_TEST(start("uninstall")->finish().exit_status == 0);
        BOOST_TEST_REQUIRE(read_file(repository / ".git/hooks/pre-commit") == first);
    }
}

BOOST_AUTO_TEST_CASE(a_link_to_a_script_of_hookctls_is_kept_and_fires_nothing_more) {
    test_daemon daemon;
    const git_repository other(daemon.socket_path(), "other");
    other.install({"--events", "pre-commit"});
    const git_repository repository(daemon.socket_path());
    const auto place = repository / ".git/hooks/pre-commit";
    fs::create_symlink(other / ".git/hooks/pre-commit", place);
    BOOST_TEST(repository.hookctl_git({"uninstall"}).exit_status == 0);
    BOOST_TEST(fs::read_symlink(place) == other / ".git/hooks/pre-commit");

    repository.install({"--events", "pre-commit"});
    BOOST_TEST(!fs::is_symlink(place));
    BOOST_TEST(repository.commit("one").exit_status == 0);
    BOOST_TEST(int_at(daemon.stats(), "/head_seq") == 1);
    BOOST_TEST(repository.hookctl_git({"uninstall"}).exit_status == 0);
    BOOST_TEST(fs::read_symlink(place) == other / ".git/hooks/pre-commit");
    BOOST_TEST(!fs::is_symlink(other / ".git/hooks/pre-commit"));
}

BOOST_AUTO_TEST_CASE(a_hook_that_is_a_link_to_another_hook_runs_that_once_and_comes_back) {
    for (const bool is_absolute : {false, true}) {
        test_daemon daemon;
        const git_repository repository(daemon.socket_path());
        BOOST_TEST(repository.commit("one").exit_status == 0);
        repository.must({"checkout", "-q", "-b", "topic"});
        BOOST_TEST(repository.commit("two").exit_status == 0);
        repository.must({"checkout", "-q", "main"});
        repository.write_script(".git/hooks/pre-commit", "echo run >>'" + repository.beside("runs") + "'");
        const auto link = repository / ".git/hooks/pre-merge-commit";
        const std::string target = is_absolute ? repository / ".git/hooks/pre-commit" : "pre-commit";
        fs::create_symlink(target, link);
        const auto runs_once = [&] {
            fs::remove(repository.beside("runs"));
            const auto done = repository.git({"merge", "-q", "--no-ff", "--no-edit", "topic"});
            BOOST_TEST(done.exit_status == 0, done.err);
            BOOST_TEST_REQUIRE(fs::exists(repository.beside("runs")));
            BOOST_TEST(read_file(repository.beside("runs")) == "run\n");
            repository.must({"reset", "-q", "--hard", "HEAD^"});
        };
        repository.install({"--events", "pre-commit"});
        BOOST_TEST(fs::read_symlink(link) == target);
        runs_once();
        BOOST_TEST(int_at(daemon.stats(), "/head_seq") == 0);
        repository.install({"--events", "pre-commit,pre-merge-commit"});
        repository.install({"--events", "pre-commit,pre-merge-commit"});
        runs_once();
        BOOST_TEST(int_at(daemon.stats(), "/head_seq") == 1);
        BOOST_TEST(repository.hookctl_git({"uninstall"}).exit_status == 0);
        BOOST_TEST(fs::read_symlink(link) == target);
        BOOST_TEST(!fs::exists(repository / ".git/hooks.before-hookd"));
        runs_once();
    }
}

BOOST_AUTO_TEST_CASE(a_hook_that_is_a_link_to_another_repositorys_runs_that_once_and_comes_back) {
    test_daemon daemon;
    const git_repository other(daemon.socket_path(), "other");
    other.write_script(".git/hooks/pre-commit", "echo run >>'" + other.beside("runs") + "'");
    const git_repository repository(daemon.socket_path());
    const auto place = repository / ".git/hooks/pre-commit";
    fs::create_symlink(other / ".git/hooks/pre-commit", place);
    const auto runs_once = [&](const git_repository& where, int events) {
        fs::remove(other.beside("runs"));
        const auto before = int_at(daemon.stats(), "/head_seq");
        const auto done = where.git({"commit", "-q", "--allow-empty", "-m", "one"});
        BOOST_TEST(done.exit_status == 0, done.err);
        BOOST_TEST_REQUIRE(fs::exists(other.beside("runs")));
        BOOST_TEST(read_file(other.beside("runs")) == "run\n");
        BOOST_TEST(int_at(daemon.stats(), "/head_seq") - before == events);
    };
    other.install({"--events", "pre-commit"});
    runs_once(other, 1);
    runs_once(repository, 1);
    repository.install({"--events", "pre-commit"});
    runs_once(repository, 1);
    BOOST_TEST(other.hookctl_git({"uninstall"}).exit_status == 0);
    runs_once(repository, 1);
    BOOST_TEST(repository.hookctl_git({"uninstall"}).exit_status == 0);
    BOOST_TEST(fs::read_symlink(place) == other / ".git/hooks/pre-commit");
    runs_once(repository, 0);
}

BOOST_AUTO_TEST_CASE(git_starts_hookctl_itself_unless_a_shell_is_needed) {
    test_daemon daemon;
    const git_repository repository(daemon.socket_path());
    const auto place = repository / ".git/hooks/pre-commit";
    const auto first_line = [&place] {
        const auto text = read_file(place);
        return text.substr(0, text.find('\n'));
    };
    repository.install({"--events", "pre-commit"});
    BOOST_TEST(first_line() == "#!" + fs::canonical(hookctl_binary()).string() + " git-hook");
    repository.install({"--events", "pre-commit", "--no-daemon", "fail"});
    BOOST_TEST(first_line().ends_with(" git-hook"));
    // Only a shell can let git go on where hookctl is gone, and call a hook that was there before.
    repository.install({"--events", "pre-commit", "--no-daemon", "proceed"});
    BOOST_TEST(first_line() == "#!/bin/sh");
    BOOST_TEST(repository.hookctl_git({"uninstall"}).exit_status == 0);
    repository.write_script(".git/hooks/pre-commit", "exit 0");
    repository.install({"--events", "pre-commit"});
    BOOST_TEST(first_line() == "#!/bin/sh");
    BOOST_TEST(repository.hookctl_git({"uninstall"}).exit_status == 0);
    // A first line has no room for a blank.
    const auto elsewhere = repository.beside("my tools");
    fs::create_directory(elsewhere);
    fs::copy_file(hookctl_binary(), elsewhere + "/hookctl");
    fs::remove(place);
    spawn_options there;
    there.environment = repository.environment;
    there.directory = repository.path();
    BOOST_TEST(
        run_program({elsewhere + "/hookctl", "git", "install", "--events", "pre-commit"}, {}, there).exit_status == 0);
    BOOST_TEST(first_line() == "#!/bin/sh");
    const auto hook = veto(daemon, "git.pre_commit");
    BOOST_TEST(repository.commit("one").err == "not now\n");
}

BOOST_AUTO_TEST_CASE(the_name_under_which_path_finds_hookctl_is_what_scripts_remember) {
    test_daemon daemon;
    git_repository repository(daemon.socket_path());
    fs::create_directory(repository.beside("bin"));
    fs::create_symlink(fs::canonical(hookctl_binary()), repository.beside("bin/hookctl"));
    repository.environment["PATH"] = repository.beside("bin") + ":/usr/bin:/bin";
    repository.install({"--events", "pre-commit"});
    BOOST_TEST(read_file(repository / ".git/hooks/pre-commit")
                   .starts_with("#!" + repository.beside("bin/hookctl") + " git-hook\n"));
    const auto hook = veto(daemon, "git.pre_commit");
    BOOST_TEST(repository.commit("one").err == "not now\n");
}

BOOST_AUTO_TEST_CASE(a_script_does_the_same_whoever_interprets_it) {
    test_daemon daemon;
    const git_repository repository(daemon.socket_path());
    repository.install({"--events", "pre-commit,pre-receive"});
    const auto hook = veto(daemon, "git.pre_commit");
    spawn_options there;
    there.environment = repository.environment;
    there.directory = repository.path();
    for (const auto& argv : {std::vector<std::string>{".git/hooks/pre-commit"}, {"sh", ".git/hooks/pre-commit"}}) {
        const auto done = run_program(argv, {}, there);
        BOOST_TEST(done.exit_status == 1);
        BOOST_TEST(done.err == "not now\n");
    }
    // Under another name, or from within its own chain, it does nothing, and takes what git writes to it.
    fs::copy_file(repository / ".git/hooks/pre-receive", repository / ".git/hooks/pre-receive.legacy");
    const auto before = int_at(daemon.stats(), "/head_seq");
    const auto chain = ":pre-receive@" + repository.path() + ":";
    there.environment["HOOKD_GIT_CHAIN"] = std::to_string(::getpid()) + chain;
    for (const std::string name : {"pre-receive.legacy", "pre-receive"}) {
        for (const std::string interpreter : {"", "sh"}) {
            std::vector<std::string> argv{".git/hooks/" + name};
            if (!interpreter.empty()) {
                argv.insert(argv.begin(), interpreter);
            }
            const auto done = run_program(argv, std::string(1'000'000, '\n'), there);
            BOOST_TEST(done.exit_status == 0);
            BOOST_TEST(done.err == "");
        }
    }
    BOOST_TEST(int_at(daemon.stats(), "/head_seq") == before);
    // What a chain that is over has left in an environment is none.
    const auto over = run_program({"sh", "-c", "echo $$"}).out;
    there.environment["HOOKD_GIT_CHAIN"] = over.substr(0, over.find('\n')) + chain;
    for (const auto& argv : {std::vector<std::string>{".git/hooks/pre-receive"}, {"sh", ".git/hooks/pre-receive"}}) {
        BOOST_TEST(run_program(argv, {}, there).exit_status == 0);
    }
    BOOST_TEST(int_at(daemon.stats(), "/head_seq") == before + 2);
}

BOOST_AUTO_TEST_CASE(lines_that_were_added_to_a_script_run) {
    test_daemon daemon;
    const git_repository repository(daemon.socket_path());
    const auto place = repository / ".git/hooks/commit-msg";
    repository.install({"--events", "commit-msg"});
    auto changed = read_file(place);
    changed.insert(changed.find('\n') + 1, "echo added >&2; [ \"$1\" = .git/COMMIT_EDITMSG ] || exit 9\n");
    write_file(place, changed);
    BOOST_TEST(repository.commit("one").exit_status == 0);
    const auto hook = veto(daemon, "git.commit_msg");
    BOOST_TEST(repository.commit("two").err == "added\nnot now\n");
}

BOOST_AUTO_TEST_CASE(git_stops_where_the_hookctl_that_it_is_to_start_is_gone_or_may_not_be_run) {
    test_daemon daemon;
    const git_repository server(daemon.socket_path(), "server.git", {"--bare"});
    const auto program = server.beside("hookctl");
    const auto install = [&program](const git_repository& repository, const std::string& events) {
        fs::copy_file(hookctl_binary(), program, fs::copy_options::overwrite_existing);
        spawn_options there;
        there.environment = repository.environment;
        there.directory = repository.path();
        BOOST_TEST(run_program({program, "git", "install", "--events", events}, {}, there).exit_status == 0);
    };
    const git_repository repository(daemon.socket_path());
    BOOST_TEST(repository.commit("one").exit_status == 0);
    // Gone, not executable, empty as a full disk leaves it, and no program at all.
    const std::vector<std::function<void()>> faults{[&] { fs::remove(program); },
        [&] { fs::permissions(program, fs::perms::owner_read); }, [&] { write_file(program, ""); },
        [&] { write_file(program, "no program\n"); }};
    for (std::size_t fault = 0; fault < faults.size(); ++fault) {
        for (const std::string hook : {"pre-receive", "update"}) {
            install(server, hook);
            BOOST_TEST(repository.git({"push", "-q", server.path(), "main"}).exit_status == 0);
            faults[fault]();
            // For what is no program git has sh run the script, and that finds no hookctl either.
            const auto pushed = repository.git({"push", "-q", server.path(), "main:" + hook + std::to_string(fault)});
            BOOST_TEST(pushed.exit_status != 0, hook << " " << fault);
            BOOST_TEST(server.must({"branch", "--list", hook + "*"}) == "");
            BOOST_TEST(server.hookctl_git({"status"}).exit_status == (fault < 3 ? 1 : 0));  // it does not start it
            BOOST_TEST(server.hookctl_git({"uninstall"}).exit_status == 0);
        }
        for (const std::string hook :
            {"pre-commit", "prepare-commit-msg", "commit-msg", "pre-push", "reference-transaction"}) {
            install(repository, hook);
            faults[fault]();
            const auto done =
                hook == "pre-push" ? repository.git({"push", "-q", server.path(), "main:x"}) : repository.commit("two");
            BOOST_TEST(done.exit_status != 0, hook << " " << fault);
            BOOST_TEST(!done.err.empty());
            BOOST_TEST(repository.commits() == 1);
            BOOST_TEST(repository.hookctl_git({"uninstall"}).exit_status == 0);
        }
    }
    BOOST_TEST(server.must({"branch", "--list", "x"}) == "");
}

BOOST_AUTO_TEST_CASE(uninstall_in_a_copy_leaves_the_original_alone) {
    test_daemon daemon;
    const git_repository repository(daemon.socket_path());
    repository.install({"--events", "pre-commit"});
    const auto copy = repository.beside("copy");
    fs::copy(repository.path(), copy, fs::copy_options::recursive);
    BOOST_TEST(repository.hookctl_git({"uninstall", "--repo", copy}).exit_status == 0);
    BOOST_TEST(!fs::exists(copy + "/.git/hooks/pre-commit"));
    BOOST_TEST(!fs::exists(copy + "/.git/hookd-hooks"));
    BOOST_TEST(fs::exists(repository / ".git/hooks/pre-commit"));
    BOOST_TEST(repository.hookctl_git({"status"}).exit_status == 0);
}

BOOST_AUTO_TEST_CASE(a_script_with_a_line_added_at_its_top_is_still_hookctls) {
    test_daemon daemon;
    const git_repository repository(daemon.socket_path());
    const auto place = repository / ".git/hooks/pre-commit";
    repository.install({"--events", "pre-commit"});
    const auto as_installed = read_file(place);
    BOOST_TEST(!has_at(json_of(repository.hookctl_git({"status"}).out), "/hooks/pre-commit/changed"));
    auto changed = as_installed;
    changed.insert(changed.find('\n') + 1, "export FOO=1\n");
    write_file(place, changed);
    const auto status = repository.hookctl_git({"status"});
    BOOST_TEST(status.exit_status == 0);
    BOOST_TEST(bool_at(json_of(status.out), "/hooks/pre-commit/fires"));
    BOOST_TEST(bool_at(json_of(status.out), "/hooks/pre-commit/changed"));

    repository.install({"--events", "pre-commit"});
    BOOST_TEST(read_file(place) == as_installed);
    write_file(place, changed);
    BOOST_TEST(repository.hookctl_git({"uninstall"}).exit_status == 0);
    BOOST_TEST(!fs::exists(place));
    BOOST_TEST(read_file(repository / ".git/hooks.before-hookd/pre-commit.superseded-1") == changed);
}

BOOST_AUTO_TEST_CASE(an_empty_hooks_path_is_refused_with_what_to_type) {
    test_daemon daemon;
    const git_repository repository(daemon.socket_path());
    repository.must({"config", "core.hooksPath", ""});
    const auto done = repository.hookctl_git({"install", "--events", "pre-commit"});
    BOOST_TEST(done.exit_status == 2);
    check_one_error(done, {"core.hooksPath is empty", "git config --local --unset core.hooksPath"});
    BOOST_TEST(!fs::exists(repository / "pre-commit"));
    BOOST_TEST(repository.hookctl_git({"uninstall"}).exit_status == 0);

    repository.must({"config", "--unset", "core.hooksPath"});
    repository.install({"--events", "pre-commit"});
    repository.must({"config", "core.hooksPath", ""});
    const auto status = repository.hookctl_git({"status"});
    BOOST_TEST(status.exit_status == 1);
    BOOST_TEST(!bool_at(json_of(status.out), "/hooks/pre-commit/fires"));
    BOOST_TEST(mentions(text_at(json_of(status.out), "/hooks/pre-commit/why_not"), "--unset core.hooksPath"));
    BOOST_TEST(repository.hookctl_git({"uninstall"}).exit_status == 0);
    BOOST_TEST(!fs::exists(repository / ".git/hooks/pre-commit"));
}

BOOST_AUTO_TEST_CASE(hooks_in_the_working_tree_are_warned_about) {
    test_daemon daemon;
    const git_repository repository(daemon.socket_path());
    const auto says = [&](const std::string& path, std::vector<std::string> options = {}) {
        repository.must({"config", "core.hooksPath", path});
        options.insert(options.begin(), {"install", "--events", "pre-commit"});
        const auto done = repository.hookctl_git(std::move(options));
        BOOST_TEST(done.exit_status == 0);
        return done;
    };
    check_one_error(
        says("githooks"), {repository / "githooks is in the working tree", "git clean -fdX", "githooks.before-hookd"});
    check_one_error(says(repository / "other", {"--repo", repository.path()}), {"working tree"});
    BOOST_TEST(says(repository.beside("outside")).err == "");
    BOOST_TEST(says(".git/own").err == "");
    repository.must({"config", "--unset", "core.hooksPath"});
    BOOST_TEST(repository.hookctl_git({"install"}).err == "");
}

BOOST_AUTO_TEST_SUITE_END()
