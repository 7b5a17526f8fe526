// SPDX-License-Identifier: BSL-1.0
// hookctl git among hook managers that install before it, after it and again: each hook runs once, and none is ever
// lost.
#include "git_repository.hpp"

#include "support/json_access.hpp"

#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <string>
#include <vector>

using namespace hookd::test;

namespace fs = std::filesystem;

namespace {

const std::string place = ".git/hooks/pre-commit";

/// What a script of a manager's leaves of each of its runs.
std::string run_noting(const git_repository& repository, const std::string& who) {
    return "echo " + who + " >>'" + repository.beside("runs") + "'";
}

/// Who has run since the last look, a word each.
std::string runs(const git_repository& repository) {
    const auto file = repository.beside("runs");
    std::string text;
    if (fs::exists(file)) {
        for (const auto& each : lines_of(read_file(file))) {
            text += (text.empty() ? "" : " ") + each;
        }
        fs::remove(file);
    }
    return text;
}

/// A manager as pre-commit is: moves what it finds to pre-commit.legacy, unless that is its own, and calls it from
/// there.
void install_mover(const git_repository& repository, const std::string& version = "1") {
    if (fs::exists(repository / place) && !mentions(read_file(repository / place), "Managed by mover")) {
        fs::rename(repository / place, repository / (place + ".legacy"));
    }
    repository.write_script(place, "# Managed by mover\n# version " + version + "\n" + run_noting(repository, "mover") +
                                       "\n[ ! -x \"$0.legacy\" ] || \"$0.legacy\" \"$@\"");
}

/// A manager that moves what it finds, and calls it from its own hook without looking whether it is still there.
void install_caller(const git_repository& repository, const std::string& moved) {
    if (fs::exists(repository / place)) {
        fs::create_directories(fs::path(repository / (".git/hooks/" + moved)).parent_path());
        fs::rename(repository / place, repository / (".git/hooks/" + moved));
    }
    repository.write_script(place, run_noting(repository, "caller") + "\n.git/hooks/" + moved + " \"$@\" || exit 1");
}

/// A manager as simple-git-hooks is: writes over whatever is there.
void install_overwriter(const git_repository& repository) {
    fs::remove(repository / place);
    repository.write_script(place, run_noting(repository, "overwriter"));
}

int events(test_daemon& daemon) { return static_cast<int>(int_at(daemon.stats(), "/head_seq")); }

/// Makes a commit, checks that it fires one event, and returns which other hooks have run.
std::string commit_fires_one(test_daemon& daemon, const git_repository& repository, int expected = 1) {
    const auto before = events(daemon);
    const auto done = repository.git({"commit", "-q", "--allow-empty", "-m", "one"});
    BOOST_TEST(done.exit_status == 0, done.err);
    BOOST_TEST(events(daemon) - before == expected);
    return runs(repository);
}

void install(const git_repository& repository) { repository.install({"--events", "pre-commit"}); }

}  // namespace

BOOST_AUTO_TEST_SUITE(cli_git_manager)

BOOST_AUTO_TEST_CASE(a_manager_and_hookctl_installed_in_turn_run_each_hook_once) {
    test_daemon daemon;
    const git_repository repository(daemon.socket_path());
    for (int round = 0; round < 3; ++round) {
        install_mover(repository);
        install(repository);
        BOOST_TEST(commit_fires_one(daemon, repository) == "mover");
    }
    BOOST_TEST(!fs::exists(repository / (place + ".legacy")));
    BOOST_TEST(repository.hookctl_git({"uninstall"}).exit_status == 0);
    BOOST_TEST(commit_fires_one(daemon, repository, 0) == "mover");
    BOOST_TEST(!fs::exists(repository / ".git/hooks.before-hookd"));
}

BOOST_AUTO_TEST_CASE(a_script_that_a_manager_has_moved_does_nothing_and_status_says_so) {
    test_daemon daemon;
    const git_repository repository(daemon.socket_path());
    install_mover(repository);
    install(repository);
    install_mover(repository);
    BOOST_TEST(commit_fires_one(daemon, repository, 0) == "mover");
    const auto status = repository.hookctl_git({"status"});
    BOOST_TEST(status.exit_status == 1);
    const auto said = json_of(status.out);
    BOOST_TEST(!bool_at(said, "/hooks/pre-commit/fires"));
    BOOST_TEST(text_at(said, "/hooks/pre-commit/taken_by") == "Managed by mover");
    BOOST_TEST(mentions(text_at(said, "/hooks/pre-commit/why_not"), "pre-commit.legacy"));
    BOOST_TEST(repository.hookctl_git({"uninstall"}).exit_status == 0);
    BOOST_TEST(!fs::exists(repository / (place + ".legacy")));
    BOOST_TEST(!fs::exists(repository / ".git/hooks.before-hookd"));
}

BOOST_AUTO_TEST_CASE(the_hook_from_before_both_comes_back_to_where_the_manager_moved_the_script) {
    test_daemon daemon;
    const git_repository repository(daemon.socket_path());
    repository.write_script(place, run_noting(repository, "own"));
    const auto own = read_file(repository / place);
    install(repository);
    install_mover(repository);
    install(repository);
    BOOST_TEST(commit_fires_one(daemon, repository) == "own mover");
    install_mover(repository, "2");
    install(repository);
    BOOST_TEST(commit_fires_one(daemon, repository) == "own mover");
    BOOST_TEST(repository.hookctl_git({"uninstall"}).exit_status == 0);
    BOOST_TEST(read_file(repository / (place + ".legacy")) == own);
    BOOST_TEST(commit_fires_one(daemon, repository, 0) == "mover own");
    BOOST_TEST(mentions(read_file(repository / place), "version 2"));
}

BOOST_AUTO_TEST_CASE(the_hook_from_before_comes_back_where_a_manager_would_call_it) {
    test_daemon daemon;
    const git_repository repository(daemon.socket_path());
    repository.write_script(place, run_noting(repository, "own"));
    install(repository);
    install_mover(repository);
    BOOST_TEST(repository.hookctl_git({"uninstall"}).exit_status == 0);
    BOOST_TEST(commit_fires_one(daemon, repository, 0) == "mover own");
    BOOST_TEST(!fs::exists(repository / ".git/hooks.before-hookd"));
}

BOOST_AUTO_TEST_CASE(a_manager_that_calls_a_moved_script_in_any_case_still_finds_one_there) {
    test_daemon daemon;
    for (const std::string moved : {"pre-commit.old", "old-hooks/pre-commit"}) {
        const git_repository repository(daemon.socket_path(), moved.substr(0, 3));
        const auto file = repository / (".git/hooks/" + moved);
        install(repository);
        install_caller(repository, moved);
        install(repository);
        BOOST_TEST(commit_fires_one(daemon, repository) == "caller");
        const auto done = repository.hookctl_git({"uninstall"});
        BOOST_TEST(done.exit_status == 0);
        check_one_error(done, {file, "does nothing", "another hook calls it"});
        BOOST_TEST(commit_fires_one(daemon, repository, 0) == "caller");
        // The manager goes, and puts back what it had moved.
        fs::rename(file, repository / place);
        BOOST_TEST(commit_fires_one(daemon, repository, 0) == "");
        install(repository);
        BOOST_TEST(commit_fires_one(daemon, repository) == "");
        BOOST_TEST(!fs::exists(repository / ".git/hooks.before-hookd"));
        BOOST_TEST(repository.hookctl_git({"uninstall"}).exit_status == 0);
        BOOST_TEST(!fs::exists(repository / place));
    }
}

BOOST_AUTO_TEST_CASE(what_stands_in_for_a_script_goes_once_no_hook_calls_it) {
    test_daemon daemon;
    const git_repository repository(daemon.socket_path());
    repository.write_script(place, run_noting(repository, "own"));
    const auto own = read_file(repository / place);
    install(repository);
    install_caller(repository, "pre-commit.old");
    install(repository);
    BOOST_TEST(commit_fires_one(daemon, repository) == "own caller");
    BOOST_TEST(repository.hookctl_git({"uninstall"}).exit_status == 0);
    BOOST_TEST(read_file(repository / (place + ".old")) == own);  // as the manager would have moved it
    BOOST_TEST(commit_fires_one(daemon, repository, 0) == "caller own");

    fs::remove(repository / place);
    fs::remove(repository / (place + ".old"));
    install(repository);
    install_caller(repository, "pre-commit.old");
    BOOST_TEST(repository.hookctl_git({"uninstall"}).exit_status == 0);
    BOOST_TEST(commit_fires_one(daemon, repository, 0) == "caller");
    fs::remove(repository / place);
    BOOST_TEST(repository.hookctl_git({"uninstall"}).exit_status == 0);
    BOOST_TEST(!fs::exists(repository / (place + ".old")));
}

BOOST_AUTO_TEST_CASE(a_hook_that_took_the_scripts_place_is_kept_beside_the_first) {
    test_daemon daemon;
    const git_repository repository(daemon.socket_path());
    repository.write_script(place, run_noting(repository, "own"));
    const auto own = read_file(repository / place);
    install(repository);
    install_overwriter(repository);
    BOOST_TEST(repository.hookctl_git({"status"}).exit_status == 1);
    install(repository);
    install(repository);
    BOOST_TEST(repository.hookctl_git({"status"}).exit_status == 0);
    BOOST_TEST(commit_fires_one(daemon, repository) == "own overwriter");
    const auto done = repository.hookctl_git({"uninstall"});
    BOOST_TEST(done.exit_status == 0);
    check_one_error(done, {"older hooks", "hooks.before-hookd/pre-commit"});
    BOOST_TEST(commit_fires_one(daemon, repository, 0) == "overwriter");
    BOOST_TEST(read_file(repository / ".git/hooks.before-hookd/pre-commit") == own);
}

BOOST_AUTO_TEST_CASE(of_two_hooks_of_one_manager_the_newer_runs_and_the_older_stays) {
    test_daemon daemon;
    const git_repository repository(daemon.socket_path());
    for (const std::string version : {"1", "2", "3"}) {
        install_mover(repository, version);
        install(repository);
    }
    BOOST_TEST(commit_fires_one(daemon, repository) == "mover");
    for (const std::string age : {"1", "2"}) {
        BOOST_TEST(mentions(
            read_file(repository / (".git/hooks.before-hookd/pre-commit.superseded-" + age)), "version " + age));
    }
    BOOST_TEST(repository.hookctl_git({"uninstall"}).exit_status == 0);
    BOOST_TEST(mentions(read_file(repository / place), "version 3"));
}

BOOST_AUTO_TEST_CASE(what_a_manager_has_added_to_a_script_is_kept) {
    test_daemon daemon;
    const git_repository repository(daemon.socket_path());
    for (const std::string end : {"install", "uninstall"}) {
        install(repository);
        write_file(repository / place, read_file(repository / place) + "# added before " + end + "\n");
        BOOST_TEST(repository.hookctl_git({end, "--events", "pre-commit"}).exit_status == 0);
    }
    BOOST_TEST(!fs::exists(repository / place));
    BOOST_TEST(
        mentions(read_file(repository / ".git/hooks.before-hookd/pre-commit.superseded-1"), "added before install"));
    BOOST_TEST(
        mentions(read_file(repository / ".git/hooks.before-hookd/pre-commit.superseded-2"), "added before uninstall"));
}

BOOST_AUTO_TEST_CASE(a_chain_that_comes_back_to_the_script_ends_there) {
    test_daemon daemon;
    const git_repository repository(daemon.socket_path());
    repository.write_script(place, run_noting(repository, "own") + "; .git/hooks/pre-commit");
    install(repository);
    BOOST_TEST(commit_fires_one(daemon, repository) == "own");
}

BOOST_AUTO_TEST_CASE(what_a_hook_from_before_has_started_and_lives_on_is_guarded) {
    test_daemon daemon;
    git_repository repository(daemon.socket_path());
    const auto environment = repository.beside("environment");
    repository.write_script(place, "echo \"$HOOKD_GIT_CHAIN\" >'" + environment + "'");
    install(repository);
    commit_fires_one(daemon, repository);
    // As from a terminal that the hook has opened.
    repository.environment["HOOKD_GIT_CHAIN"] = lines_of(read_file(environment)).front();
    commit_fires_one(daemon, repository);
}

BOOST_AUTO_TEST_CASE(a_hook_from_before_may_commit_elsewhere) {
    test_daemon daemon;
    const git_repository other(daemon.socket_path(), "other");
    const git_repository repository(daemon.socket_path());
    install(other);
    repository.write_script(place,
        "unset GIT_DIR GIT_INDEX_FILE GIT_PREFIX; git -C '" + other.path() + "' commit -q --allow-empty -m generated");
    install(repository);
    commit_fires_one(daemon, repository, 2);
    BOOST_TEST(other.commits() == 1);
}

BOOST_AUTO_TEST_CASE(uninstall_finds_scripts_wherever_the_hooks_path_points_by_now) {
    test_daemon daemon;
    const git_repository repository(daemon.socket_path());
    install(repository);
    repository.must({"config", "core.hooksPath", ".husky"});  // as husky does
    const auto status = repository.hookctl_git({"status"});
    BOOST_TEST(status.exit_status == 1);
    BOOST_TEST(mentions(text_at(json_of(status.out), "/hooks/pre-commit/why_not"), repository / ".git/hooks"));
    install(repository);
    BOOST_TEST(commit_fires_one(daemon, repository) == "");
    repository.must({"config", "core.hooksPath", ".elsewhere"});
    BOOST_TEST(repository.hookctl_git({"uninstall"}).exit_status == 0);
    for (const std::string directory : {".git/hooks", ".husky", ".elsewhere"}) {
        BOOST_TEST(!fs::exists(repository / (directory + "/pre-commit")), directory);
    }
    BOOST_TEST(!fs::exists(repository / ".git/hookd-hooks"));
}

BOOST_AUTO_TEST_CASE(a_hooks_path_for_other_repositories_is_not_written_to) {
    test_daemon daemon;
    const git_repository repository(daemon.socket_path());
    const auto all = repository.beside("all");
    fs::create_directory(all);
    repository.must({"config", "--global", "core.hooksPath", all});
    const auto refused = repository.hookctl_git({"install", "--events", "pre-commit"});
    BOOST_TEST(refused.exit_status == 2);
    check_one_error(refused, {all, "global", "--global", "git config core.hooksPath"});
    BOOST_TEST(fs::is_empty(all));
    repository.install({"--global", "--events", "pre-commit"});
    BOOST_TEST(fs::exists(all + "/pre-commit"));
    BOOST_TEST(repository.hookctl_git({"uninstall"}).exit_status == 0);  // of this repository
    BOOST_TEST(fs::exists(all + "/pre-commit"));
    repository.must({"config", "--global", "core.hooksPath", repository.beside("others")});
    BOOST_TEST(repository.hookctl_git({"uninstall", "--global"}).exit_status == 0);
    BOOST_TEST(!fs::exists(all + "/pre-commit"));
}

BOOST_AUTO_TEST_CASE(no_link_is_followed) {
    test_daemon daemon;
    const git_repository repository(daemon.socket_path());
    const auto elsewhere = repository.beside("elsewhere");
    fs::create_directory(elsewhere);
    fs::remove_all(repository / ".git/hooks");
    fs::create_directory_symlink(elsewhere, repository / ".git/hooks");
    check_one_error(repository.hookctl_git({"install", "--events", "pre-commit"}), {".git/hooks is a link", elsewhere});
    fs::remove(repository / ".git/hooks");
    fs::create_directory(repository / ".git/hooks");
    fs::create_directory_symlink(elsewhere, repository / ".git/hooks.before-hookd");
    repository.write_script(place, "exit 0");
    check_one_error(repository.hookctl_git({"install", "--events", "pre-commit"}), {"hooks.before-hookd is a link"});
    fs::remove(repository / ".git/hooks.before-hookd");
    write_file(elsewhere + "/target", "theirs");
    fs::create_symlink(elsewhere + "/target", repository / ".git/hookd-hooks");
    install(repository);
    BOOST_TEST(read_file(elsewhere + "/target") == "theirs");
    BOOST_TEST(repository.hookctl_git({"uninstall"}).exit_status == 0);
}

BOOST_AUTO_TEST_CASE(a_relative_hooks_path_is_another_directory_in_each_worktree) {
    test_daemon daemon;
    const git_repository repository(daemon.socket_path());
    BOOST_TEST(repository.commit("one").exit_status == 0);
    repository.must({"config", "core.hooksPath", ".git-hooks"});
    const auto tree = repository.beside("tree");
    repository.must({"worktree", "add", "-q", tree, "-b", "tree"});
    const auto done = repository.hookctl_git({"install", "--events", "pre-commit"});
    BOOST_TEST(done.exit_status == 0);
    BOOST_TEST(mentions(done.err, "a different directory in each work tree"), done.err);
    BOOST_TEST(repository.hookctl_git({"status"}).exit_status == 0);
    BOOST_TEST(repository.hookctl_git({"status", "--repo", tree}).exit_status == 1);
    BOOST_TEST(repository.hookctl_git({"install", "--repo", tree, "--events", "pre-commit"}).exit_status == 0);
    BOOST_TEST(repository.hookctl_git({"status", "--repo", tree}).exit_status == 0);
    BOOST_TEST(repository.hookctl_git({"uninstall"}).exit_status == 0);
    BOOST_TEST(!fs::exists(tree + "/.git-hooks/pre-commit"));
}

BOOST_AUTO_TEST_SUITE_END()
