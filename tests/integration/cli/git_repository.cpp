// SPDX-License-Identifier: BSL-1.0
#include "git_repository.hpp"

#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <utility>

namespace hookd::test {

namespace fs = std::filesystem;

git_repository::git_repository(
    const std::string& socket, const std::string& name, const std::vector<std::string>& init_options)
    : path_(directory_ / name) {
    environment = {{"HOOKD_SOCKET", socket}, {"HOME", directory_.path()}, {"XDG_CONFIG_HOME", std::nullopt},
        {"GIT_CONFIG_SYSTEM", "/dev/null"}, {"GIT_CONFIG_GLOBAL", directory_ / "gitconfig"}, {"GIT_DIR", std::nullopt},
        {"GIT_INDEX_FILE", std::nullopt}, {"XDG_STATE_HOME", directory_ / "state"}, {"GIT_AUTHOR_NAME", "Tester"},
        {"GIT_AUTHOR_EMAIL", "tester@example.org"}, {"GIT_COMMITTER_NAME", "Tester"},
        {"GIT_COMMITTER_EMAIL", "tester@example.org"}};
    write_file(directory_ / "gitconfig", "[init]\n\tdefaultBranch = main\n[gc]\n\tauto = 0\n");
    fs::create_directory(path_);
    std::vector<std::string> init{"init", "-q"};
    init.insert(init.end(), init_options.begin(), init_options.end());
    must(std::move(init));
}

finished_process git_repository::run(std::vector<std::string> argv) const {
    spawn_options options;
    options.environment = environment;
    options.directory = path_;
    return run_program(std::move(argv), {}, options);
}

finished_process git_repository::git(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), "git");
    return run(std::move(arguments));
}

std::string git_repository::must(std::vector<std::string> arguments) const {
    auto done = git(arguments);
    BOOST_REQUIRE_MESSAGE(done.exit_status == 0, "git " << arguments.front() << " failed: " << done.err);
    done.out.resize(done.out.find_last_not_of('\n') + 1);
    return done.out;
}

finished_process git_repository::hookctl_git(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {fs::absolute(hookctl_binary()).string(), "git"});
    return run(std::move(arguments));
}

void git_repository::install(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), "install");
    const auto done = hookctl_git(std::move(arguments));
    BOOST_REQUIRE_MESSAGE(done.exit_status == 0, "install failed: " << done.err);
}

finished_process git_repository::commit(const std::string& message, const std::vector<std::string>& options) const {
    write_file(path_ + "/" + message.substr(0, message.find_first_of(" \n")), message);
    must({"add", "."});
    std::vector<std::string> arguments{"commit", "-q", "-m", message};
    arguments.insert(arguments.end(), options.begin(), options.end());
    return git(std::move(arguments));
}

int git_repository::commits(const std::string& revision) const {
    const auto done = git({"rev-list", "--count", revision, "--"});
    return done.exit_status == 0 ? std::stoi(done.out) : 0;
}

void git_repository::write_script(const std::string& file, const std::string& text, unsigned mode) const {
    const auto path = path_ + "/" + file;
    fs::create_directories(fs::path(path).parent_path());
    write_file(path, "#!/bin/sh\n" + text + "\n");
    fs::permissions(path, fs::perms(mode));
}

wire_client observer_of(const test_daemon& daemon) {
    auto peer = daemon.connect();
    subscribe(peer, "git.*", R"("responds":false)");
    return peer;
}

boost::json::value payload_of(wire_client& observer, const std::string& event) {
    const auto next = observer.next_event();
    BOOST_TEST_REQUIRE(next.string("/params/event") == event);
    return next.at("/params/payload");
}

std::unique_ptr<child_process> veto(test_daemon& daemon, const std::string& event, int sessions) {
    return start_hook(daemon, shell_hook(event, "echo 'not now' >&2; exit 1"), sessions);
}

std::string noting(const git_repository& repository) {
    return "{ printf '%s\\n' \"$0\" \"$@\"; cat; } >'" + repository.beside("noted") + "'";
}

std::string noted(const git_repository& repository) {
    return fs::exists(repository.beside("noted")) ? read_file(repository.beside("noted")) : "";
}

}  // namespace hookd::test
