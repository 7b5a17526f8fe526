// SPDX-License-Identifier: BSL-1.0
#include "daemon_program.hpp"

#include "hookctl/terminal/run_to_end.hpp"

#include <hookd/protocol/state_directory.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <string_view>
#include <utility>

#include <unistd.h>

namespace hookd::hookctl {

namespace {

namespace fs = std::filesystem;

constexpr std::chrono::seconds longest_run{5};

bool is_passed_on(std::string_view assignment) {
    constexpr std::array own{"HOOK_", "GIT_", "STATE_DIRECTORY=", "LISTEN_", "NOTIFY_SOCKET="};
    return std::none_of(
        own.begin(), own.end(), [assignment](const char* each) { return assignment.starts_with(each); });
}

}  // namespace

std::string daemon_program() {
    const auto beside = fs::read_symlink("/proc/self/exe").parent_path() / "hookd";
    return ::access(beside.c_str(), X_OK) == 0 ? beside.string() : "hookd";
}

base::command_result run_daemon_program(std::vector<std::string> arguments) {
    base::command command;
    command.argv = std::move(arguments);
    command.argv.insert(command.argv.begin(), daemon_program());
    command.directory = "/";
    command.timeout = longest_run;
    for (char** each = environ; *each != nullptr; ++each) {
        if (is_passed_on(*each)) {
            command.environment.emplace_back(*each);
        }
    }
    return run_to_end(std::move(command));
}

fs::path state_directory() {
    // $STATE_DIRECTORY is that of the service that runs this program, not of the daemon's.
    const auto home = environment_variable("HOME");
    return protocol::default_state_directory(nullptr, environment_variable("XDG_STATE_HOME").c_str(), home.c_str());
}

fs::path default_registry() {
    if (auto named = environment_variable("HOOKD_REGISTRY"); !named.empty()) {
        return named;
    }
    return state_directory() / "registry.json";
}

std::string environment_variable(const char* name) {
    const char* const text = std::getenv(name);
    return text != nullptr ? text : "";
}

}  // namespace hookd::hookctl
