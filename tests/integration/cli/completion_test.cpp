// SPDX-License-Identifier: BSL-1.0
// The completions: an interactive bash or zsh on a terminal, into which a test types; and fish, which says what it
// would offer.
#include "hookctl_program.hpp"

#include "support/source_tree.hpp"
#include "support/temp_directory.hpp"

#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

using namespace hookd::test;

namespace {

/// A daemon whose catalog has `pre_deploy`, a hook `guard` of it, and the directory of hookctl for $PATH.
class completion_fixture {
public:
    completion_fixture() {
        std::filesystem::create_directory(directory_ / "catalog");
        write_file(directory_ / "catalog/a.json", R"({"name": "pre_deploy"})");
        daemon.emplace(std::vector<std::string>{"--catalog", directory_ / "catalog"});
        hook_ = start_hook(*daemon, {"--name", "guard", "pre_deploy", "--", "true"});
        // In the daemon's statistics, too.
        BOOST_TEST_REQUIRE(hookctl(daemon->socket_path(), {"emit", "--wait", "pre_deploy"}).exit_status == 0);
    }

    /// Environment assignments for a shell's command line.
    [[nodiscard]] std::string variables() const {
        const auto binary = hookctl_binary();
        return "PATH=" + shell_word(binary.substr(0, binary.rfind('/'))) +
               ":$PATH HOOKD_SOCKET=" + shell_word(daemon->socket_path()) + " ";
    }

    std::optional<test_daemon> daemon{};

private:
    temp_directory directory_;
    std::unique_ptr<child_process> hook_{};
};

/// A directory to complete in.
class completing_bash {
public:
    completing_bash() {
        std::filesystem::create_directories(directory_ / "some/sub");
        write_file(directory_ / "with space", "");
        write_file(directory_ / "rc", ". " + shell_word(source_tree() + "/client/completions/hookctl.bash") +
                                          "\nPS1=\ncd " + shell_word(directory_.path()) +
                                          "\nhookctl() { printf '<%s>' \"$@\" >>typed; echo >>typed; }\n");
    }

    /// Types each as a line, in which \t asks for completion, and returns the words that hookctl was called with.
    std::vector<std::string> type(const std::vector<std::string>& lines) const {
        std::string input;
        for (const auto& line : lines) {
            input += line + "\n";
        }
        const auto done =
            on_terminal("exec bash --noprofile --rcfile " + shell_word(directory_ / "rc") + " -i", input + "exit 0\n");
        BOOST_TEST(done.exit_status == 0, done.out);
        return lines_of(read_file(directory_ / "typed"));
    }

private:
    temp_directory directory_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(cli_completion)

BOOST_AUTO_TEST_CASE(bash_completes_words_that_it_splits) {
    const std::vector<std::string> expected{
        "<emit><x><@some/>",
        "<emit><x><@some/sub/>",
        "<emit><x><@with space>",
        "<emit><--policy=veto>",
        "<emit><--policy><veto>",
        "<--socket=/tmp/x><emit>",
        "<--socket><some/>",
        "<--socket=some/sub/>",
        "<--socket><with space>",
        "<git><install><--events=pre-commit,pre-push>",
        "<--socket=a:b@c><git><run><pre-push>",
    };
    BOOST_TEST(completing_bash().type({
                   "hookctl emit x @so\t",
                   "hookctl emit x @some/s\t",
                   "hookctl emit x @wi\t",
                   "hookctl emit --policy=ve\t",
                   "hookctl emit --policy ve\t",
                   "hookctl --socket=/tmp/x em\t",
                   "hookctl --socket so\t",
                   "hookctl --socket=some/s\t",
                   "hookctl --socket wi\t",
                   "hookctl git install --events=pre-commit,pre-pu\t",
                   "hookctl --socket=a:b@c git run pre-pu\t",
               }) == expected,
        boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(bash_offers_each_program_once) {
    // `test` is a builtin command and a program.
    const auto script = ". " + source_tree() +
                        "/client/completions/hookctl.bash; COMP_WORDS=(hookctl on x -- test); COMP_CWORD=4; _hookctl;"
                        " printf '%s\\n' \"${COMPREPLY[@]}\" | grep -cx test";
    BOOST_TEST(run_program({"bash", "-c", script}).out == "1\n");
}

BOOST_AUTO_TEST_CASE(bash_knows_the_events_and_the_hooks_of_the_daemon) {
    const temp_directory directory;
    const auto catalog = directory / "catalog";
    std::filesystem::create_directory(catalog);
    write_file(catalog + "/a.json",
        R"({"name": "pre_deploy", "payload_schema": {"properties": {"event": {"const": "no_event"}}}})");
    test_daemon daemon({"--catalog", catalog});
    auto hook = start_hook(daemon, {"--name", "guard", "pre_deploy", "--", "true"});
    const auto offers = [&daemon](const std::string& typed) {
        const auto binary = hookctl_binary();
        const auto script = "PATH=" + binary.substr(0, binary.rfind('/')) + ":$PATH; . " + source_tree() +
                            "/client/completions/hookctl.bash; COMP_WORDS=(hookctl --socket " + daemon.socket_path() +
                            " " + typed +
                            "); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _hookctl; echo \"${COMPREPLY[*]}\"";
        return run_program({"bash", "-c", script}).out;
    };
    BOOST_TEST_REQUIRE(hookctl(daemon.socket_path(), {"emit", "--wait", "pre_deploy"}).exit_status == 0);
    BOOST_TEST(offers("emit ''") == "pre_deploy\n");
    BOOST_TEST(offers("emit --wait --timeout 3s --policy all ''") == "pre_deploy\n");
    BOOST_TEST(offers("trust --timeout 3s gu") == "guard\n");
    BOOST_TEST(offers("listen x pre") == "pre_deploy\n");
    BOOST_TEST(offers("register x --on pre") == "pre_deploy\n");
    BOOST_TEST(offers("trust ''") == "guard .hookd.toml\n");
    BOOST_TEST(offers("emit pre_deploy ''") == "\n");
}

BOOST_AUTO_TEST_CASE(zsh_completes_events_hooks_files_and_commands) {
    const completion_fixture fixture;
    const temp_directory directory;
    std::filesystem::create_directories(directory / "some/sub");
    write_file(directory / "with space", "");
    write_file(directory / ".zshrc", "fpath=(" + shell_word(source_tree() + "/client/completions") +
                                         " $fpath)\nautoload -Uz compinit; compinit -D -u\n" + "PS1=\ncd " +
                                         shell_word(directory.path()) +
                                         "\nhookctl() { printf '<%s>' \"$@\" >>typed; echo >>typed }\n");
    const std::vector<std::string> lines{
        "hookctl emit \t",
        "hookctl emit --timeout 3s pre_d\t",
        "hookctl listen x pre_d\t",
        "hookctl register x --on pre_d\t",
        "hookctl trust gu\t",
        "hookctl log --hook gu\t",
        "hookctl emit x @so\t",
        "hookctl emit x @wi\t",
        "hookctl emit --policy ve\t",
        "hookctl git run pre-pu\t",
        "hookctl jj pu\t",
        "hookctl on --name x pre_deploy -- mkfif\t",
    };
    const std::vector<std::string> expected{
        "<emit><pre_deploy>",
        "<emit><--timeout><3s><pre_deploy>",
        "<listen><x><pre_deploy>",
        "<register><x><--on><pre_deploy>",
        "<trust><guard>",
        "<log><--hook><guard>",
        "<emit><x><@some>",
        "<emit><x><@with space>",
        "<emit><--policy><veto>",
        "<git><run><pre-push>",
        "<jj><push>",
        "<on><--name><x><pre_deploy><--><mkfifo>",
    };
    std::string input;
    for (const auto& line : lines) {
        input += line + "\n";
    }
    const auto done = on_terminal(
        fixture.variables() + "ZDOTDIR=" + shell_word(directory.path()) + " exec zsh -i", input + "exit 0\n");
    BOOST_TEST(done.exit_status == 0, done.out);
    BOOST_TEST(!mentions(done.out, "bad option"), done.out);
    BOOST_TEST(lines_of(read_file(directory / "typed")) == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(fish_offers_events_hooks_files_and_commands) {
    const completion_fixture fixture;
    const auto offers = [&fixture](const std::string& typed) {
        const auto script = "source " + shell_word(source_tree() + "/client/completions/hookctl.fish") +
                            "; complete -C " + shell_word("hookctl " + typed);
        std::vector<std::string> names;
        const auto done =
            run_program({"bash", "-c", fixture.variables() + "exec fish --no-config -c " + shell_word(script)});
        for (const auto& line : lines_of(done.out)) {
            names.push_back(line.substr(0, line.find('\t')));  // behind it is a description
        }
        return names;
    };
    const std::vector<std::pair<std::string, std::string>> cases{{"emit ''", "pre_deploy"},
        {"emit --timeout 3s pre", "pre_deploy"}, {"listen x pre", "pre_deploy"}, {"register x --on pre", "pre_deploy"},
        {"trust ''", "guard"}, {"log --hook g", "guard"}, {"emit x @/etc/hostna", "@/etc/hostname"},
        {"emit --policy ve", "veto"}, {"git run pre-pu", "pre-push"}, {"jj p", "push"},
        {"on --name x pre_deploy -- mkfif", "mkfifo"}};
    for (const auto& [typed, expected] : cases) {
        const auto found = offers(typed);
        BOOST_TEST((found.size() == 1 && found.front() == expected), typed << " offers " << found.size());
    }
}

BOOST_AUTO_TEST_SUITE_END()
