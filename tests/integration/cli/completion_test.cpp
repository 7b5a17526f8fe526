// SPDX-License-Identifier: BSL-1.0
// The completion of bash, as readline asks for it: an interactive bash on a terminal, into which a test types.
#include "hookctl_program.hpp"

#include "support/source_tree.hpp"
#include "support/temp_directory.hpp"

#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <string>
#include <vector>

using namespace hookd::test;

namespace {

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
    BOOST_TEST(offers("emit ''") == "pre_deploy\n");
    BOOST_TEST(offers("listen x pre") == "pre_deploy\n");
    BOOST_TEST(offers("register x --on pre") == "pre_deploy\n");
    BOOST_TEST(offers("trust ''") == "guard .hookd.toml\n");
    BOOST_TEST(offers("emit pre_deploy ''") == "\n");
}

BOOST_AUTO_TEST_SUITE_END()
