// SPDX-License-Identifier: BSL-1.0
#include "hookctl_program.hpp"
#include "support/source_tree.hpp"

#include <boost/test/unit_test.hpp>

#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <system_error>
#include <utility>

namespace hookd::test {

finished_process hookctl(const std::string& socket, std::vector<std::string> arguments, const std::string& input,
    const spawn_options& options) {
    arguments.insert(arguments.begin(), {hookctl_binary(), "--socket", socket});
    return run_program(std::move(arguments), input, options);
}

std::unique_ptr<child_process> start_hookctl(
    const std::string& socket, std::vector<std::string> arguments, const spawn_options& options) {
    arguments.insert(arguments.begin(), {hookctl_binary(), "--socket", socket});
    return std::make_unique<child_process>(std::move(arguments), options);
}

base::unique_fd silent_listener(const std::string& path) {
    base::unique_fd listener{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    if (::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        ::listen(listener.get(), 8) != 0) {
        throw std::system_error(errno, std::generic_category(), path);
    }
    return listener;
}

std::unique_ptr<child_process> start_hook(test_daemon& daemon, std::vector<std::string> arguments, int sessions) {
    arguments.insert(arguments.begin(), "on");
    auto hook = start_hookctl(daemon.socket_path(), std::move(arguments));
    daemon.wait_for_stat("/subscribers", sessions);
    return hook;
}

std::vector<std::string> shell_hook(const std::string& pattern, const std::string& script) {
    return {pattern, "--", "sh", "-c", script};
}

finished_process on_terminal(const std::string& command_line, const std::string& input) {
    spawn_options options;
    options.environment = {{"TERM", "xterm"}, {"NO_COLOR", std::nullopt}};
    const auto sized = "stty rows 24 cols 80 -echo; " + command_line;
    return run_program({"script", "-qefc", sized, "/dev/null"}, input, options);
}

std::string shell_word(const std::string& text) {
    std::string word = "'";
    for (const char c : text) {
        word += c == '\'' ? std::string("'\\''") : std::string(1, c);
    }
    return word += "'";
}

std::string agent_input_of(const std::string& name) {
    return read_file(source_tree() + "/tests/unit/hookctl/agents/" + name + ".json");
}

std::string wait_for_line(const std::string& path) {
    std::string line;
    eventually("a line in " + path, [&] {
        std::ifstream file(path);
        return static_cast<bool>(std::getline(file, line)) && !file.eof();  // at eof the line end is still missing
    });
    return line;
}

void check_one_error(const finished_process& done, const std::vector<std::string>& parts) {
    BOOST_TEST(lines_of(done.err).size() == 1U, "not one line: " << done.err);
    BOOST_TEST(done.err.starts_with("hookctl: "));
    for (const auto& part : parts) {
        BOOST_TEST(done.err.find(part) != std::string::npos, "'" << done.err << "' does not mention '" << part << "'");
    }
}

}  // namespace hookd::test
