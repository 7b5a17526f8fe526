// SPDX-License-Identifier: BSL-1.0
// hookctl git: the events of a real git.
#include "git_repository.hpp"

#include "support/json_access.hpp"
#include "support/source_tree.hpp"

#include <boost/json/serialize.hpp>
#include <boost/test/unit_test.hpp>

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

using namespace hookd::test;

namespace fs = std::filesystem;

BOOST_AUTO_TEST_SUITE(cli_git)

BOOST_AUTO_TEST_CASE(a_vetoed_commit_is_not_made_and_the_reason_is_told) {
    test_daemon daemon;
    const git_repository repository(daemon.socket_path());
    repository.install();
    const auto hook = veto(daemon, "git.pre_commit");
    const auto done = repository.commit("one");
    BOOST_TEST(done.exit_status != 0);
    BOOST_TEST(done.err == "not now\n");
    BOOST_TEST(done.out.empty());
    BOOST_TEST(repository.commits() == 0);
    BOOST_TEST(repository.commit("one", {"--no-verify"}).exit_status == 0);
}

BOOST_AUTO_TEST_CASE(an_accepted_commit_fires_its_events_with_what_git_knows) {
    test_daemon daemon;
    const git_repository repository(daemon.socket_path());
    repository.install();
    auto seen = observer_of(daemon);
    const auto done = repository.commit("one \xc3\xb6 \"two\"");
    BOOST_TEST(done.exit_status == 0);
    BOOST_TEST(done.err.empty());

    const auto before = payload_of(seen, "git.pre_commit");
    BOOST_TEST(text_at(before, "/hook") == "pre-commit");
    BOOST_TEST(size_at(before, "/args") == 0U);
    BOOST_TEST(text_at(before, "/cwd") == repository.path());
    BOOST_TEST(text_at(before, "/work_tree") == repository.path());
    BOOST_TEST(text_at(before, "/git_dir") == repository / ".git");
    BOOST_TEST(text_at(before, "/branch") == "main");
    BOOST_TEST(text_at(before, "/env/GIT_INDEX_FILE") == ".git/index");
    BOOST_TEST(text_at(before, "/env/GIT_AUTHOR_NAME") == "Tester");
    BOOST_TEST(!has_at(before, "/env/GIT_CONFIG_GLOBAL"));

    const auto prepare = payload_of(seen, "git.prepare_commit_msg");
    BOOST_TEST(text_at(prepare, "/source") == "message");
    BOOST_TEST(!has_at(prepare, "/commit"));
    const auto message = payload_of(seen, "git.commit_msg");
    BOOST_TEST(text_at(message, "/args/0") == ".git/COMMIT_EDITMSG");
    BOOST_TEST(text_at(message, "/message_file") == repository / ".git/COMMIT_EDITMSG");
    BOOST_TEST(text_at(message, "/message") == "one \xc3\xb6 \"two\"\n");
    BOOST_TEST(text_at(payload_of(seen, "git.post_commit"), "/hook") == "post-commit");

    BOOST_TEST(repository.git({"commit", "-q", "--amend", "--no-edit"}).exit_status == 0);
    payload_of(seen, "git.pre_commit");
    const auto amended = payload_of(seen, "git.prepare_commit_msg");
    BOOST_TEST(text_at(amended, "/source") == "commit");
    BOOST_TEST(text_at(amended, "/commit") == "HEAD");
    payload_of(seen, "git.commit_msg");
    payload_of(seen, "git.post_commit");
    const auto rewritten = payload_of(seen, "git.post_rewrite");
    BOOST_TEST(text_at(rewritten, "/command") == "amend");
    BOOST_TEST(text_at(rewritten, "/updates/0/new_oid") == repository.must({"rev-parse", "HEAD"}));
}

BOOST_AUTO_TEST_CASE(a_message_can_be_vetoed) {
    test_daemon daemon;
    const git_repository repository(daemon.socket_path());
    repository.install({"--events", "commit-msg"});
    const auto hook = start_hook(
        daemon, shell_hook("git.commit_msg", "grep -q '\"message\":\"WIP' && { echo 'no WIP' >&2; exit 1; }; exit 0"));
    const auto refused = repository.commit("WIP");
    BOOST_TEST(refused.exit_status == 1);
    BOOST_TEST(refused.err == "no WIP\n");
    BOOST_TEST(repository.commit("done").exit_status == 0);
}

BOOST_AUTO_TEST_CASE(a_push_can_be_vetoed_where_it_starts) {
    test_daemon daemon;
    const git_repository server(daemon.socket_path(), "server.git", {"--bare"});
    const git_repository repository(daemon.socket_path());
    repository.install({"--events", "pre-push"});
    BOOST_TEST(repository.commit("one").exit_status == 0);
    repository.must({"remote", "add", "origin", server.path()});
    auto seen = observer_of(daemon);
    {
        const auto hook = veto(daemon, "git.pre_push", 2);
        const auto refused = repository.git({"push", "-q", "origin", "main:topic"});
        BOOST_TEST(refused.exit_status != 0);
        BOOST_TEST(mentions(refused.err, "not now\n"));
        BOOST_TEST(server.commits("topic") == 0);
    }
    daemon.wait_for_stat("/subscribers", 1);
    const auto push = payload_of(seen, "git.pre_push");
    BOOST_TEST(text_at(push, "/remote") == "origin");
    BOOST_TEST(text_at(push, "/url") == server.path());
    BOOST_TEST(text_at(push, "/updates/0/local_ref") == "refs/heads/main");
    BOOST_TEST(text_at(push, "/updates/0/local_oid") == repository.must({"rev-parse", "main"}));
    BOOST_TEST(text_at(push, "/updates/0/remote_ref") == "refs/heads/topic");
    BOOST_TEST(text_at(push, "/updates/0/remote_oid") == std::string(40, '0'));

    BOOST_TEST(repository.git({"push", "-q", "origin", "main:topic"}).exit_status == 0);
    payload_of(seen, "git.pre_push");
    BOOST_TEST(server.commits("topic") == 1);
    // A name that has spaces, and a deletion.
    BOOST_TEST(
        repository.git({"push", "-q", "origin", "HEAD^{/o n e|one}:refs/heads/found", ":topic"}).exit_status == 0);
    const auto odd = payload_of(seen, "git.pre_push");
    BOOST_TEST(size_at(odd, "/updates") == 2U);
    BOOST_TEST(mentions(boost::json::serialize(odd), R"("local_ref":"HEAD^{/o n e|one}")"));
    BOOST_TEST(mentions(boost::json::serialize(odd), "\"local_ref\":\"(delete)\""));
}

BOOST_AUTO_TEST_CASE(a_push_can_be_vetoed_where_it_arrives) {
    test_daemon daemon;
    const git_repository server(daemon.socket_path(), "server.git", {"--bare"});
    server.install();
    server.must({"config", "receive.advertisePushOptions", "true"});
    const git_repository repository(daemon.socket_path());
    BOOST_TEST(repository.commit("one").exit_status == 0);
    repository.must({"remote", "add", "origin", server.path()});
    for (const std::string event : {"git.pre_receive", "git.update"}) {
        const auto hook = veto(daemon, event);
        const auto refused = repository.git({"push", "origin", "main"});
        BOOST_TEST(refused.exit_status != 0);
        BOOST_TEST(mentions(refused.err, "remote: not now"));
        BOOST_TEST(server.commits("main") == 0);
    }
    daemon.wait_for_stat("/subscribers", 0);
    auto seen = observer_of(daemon);
    BOOST_TEST(
        repository.git({"push", "-q", "-o", "ci.skip", "-o", "for a reason", "origin", "main"}).exit_status == 0);
    BOOST_TEST(server.commits("main") == 1);
    const auto tip = repository.must({"rev-parse", "main"});

    const auto received = payload_of(seen, "git.pre_receive");
    BOOST_TEST(text_at(received, "/cwd") == server.path());
    BOOST_TEST(text_at(received, "/git_dir") == server.path());
    BOOST_TEST(!has_at(received, "/work_tree"));
    BOOST_TEST(text_at(received, "/updates/0/old_oid") == std::string(40, '0'));
    BOOST_TEST(text_at(received, "/updates/0/new_oid") == tip);
    BOOST_TEST(text_at(received, "/updates/0/ref") == "refs/heads/main");
    BOOST_TEST(text_at(received, "/push_options/1") == "for a reason");
    BOOST_TEST(has_at(received, "/env/GIT_QUARANTINE_PATH"));
    const auto update = payload_of(seen, "git.update");
    BOOST_TEST(text_at(update, "/ref") == "refs/heads/main");
    BOOST_TEST(text_at(update, "/new_oid") == tip);
    BOOST_TEST(text_at(payload_of(seen, "git.post_receive"), "/updates/0/new_oid") == tip);
    BOOST_TEST(text_at(payload_of(seen, "git.post_update"), "/refs/0") == "refs/heads/main");
}

BOOST_AUTO_TEST_CASE(a_merge_can_be_vetoed) {
    test_daemon daemon;
    const git_repository repository(daemon.socket_path());
    BOOST_TEST(repository.commit("one").exit_status == 0);
    repository.must({"checkout", "-q", "-b", "topic"});
    BOOST_TEST(repository.commit("two").exit_status == 0);
    repository.must({"checkout", "-q", "main"});
    repository.install();
    {
        const auto hook = veto(daemon, "git.pre_merge_commit");
        const auto refused = repository.git({"merge", "-q", "--no-ff", "--no-edit", "topic"});
        BOOST_TEST(refused.exit_status != 0);
        BOOST_TEST(mentions(refused.err, "not now\n"));
        BOOST_TEST(repository.commits() == 1);
    }
    repository.must({"merge", "--abort"});
    daemon.wait_for_stat("/subscribers", 0);
    auto seen = observer_of(daemon);
    BOOST_TEST(repository.git({"merge", "-q", "--no-ff", "--no-edit", "topic"}).exit_status == 0);
    payload_of(seen, "git.pre_merge_commit");
    BOOST_TEST(text_at(payload_of(seen, "git.prepare_commit_msg"), "/source") == "merge");
    payload_of(seen, "git.commit_msg");
    BOOST_TEST(!bool_at(payload_of(seen, "git.post_merge"), "/squash"));
    BOOST_TEST(repository.commits() == 3);
}

BOOST_AUTO_TEST_CASE(a_rebase_can_be_vetoed) {
    test_daemon daemon;
    const git_repository repository(daemon.socket_path());
    BOOST_TEST(repository.commit("one").exit_status == 0);
    repository.must({"checkout", "-q", "-b", "topic"});
    BOOST_TEST(repository.commit("two").exit_status == 0);
    const auto old_tip = repository.must({"rev-parse", "topic"});
    repository.must({"checkout", "-q", "main"});
    BOOST_TEST(repository.commit("three").exit_status == 0);
    repository.install({"--events", "pre-rebase,git.post_rewrite,post_checkout"});
    auto seen = observer_of(daemon);
    {
        const auto hook = veto(daemon, "git.pre_rebase", 2);
        const auto refused = repository.git({"rebase", "-q", "main", "topic"});
        BOOST_TEST(refused.exit_status != 0);
        BOOST_TEST(mentions(refused.err, "not now\n"));
        BOOST_TEST(repository.must({"rev-parse", "topic"}) == old_tip);
    }
    daemon.wait_for_stat("/subscribers", 1);
    const auto asked = payload_of(seen, "git.pre_rebase");
    BOOST_TEST(text_at(asked, "/upstream") == "main");
    BOOST_TEST(text_at(asked, "/rebased_branch") == "topic");

    BOOST_TEST(repository.git({"rebase", "-q", "main", "topic"}).exit_status == 0);
    payload_of(seen, "git.pre_rebase");
    const auto checkout = payload_of(seen, "git.post_checkout");
    BOOST_TEST(text_at(checkout, "/new_head") == repository.must({"rev-parse", "main"}));
    BOOST_TEST(bool_at(checkout, "/branch_checkout"));
    const auto rewritten = payload_of(seen, "git.post_rewrite");
    BOOST_TEST(text_at(rewritten, "/command") == "rebase");
    BOOST_TEST(text_at(rewritten, "/updates/0/old_oid") == old_tip);
    BOOST_TEST(text_at(rewritten, "/updates/0/new_oid") == repository.must({"rev-parse", "topic"}));
}

BOOST_AUTO_TEST_CASE(a_patch_can_be_vetoed) {
    test_daemon daemon;
    const git_repository repository(daemon.socket_path());
    BOOST_TEST(repository.commit("one").exit_status == 0);
    BOOST_TEST(repository.commit("two").exit_status == 0);
    const auto patch = repository.must({"format-patch", "-q", "-o", repository.beside("patches"), "-1"});
    repository.must({"reset", "-q", "--hard", "HEAD^"});
    repository.install();
    const auto file = repository.beside("patches/0001-two.patch");
    for (const std::string event : {"git.applypatch_msg", "git.pre_applypatch"}) {
        const auto hook = veto(daemon, event);
        const auto refused = repository.git({"am", "-q", file});
        BOOST_TEST(refused.exit_status != 0);
        BOOST_TEST(mentions(refused.err, "not now\n"));
        repository.must({"am", "--abort"});
    }
    daemon.wait_for_stat("/subscribers", 0);
    auto seen = observer_of(daemon);
    BOOST_TEST(repository.git({"am", "-q", file}).exit_status == 0);
    BOOST_TEST(mentions(text_at(payload_of(seen, "git.applypatch_msg"), "/message"), "two"));
    payload_of(seen, "git.pre_applypatch");
    payload_of(seen, "git.post_applypatch");
}

BOOST_AUTO_TEST_CASE(a_transaction_is_asked_about_while_it_is_prepared_and_told_otherwise) {
    test_daemon daemon;
    const git_repository repository(daemon.socket_path());
    BOOST_TEST(repository.commit("one").exit_status == 0);
    repository.install({"--events", "reference-transaction"});
    auto seen = observer_of(daemon);
    BOOST_TEST(repository.git({"branch", "topic"}).exit_status == 0);
    for (const std::string state : {"prepared", "committed"}) {
        const auto event = seen.next_event();
        BOOST_TEST(event.string("/params/payload/state") == state);
        BOOST_TEST(event.string("/params/payload/updates/0/ref") == "refs/heads/topic");
        BOOST_TEST(event.at("/params/expects_response").as_bool() == (state == "prepared"));
    }
    const auto hook = veto(daemon, "git.reference_transaction", 2);
    BOOST_TEST(repository.git({"branch", "other"}).exit_status != 0);
    BOOST_TEST(repository.commits("other") == 0);
}

BOOST_AUTO_TEST_CASE(without_a_daemon_git_goes_on_and_says_so_once) {
    const temp_directory nowhere;
    const git_repository repository(nowhere / "nobody.sock");
    repository.install();
    const auto done = repository.commit("one");
    BOOST_TEST(done.exit_status == 0);
    check_one_error(done, {"no hook was asked about git.pre_commit", nowhere / "nobody.sock", "start one with"});
    BOOST_TEST(repository.git({"fsck", "--strict"}).exit_status == 0);
    BOOST_TEST(repository.git({"checkout", "-q", "-b", "topic"}).exit_status == 0);
}

BOOST_AUTO_TEST_CASE(a_daemon_that_hangs_holds_git_up_no_longer_than_the_time_out_and_a_little) {
    const temp_directory directory;
    const auto listener = silent_listener(directory / "silent.sock");
    const git_repository repository(directory / "silent.sock");
    for (const std::string hook : {"pre-commit", "post-commit"}) {
        const auto start = std::chrono::steady_clock::now();
        const auto done = repository.hookctl_git({"run", "--timeout", "100ms", "--", hook});
        BOOST_TEST(done.exit_status == 0);
        check_one_error(done, {"answer"});
        BOOST_TEST((std::chrono::steady_clock::now() - start < std::chrono::seconds(8)));
    }
}

BOOST_AUTO_TEST_CASE(without_a_daemon_git_stops_where_it_was_told_to) {
    const temp_directory nowhere;
    const git_repository repository(nowhere / "nobody.sock");
    repository.install({"--no-daemon", "fail"});
    const auto done = repository.commit("one");
    BOOST_TEST(done.exit_status != 0);
    check_one_error(done, {nowhere / "nobody.sock", "start one"});
    BOOST_TEST(repository.commits() == 0);
    // What has happened already can't be stopped.
    BOOST_TEST(repository.commit("one", {"--no-verify"}).exit_status != 0);  // prepare-commit-msg is asked nevertheless
    BOOST_TEST(repository.hookctl_git({"uninstall"}).exit_status == 0);
    repository.install({"--no-daemon", "fail", "--events", "post-commit,post-checkout"});
    BOOST_TEST(repository.commit("one").exit_status == 0);
    BOOST_TEST(repository.git({"checkout", "-q", "-b", "topic"}).exit_status == 0);
    BOOST_TEST(repository.git({"fsck", "--strict"}).exit_status == 0);
}

BOOST_AUTO_TEST_CASE(a_script_whose_hookctl_is_gone_does_as_without_a_daemon) {
    test_daemon daemon;
    for (const std::string policy : {"proceed", "fail"}) {
        git_repository repository(daemon.socket_path());
        repository.environment["PATH"] =
            "/usr/bin:/bin";  // where no hookctl is, whatever the person who runs this has installed
        repository.write_script(".git/hooks/pre-commit", noting(repository));
        repository.install({"--no-daemon", policy, "--events", "pre-commit,post-commit"});
        for (const std::string hook : {"pre-commit", "post-commit"}) {
            auto script = read_file(repository / (".git/hooks/" + hook));
            const auto line = script.find("\nhookctl=");
            script.replace(line, script.find('\n', line + 1) - line, "\nhookctl='/nowhere/hookctl'");
            write_file(repository / (".git/hooks/" + hook), script);
        }
        const auto done = repository.commit("one");
        BOOST_TEST(done.exit_status == (policy == "proceed" ? 0 : 1));
        BOOST_TEST(
            mentions(done.err, "hookctl is not there, or may not be run: no hook was asked about git.pre_commit"));
        BOOST_TEST(!noted(repository).empty());
        // Another one in $PATH will do.
        fs::create_directory(repository.beside("bin"));
        fs::create_symlink(fs::absolute(hookctl_binary()), repository.beside("bin/hookctl"));
        repository.environment["PATH"] = repository.beside("bin") + ":/usr/bin:/bin";
        const auto hook = veto(daemon, "git.pre_commit");
        BOOST_TEST(repository.commit("two").err == "not now\n");
    }
}

BOOST_AUTO_TEST_CASE(fail_closed_stops_git_where_no_hook_has_decided) {
    test_daemon daemon;
    const git_repository repository(daemon.socket_path());
    repository.install({"--events", "pre-commit", "--fail-closed"});
    const auto done = repository.commit("one");
    BOOST_TEST(done.exit_status != 0);
    BOOST_TEST(!done.err.empty());
    const auto hook = start_hook(daemon, shell_hook("git.pre_commit", "exit 0"));
    BOOST_TEST(repository.commit("one").exit_status == 0);
}

BOOST_AUTO_TEST_CASE(a_hook_that_could_not_decide_is_named_where_git_goes_on) {
    test_daemon daemon;
    const git_repository repository(daemon.socket_path());
    repository.install({"--events", "pre-commit"});
    const auto broken = start_hook(daemon, {"--name", "broken", "git.pre_commit", "--", "/nowhere/hook"});
    const auto done = repository.commit("one");
    BOOST_TEST(done.exit_status == 0);
    check_one_error(done, {"git.pre_commit: no answer from broken (failed: ", "git continues"});
}

BOOST_AUTO_TEST_CASE(a_working_tree_elsewhere_is_told_as_any_other) {
    test_daemon daemon;
    const git_repository store(daemon.socket_path(), "store.git", {"--bare"});
    store.install({"--events", "pre-commit"});
    const auto tree = store.beside("tree");
    fs::create_directory(tree);
    auto seen = observer_of(daemon);
    store.must({"--git-dir", store.path(), "--work-tree", tree, "commit", "-q", "--allow-empty", "-m", "one"});
    const auto payload = payload_of(seen, "git.pre_commit");
    BOOST_TEST(text_at(payload, "/git_dir") == store.path());
    BOOST_TEST(text_at(payload, "/work_tree") == tree);
}

BOOST_AUTO_TEST_CASE(a_question_that_the_daemon_refuses_stops_git) {
    test_daemon daemon;
    git_repository repository(daemon.socket_path());
    repository.environment["HOOK_CAUSE"] = "git.pre_commit,git.post_commit";  // a recursion, which the daemon refuses
    for (const std::string option : {"--no-daemon=proceed", "--no-daemon=fail", "--fail-closed"}) {
        repository.install({"--events", "pre-commit", option});
        const auto done = repository.commit("one");
        BOOST_TEST(done.exit_status == 1);
        check_one_error(done, {"git stops", "git.pre_commit", "recursion", "(error -32602)"});
    }
    BOOST_TEST(repository.commits() == 0);
    // What has happened is told or not, and nothing stops.
    repository.install({"--events", "post-commit"});
    BOOST_TEST(repository.hookctl_git({"uninstall", "--events", "pre-commit"}).exit_status == 0);
    const auto told = repository.commit("one");
    BOOST_TEST(told.exit_status == 0);
    check_one_error(told, {"git.post_commit was not reported"});
}

BOOST_AUTO_TEST_CASE(what_a_hook_notes_beside_its_veto_is_shown) {
    test_daemon daemon;
    const git_repository repository(daemon.socket_path());
    repository.install({"--events", "pre-commit"});
    const auto hook = start_hook(daemon, {"git.pre_commit", "--", "echo", R"({"abort":"bad","note":"run make fmt"})"});
    const auto done = repository.commit("one");
    BOOST_TEST(done.exit_status != 0);
    BOOST_TEST(done.err == "run make fmt\nbad\n");
}

BOOST_AUTO_TEST_CASE(a_push_that_is_too_large_to_ask_about_gets_around_no_hook) {
    test_daemon daemon({"--max-frame", "4096"});
    const git_repository server(daemon.socket_path(), "server.git", {"--bare"});
    server.install({"--events", "pre-receive"});
    const git_repository repository(daemon.socket_path());
    BOOST_TEST(repository.commit("one").exit_status == 0);
    BOOST_TEST(repository.git({"push", "-q", server.path(), "main"}).exit_status == 0);
    const auto hook = veto(daemon, "git.pre_receive");
    std::vector<std::string> push{"push", "-q", server.path()};
    for (int i = 0; i < 40; ++i) {
        push.push_back("main:refs/heads/topic-" + std::to_string(i));
    }
    const auto done = repository.git(push);
    BOOST_TEST(done.exit_status != 0);
    BOOST_TEST(mentions(done.err, "git stops, since no hook could be asked about git.pre_receive"), done.err);
    BOOST_TEST(mentions(done.err, "max_frame"), done.err);
    BOOST_TEST(server.must({"branch", "--list", "topic-*"}) == "");
}

BOOST_AUTO_TEST_CASE(a_push_of_very_many_refs_is_vetoed_like_any_other) {
    test_daemon daemon({"--catalog", source_tree() + "/server/catalogs/git"});
    const auto hook = veto(daemon, "git.pre_receive");
    const int refs = hookd_is_sanitized() ? 3'000 : 30'000;  // what checks each access takes a hundred times as long
    std::string updates;
    for (int i = 0; i < refs; ++i) {
        updates += std::string(40, '0') + " " + std::string(40, 'a') + " refs/tags/v" + std::to_string(i) + "\n";
    }
    const auto done = hookctl(daemon.socket_path(), {"git", "run", "pre-receive"}, updates);
    BOOST_TEST(done.exit_status == 1);
    BOOST_TEST(done.err == "not now\n");
}

BOOST_AUTO_TEST_CASE(input_of_another_form_is_passed_on_as_far_as_it_goes) {
    test_daemon daemon;
    auto seen = observer_of(daemon);
    const auto old_oid = std::string(40, 'a');
    const auto new_oid = std::string(40, 'b');
    const auto done = hookctl(daemon.socket_path(), {"git", "run", "post-rewrite", "--", "rebase", "-x"},
        old_oid + " " + new_oid + " and more\n" + old_oid + " " + new_oid + "\nnonsense\n" + old_oid);
    BOOST_TEST(done.exit_status == 0);
    const auto payload = payload_of(seen, "git.post_rewrite");
    BOOST_TEST(text_at(payload, "/args/1") == "-x");
    BOOST_TEST(size_at(payload, "/updates") == 2U);
    BOOST_TEST(text_at(payload, "/updates/0/extra") == "and more");
    BOOST_TEST(text_at(payload, "/updates/1/new_oid") == new_oid);
    BOOST_TEST(text_at(payload, "/unread_lines/0") == "nonsense");
    BOOST_TEST(text_at(payload, "/unread_lines/1") == old_oid);
}

BOOST_AUTO_TEST_CASE(a_hook_of_one_repository_hears_of_its_work_trees_and_of_no_other) {
    test_daemon daemon;
    const git_repository guarded(daemon.socket_path());
    const git_repository other(daemon.socket_path());
    guarded.install({"--events", "pre-commit"});
    other.install({"--events", "pre-commit"});
    BOOST_TEST(guarded.commit("before").exit_status == 0);
    const auto tree = guarded.beside("tree");
    guarded.must({"worktree", "add", "-q", tree, "-b", "topic"});
    const auto hook =
        start_hook(daemon, {"--repo", tree, "git.pre_commit", "--", "sh", "-c", "echo 'not now' >&2; exit 1"});
    BOOST_TEST(guarded.commit("in the main tree").exit_status != 0);
    BOOST_TEST(guarded.git({"-C", tree, "commit", "-q", "--allow-empty", "-m", "in a linked one"}).exit_status != 0);
    BOOST_TEST(other.commit("elsewhere").exit_status == 0);
    const auto nowhere = hookctl(daemon.socket_path(), {"on", "--repo", "/", "git.pre_commit", "--", "true"});
    BOOST_TEST(nowhere.exit_status == 2);
    check_one_error(nowhere, {"not a git repository"});
}

BOOST_AUTO_TEST_CASE(wrong_usage_is_told_before_anything_is_changed) {
    test_daemon daemon;
    const git_repository repository(daemon.socket_path());
    const auto complains = [&](std::vector<std::string> arguments, const std::vector<std::string>& parts) {
        const auto done = repository.hookctl_git(std::move(arguments));
        BOOST_TEST(done.exit_status == 2);
        check_one_error(done, parts);
    };
    complains({"install", "--events", "pre-commit,pre-comit"}, {"pre-comit", "did you mean pre-commit?"});
    complains({"install", "--events", "proc-receive"}, {"proc-receive", "pre-receive"});
    complains({"install", "--repo", "/nowhere"}, {"/nowhere"});
    complains({"instal"}, {"install, uninstall, run, status"});
    complains({"uninstall", "--no-daemon", "fail"}, {"--no-daemon"});
    complains({"run"}, {"missing"});
    complains({"run", "--", "post-checkout", "1"}, {"post-checkout", "at least 3 arguments"});
    complains({"run", "--events", "all", "pre-commit"}, {"--events"});
    BOOST_TEST(!fs::exists(repository / ".git/hooks/pre-commit"));
    spawn_options outside;
    outside.directory = "/";
    const auto done = run_program({fs::absolute(hookctl_binary()).string(), "git", "install"}, {}, outside);
    BOOST_TEST(done.exit_status == 2);
    check_one_error(done, {"hookctl: not a git repository", "git init"});
}

BOOST_AUTO_TEST_SUITE_END()
