// SPDX-License-Identifier: BSL-1.0
// hookctl git: payloads say what git itself says, in repositories of every kind.
#include "git_repository.hpp"

#include "support/json_access.hpp"

#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <string>
#include <vector>

using namespace hookd::test;

namespace fs = std::filesystem;

namespace {

/// The event of a commit in the repository, or in a directory of another of its worktrees.
boost::json::value commit_payload(
    test_daemon& daemon, const git_repository& repository, const std::string& directory = ".") {
    auto seen = observer_of(daemon);
    BOOST_TEST(repository.git({"-C", directory, "commit", "-q", "--allow-empty", "-m", "one"}).exit_status == 0);
    return payload_of(seen, "git.pre_commit");
}

void check_place(
    const boost::json::value& payload, const git_repository& repository, const std::string& directory = ".") {
    const auto says = [&](std::vector<std::string> question) {
        question.insert(question.begin(), {"-C", directory});
        return repository.must(question);
    };
    BOOST_TEST(text_at(payload, "/work_tree") == says({"rev-parse", "--show-toplevel"}));
    BOOST_TEST(text_at(payload, "/git_dir") == says({"rev-parse", "--absolute-git-dir"}));
    BOOST_TEST(text_at(payload, "/common_dir") == says({"rev-parse", "--path-format=absolute", "--git-common-dir"}));
    const auto branch = says({"branch", "--show-current"});
    BOOST_TEST((branch.empty() ? !has_at(payload, "/branch") : text_at(payload, "/branch") == branch));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(cli_git_payload)

BOOST_AUTO_TEST_CASE(the_place_is_what_git_says_wherever_a_repository_has_its_parts) {
    test_daemon daemon;
    const git_repository repository(daemon.socket_path());
    repository.install({"--events", "pre-commit"});
    check_place(commit_payload(daemon, repository), repository);  // an unborn branch
    check_place(commit_payload(daemon, repository), repository);
    fs::create_directories(repository / "deep/down");
    check_place(commit_payload(daemon, repository, "deep/down"), repository, "deep/down");
    const auto tree = repository.beside("tree");
    repository.must({"worktree", "add", "-q", tree, "-b", "topic"});
    check_place(commit_payload(daemon, repository, tree), repository, tree);
    repository.must({"checkout", "-q", "--detach"});
    check_place(commit_payload(daemon, repository), repository);
    fs::create_directory_symlink(repository.path(), repository.beside("link"));
    check_place(commit_payload(daemon, repository, repository.beside("link")), repository);
}

BOOST_AUTO_TEST_CASE(the_branch_is_the_one_that_head_leads_to) {
    test_daemon daemon;
    const git_repository repository(daemon.socket_path());
    repository.install({"--events", "pre-commit"});
    BOOST_TEST(repository.commit("base").exit_status == 0);
    repository.must({"config", "core.preferSymlinkRefs", "true"});
    repository.must({"checkout", "-q", "-b", "topic"});
    check_place(commit_payload(daemon, repository), repository);
    BOOST_TEST(fs::is_symlink(repository / ".git/HEAD"));
    repository.must({"config", "core.preferSymlinkRefs", "false"});
    repository.must({"symbolic-ref", "refs/heads/alias", "refs/heads/main"});
    repository.must({"symbolic-ref", "HEAD", "refs/heads/alias"});
    const auto payload = commit_payload(daemon, repository);
    check_place(payload, repository);
    BOOST_TEST(text_at(payload, "/branch") == "main");
    repository.must({"pack-refs", "--all"});
    check_place(commit_payload(daemon, repository), repository);
}

BOOST_AUTO_TEST_CASE(a_submodule_and_a_push_into_a_working_repository_have_their_work_tree) {
    test_daemon daemon;
    const git_repository repository(daemon.socket_path());
    repository.must({"config", "--global", "protocol.file.allow", "always"});
    BOOST_TEST(repository.commit("one").exit_status == 0);
    const git_repository outer(daemon.socket_path(), "outer");
    outer.must({"-c", "protocol.file.allow=always", "submodule", "--quiet", "add", repository.path(), "module"});
    BOOST_TEST(outer.hookctl_git({"install", "--repo", "module", "--events", "pre-commit"}).exit_status == 0);
    check_place(commit_payload(daemon, outer, "module"), outer, "module");

    repository.install({"--events", "pre-receive,update"});
    const auto seen_at_a_push = [&](const std::string& ref) {
        auto seen = observer_of(daemon);
        BOOST_TEST(repository.git({"push", "-q", repository.path(), "main:" + ref}).exit_status == 0);
        return payload_of(seen, "git.pre_receive");
    };
    BOOST_TEST(text_at(seen_at_a_push("one"), "/work_tree") == repository.path());
    repository.must({"config", "core.worktree", ".."});
    write_file(repository.beside("included"), "");
    repository.must({"config", "include.path", repository.beside("included")});  // then only git can tell
    BOOST_TEST(text_at(seen_at_a_push("two"), "/work_tree") == repository.path());
}

BOOST_AUTO_TEST_CASE(a_bare_repository_has_no_work_tree) {
    test_daemon daemon;
    const git_repository server(daemon.socket_path(), "server", {"--bare"});  // not told by its name
    const git_repository repository(daemon.socket_path());
    BOOST_TEST(repository.commit("one").exit_status == 0);
    server.install({"--events", "pre-receive"});
    auto seen = observer_of(daemon);
    BOOST_TEST(repository.git({"push", "-q", server.path(), "main"}).exit_status == 0);
    const auto payload = payload_of(seen, "git.pre_receive");
    BOOST_TEST(!has_at(payload, "/work_tree"));
    BOOST_TEST(text_at(payload, "/git_dir") == server.path());
    BOOST_TEST(text_at(payload, "/common_dir") == server.path());
    BOOST_TEST(text_at(payload, "/branch") == "main");
}

BOOST_AUTO_TEST_CASE(a_commit_says_which_files_it_is_about) {
    test_daemon daemon;
    const git_repository repository(daemon.socket_path());
    repository.install({"--events", "pre-commit"});
    auto seen = observer_of(daemon);
    BOOST_TEST(repository.commit("one").exit_status == 0);
    const auto first = payload_of(seen, "git.pre_commit");
    BOOST_TEST(size_at(first, "/files") == 1U);
    BOOST_TEST(text_at(first, "/files/0") == "one");
    BOOST_TEST(!bool_at(first, "/files_cut"));
    write_file(repository / "one", "changed");
    write_file(repository / "other", "not staged");
    BOOST_TEST(repository.git({"commit", "-q", "-a", "-m", "two"}).exit_status == 0);  // an index of its own
    BOOST_TEST(text_at(payload_of(seen, "git.pre_commit"), "/files/0") == "one");
    repository.must({"mv", "one", "\xe9"});
    BOOST_TEST(repository.git({"commit", "-q", "-m", "three"}).exit_status == 0);
    const auto renamed = payload_of(seen, "git.pre_commit");
    BOOST_TEST(size_at(renamed, "/files") == 2U);
    BOOST_TEST(text_at(renamed, "/files_base64/1") == "6Q==");
}

BOOST_AUTO_TEST_CASE(files_are_bounded_and_a_payload_says_so) {
    test_daemon daemon;
    const git_repository repository(daemon.socket_path());
    repository.install({"--events", "pre-commit"});
    auto seen = observer_of(daemon);
    for (int i = 0; i < 1001; ++i) {
        write_file(repository / std::to_string(i), "");
    }
    repository.must({"add", "."});
    BOOST_TEST(repository.git({"commit", "-q", "-m", "many"}).exit_status == 0);
    const auto payload = payload_of(seen, "git.pre_commit");
    BOOST_TEST(size_at(payload, "/files") == 1000U);
    BOOST_TEST(bool_at(payload, "/files_cut"));
}

BOOST_AUTO_TEST_CASE(a_push_says_which_files_its_commits_touch) {
    test_daemon daemon;
    const git_repository server(daemon.socket_path(), "server.git", {"--bare"});
    const git_repository repository(daemon.socket_path());
    BOOST_TEST(repository.commit("old").exit_status == 0);
    repository.must({"remote", "add", "origin", server.path()});
    repository.must({"push", "-q", "origin", "main"});
    server.install({"--events", "pre-receive,post-receive"});
    repository.install({"--events", "pre-push"});
    auto seen = observer_of(daemon);
    // The server's HEAD leads to `main`.
    const auto check_push = [&](std::vector<std::string> refs, const std::vector<std::string>& files) {
        refs.insert(refs.begin(), {"push", "-q", "origin"});
        BOOST_TEST(repository.git(refs).exit_status == 0);
        for (const std::string event : {"git.pre_push", "git.pre_receive", "git.post_receive"}) {
            const auto payload = payload_of(seen, event);
            BOOST_TEST_REQUIRE(size_at(payload, "/files") == files.size(), event);
            for (std::size_t i = 0; i < files.size(); ++i) {
                BOOST_TEST(text_at(payload, "/files/" + std::to_string(i)) == files[i]);
            }
            BOOST_TEST(!bool_at(payload, "/files_cut"));
        }
    };
    BOOST_TEST(repository.commit("one").exit_status == 0);
    fs::remove(repository / "one");  // brought by one commit and taken away by the next
    BOOST_TEST(repository.commit("two").exit_status == 0);
    check_push({"main"}, {"one", "two"});
    BOOST_TEST(repository.commit("three").exit_status == 0);
    check_push({"main:topic"}, {"three"});
    check_push({":topic"}, {});
    server.must({"config", "receive.denyDeleteCurrent", "ignore"});
    check_push({":main"}, {});
    check_push({"main"}, {"three", "one", "two", "old"});
}

BOOST_AUTO_TEST_CASE(urls_go_out_without_credentials) {
    test_daemon daemon;
    auto seen = observer_of(daemon);
    const std::string url = "https://user:secret@example.org/r.git";
    BOOST_TEST(hookctl(daemon.socket_path(), {"git", "run", "--", "pre-push", url, url}).exit_status == 0);
    const auto payload = payload_of(seen, "git.pre_push");
    for (const auto* place : {"/url", "/remote", "/args/0", "/args/1"}) {
        BOOST_TEST(text_at(payload, place) == "https://example.org/r.git");
    }
}

BOOST_AUTO_TEST_CASE(the_words_of_a_pull_go_out_without_credentials) {
    test_daemon daemon;
    const git_repository origin(daemon.socket_path(), "origin");
    BOOST_TEST(origin.commit("one").exit_status == 0);
    const git_repository repository(daemon.socket_path(), "clone");
    repository.must({"pull", "-q", origin.path(), "main"});
    BOOST_TEST(origin.commit("two").exit_status == 0);
    repository.install({"--events", "post-merge"});
    auto seen = observer_of(daemon);
    repository.must({"-c", "url.file://" + origin.path() + ".insteadOf=https://user:secret@host/r", "pull", "-q",
        "https://user:secret@host/r", "main"});
    const auto payload = payload_of(seen, "git.post_merge");
    BOOST_TEST(text_at(payload, "/env/GIT_REFLOG_ACTION") == "pull -q https://host/r main");
}

BOOST_AUTO_TEST_CASE(bytes_that_are_not_utf_8_are_there_in_base64) {
    test_daemon daemon;
    const git_repository repository(daemon.socket_path(), "d\xe9pot");
    repository.install({"--events", "pre-commit,reference-transaction"});
    auto seen = observer_of(daemon);
    BOOST_TEST(repository.commit("one").exit_status == 0);
    const auto payload = payload_of(seen, "git.pre_commit");
    const auto base64 = run_program({"base64", "-w0"}, repository.path()).out;
    BOOST_TEST(text_at(payload, "/cwd_base64") == base64);
    BOOST_TEST(text_at(payload, "/work_tree_base64") == base64);
    BOOST_TEST(has_at(payload, "/git_dir_base64"));
    BOOST_TEST(!has_at(payload, "/branch_base64"));
    while (seen.next_event().string("/params/payload/state") != "committed") {
    }
    repository.must({"branch", "x\xe9"});
    const auto prepared = payload_of(seen, "git.reference_transaction");
    BOOST_TEST(text_at(prepared, "/updates/0/ref_base64") == "cmVmcy9oZWFkcy946Q==");
}

BOOST_AUTO_TEST_CASE(variables_of_gits_go_along_and_credentials_do_not) {
    test_daemon daemon;
    git_repository repository(daemon.socket_path());
    repository.install({"--events", "pre-commit"});
    repository.environment["GIT_TOKEN"] = "secret";
    repository.environment["GIT_LITERAL_PATHSPECS"] = "1";
    auto seen = observer_of(daemon);
    BOOST_TEST(
        repository.git({"-c", "http.extraHeader=secret", "commit", "-q", "--allow-empty", "-m", "one"}).exit_status ==
        0);
    const auto payload = payload_of(seen, "git.pre_commit");
    BOOST_TEST(text_at(payload, "/env/GIT_LITERAL_PATHSPECS") == "1");
    for (const auto* name : {"GIT_TOKEN", "GIT_CONFIG_PARAMETERS", "GIT_EXEC_PATH", "GIT_EDITOR"}) {
        BOOST_TEST(!has_at(payload, std::string("/env/") + name), name);
    }
}

BOOST_AUTO_TEST_CASE(the_changes_under_a_message_are_no_part_of_it) {
    test_daemon daemon;
    git_repository repository(daemon.socket_path());
    repository.install({"--events", "commit-msg"});
    write_file(repository / "large", std::string(std::size_t{2} * 1024 * 1024, 'x') + "\n");
    repository.must({"add", "."});
    repository.environment["GIT_EDITOR"] = "sed -i '1s/^/Subject/'";
    auto seen = observer_of(daemon);
    BOOST_TEST(repository.git({"commit", "-q", "-v"}).exit_status == 0);
    const auto payload = payload_of(seen, "git.commit_msg");
    BOOST_TEST(text_at(payload, "/message").starts_with("Subject\n"));
    BOOST_TEST(!mentions(text_at(payload, "/message"), "diff --git"));
    BOOST_TEST(!has_at(payload, "/message_cut"));

    write_file(repository.beside("message"), std::string(std::size_t{2} * 1024 * 1024, 'm'));
    BOOST_TEST(repository.git({"commit", "-q", "--allow-empty", "-F", repository.beside("message")}).exit_status == 0);
    const auto long_one = payload_of(seen, "git.commit_msg");
    BOOST_TEST(text_at(long_one, "/message").size() == std::size_t{1024} * 1024);
    BOOST_TEST(bool_at(long_one, "/message_cut"));
}

BOOST_AUTO_TEST_CASE(a_patch_of_a_series_says_which_it_is) {
    test_daemon daemon;
    auto seen = observer_of(daemon);
    spawn_options options;
    options.environment = {{"GIT_SENDEMAIL_FILE_COUNTER", "2"}, {"GIT_SENDEMAIL_FILE_TOTAL", "3"}};
    BOOST_TEST(
        hookctl(daemon.socket_path(), {"git", "run", "--", "sendemail-validate", "0002.patch", "headers"}, {}, options)
            .exit_status == 0);
    const auto payload = payload_of(seen, "git.sendemail_validate");
    BOOST_TEST(int_at(payload, "/patch_number") == 2);
    BOOST_TEST(int_at(payload, "/patch_total") == 3);
    BOOST_TEST(text_at(payload, "/env/GIT_SENDEMAIL_FILE_TOTAL") == "3");
}

BOOST_AUTO_TEST_CASE(a_hook_with_git_runs_where_gits_own_would) {
    test_daemon daemon;
    git_repository repository(daemon.socket_path(), "d\xe9pot");
    repository.install({"--events", "pre-commit"});
    const std::string look =
        "git diff --cached --name-only >&2; printf '%s ' \"$GIT_LITERAL_PATHSPECS\" \"$GIT_OPTIONAL_LOCKS\" >&2; grep "
        "-q '\"hook\":\"pre-commit\"' && exit 1";
    const auto on = start_hook(
        daemon, {"--git", "--env", "GIT_OPTIONAL_LOCKS=not this one", "git.pre_commit", "--", "sh", "-c", look});
    repository.environment["GIT_LITERAL_PATHSPECS"] = "1";
    const auto refused = repository.commit("one");
    BOOST_TEST(refused.exit_status != 0);
    BOOST_TEST(refused.err == "one\n1\n", refused.err);
}

BOOST_AUTO_TEST_CASE(a_registered_hook_with_git_runs_there_too) {
    test_daemon daemon;
    const git_repository repository(daemon.socket_path());
    repository.install({"--events", "pre-commit"});
    BOOST_TEST(hookctl(daemon.socket_path(), {"register", "look", "--git", "--on", "git.pre_commit", "--", "sh", "-c",
                                                 "git diff --cached --name-only >&2; exit 1"})
                   .exit_status == 0);
    BOOST_TEST(repository.commit("one").err == "one\n");
}

BOOST_AUTO_TEST_CASE(a_hook_with_git_fails_for_events_of_no_git) {
    test_daemon daemon;
    const auto on = start_hook(daemon, {"--git", "*", "--", "true"});
    const auto done = hookctl(daemon.socket_path(), {"emit", "--wait", "--fail-closed", "build", R"({"x":1})"});
    BOOST_TEST(done.exit_status == 1);
    BOOST_TEST(mentions(done.err, "--git is for events of git's hooks"), done.err);
}

BOOST_AUTO_TEST_SUITE_END()
