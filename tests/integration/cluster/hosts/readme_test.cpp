// SPDX-License-Identifier: BSL-1.0
// server/cluster/README.md, "Two hosts in five commands": typed line by line, as a person does, who waits for each.
#include "engines.hpp"

#include "support/parallel.hpp"
#include "support/source_tree.hpp"

#include <boost/test/unit_test.hpp>

#include <csignal>
#include <cstdlib>
#include <regex>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

using namespace hookd::test;
namespace utf = boost::unit_test;

namespace {

/// The commands of each ```sh block of that section.
std::vector<std::string> shell_blocks(const std::string& heading) {
    const auto text = read_file(source_tree() + "/server/cluster/README.md");
    const auto begin = text.find("## " + heading + "\n");
    const auto section = text.substr(begin, text.find("\n## ", begin) - begin);
    std::vector<std::string> blocks;
    const std::regex block{"```sh\\n([^`]*)```"};
    for (std::sregex_iterator each{section.begin(), section.end(), block}; each != std::sregex_iterator{}; ++each) {
        blocks.push_back((*each)[1]);
    }
    return blocks;
}

std::string replaced(std::string text, const std::string& shown, const std::string& real) {
    const auto at = text.find(shown);
    if (at == std::string::npos) {
        throw std::runtime_error("README.md does not show " + shown);
    }
    return text.replace(at, shown.size(), real);
}

class reader {
public:
    explicit reader(const std::map<std::string, std::optional<std::string>>& environment)
        : shell_({"bash", "--norc"}, options_of(environment)) {}
    ~reader() { ::kill(-shell_.pid(), SIGKILL); }
    reader(const reader&) = delete;
    reader& operator=(const reader&) = delete;

    /// Types all of it, and returns once the last command has ended.
    void type(const std::string& commands) {
        std::istringstream lines{commands};
        for (std::string line; std::getline(lines, line);) {
            const bool stays = line.ends_with('&');
            shell_.write_input(
                line + (stays ? "\n" : "; echo \"status of line " + std::to_string(++typed_) + ": $?\"\n"));
            if (stays) {
                await(line);
            } else {
                shell_.wait_for_out("status of line " + std::to_string(typed_) + ": ");
            }
        }
    }
    void await_error(const std::string& text) { shell_.wait_for_err(text); }
    /// Waits until the last command has ended with that status.
    void await_status(int status) {
        shell_.wait_for_out("status of line " + std::to_string(typed_) + ": " + std::to_string(status) + "\n");
    }

private:
    spawn_options options_of(const std::map<std::string, std::optional<std::string>>& environment) const {
        spawn_options options;
        options.environment = environment;
        options.environment["PATH"] = link_program("") + ":" + std::getenv("PATH");
        options.directory = directory_.path();
        options.new_session = true;
        return options;
    }
    finished_process hookctl(const std::string& host, std::vector<std::string> arguments) const {
        arguments.insert(arguments.begin(), {hookctl_binary(), "--socket", directory_ / host + ".sock", "--json"});
        return run_program(std::move(arguments));
    }
    /// Until what was begun does its work.
    void await(const std::string& line) {
        std::smatch found;
        if (std::regex_search(line, found, std::regex{"^hookd --socket \\./([ab])\\.sock"})) {
            return eventually(
                line, [&] { return hookctl(found[1], {"hosts"}).out.find(R"("state":"up")") != std::string::npos; });
        }
        eventually(line, [&] {
            return hookctl("a", {"who", "--scope", "cluster", "pre_deploy"}).out.find(R"("host":"b")") !=
                   std::string::npos;
        });
    }

    temp_directory directory_{};
    child_process shell_;
    int typed_ = 0;
};

void check_veto(reader& person, const std::string& setup, const std::string& veto) {
    person.type(setup);
    person.type(veto);
    person.await_error("b says no");
    BOOST_CHECK_NO_THROW(person.await_status(1));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(readme, *utf::precondition(with_both_engines))

BOOST_AUTO_TEST_CASE(its_commands_join_two_hosts_through_postgresql) {
    const auto blocks = shell_blocks("Two hosts in five commands");
    BOOST_REQUIRE(blocks.size() == 3U);
    auto& engine = shared_engine();
    reader person{{{"PGHOST", engine.directory()}, {"PGPORT", std::to_string(engine.port())}, {"PGUSER", "postgres"}}};
    check_veto(person, blocks[0], blocks[2]);
}

BOOST_AUTO_TEST_CASE(its_commands_join_two_hosts_through_nats) {
    const auto blocks = shell_blocks("Two hosts in five commands");
    BOOST_REQUIRE(blocks.size() == 3U);
    nats_server server;
    reader person{{}};
    check_veto(person, replaced(blocks[1], "127.0.0.1:4222", "127.0.0.1:" + server.port()), blocks[2]);
}

BOOST_AUTO_TEST_SUITE_END()
