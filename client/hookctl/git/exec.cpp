// SPDX-License-Identifier: BSL-1.0
#include "exec.hpp"

#include "command.hpp"
#include "environment.hpp"
#include "hookctl/arguments.hpp"
#include "hookctl/exit_status.hpp"
#include "hookctl/json/json_argument.hpp"
#include "hookctl/terminal/byte_text.hpp"
#include "hookctl/terminal/output.hpp"

#include <base/exec/argument_vector.hpp>
#include <base/exec/resolved_command.hpp>
#include <base/json/text.hpp>
#include <base/json/value_view.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace hookd::hookctl {

namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 3> exec_words{"git", "exec", "--"};

/// Bytes that add_bytes has written under `key` in an object; empty where there are none.
std::string bytes_of(std::string_view object, std::string_view key) {
    std::string text;
    const auto encoded_key = std::string(key) + "_base64";
    for (const auto& member : base::value_view(object).members()) {
        const auto value = base::value_view(member.value).as_string();
        if (value && member.key.equals(encoded_key)) {
            return from_base64(*value);
        }
        if (value && member.key.equals(key)) {
            text = *value;
        }
    }
    return text;
}

/// Git's variables as the payload has them, and no others of the list: this program may have been started by a hook
/// itself.
void take_variables(std::string_view payload) {
    std::vector<std::string> old;
    for (char** each = environ; *each != nullptr; ++each) {
        const std::string_view variable(*each);
        if (const auto name = variable.substr(0, variable.find('=')); is_git_variable(name)) {
            old.emplace_back(name);
        }
    }
    for (const auto& each : old) {
        ::unsetenv(each.c_str());  // NOLINT(concurrency-mt-unsafe): there is one thread
    }
    const auto variables = base::value_view(payload)["env"];
    for (const auto& member : variables.members()) {
        if (const auto name = member.key.decode(); is_git_variable(name) && !name.ends_with("_base64")) {
            // NOLINTNEXTLINE(concurrency-mt-unsafe): there is one thread
            ::setenv(name.c_str(), bytes_of(variables, name).c_str(), 1);
        }
    }
}

/// Git runs programs that a repository's configuration names: one of another user's could be made to run anything here.
void check_owner(const std::string& path) {
    struct stat found {};
    if (::stat(path.c_str(), &found) != 0) {
        throw std::system_error(errno, std::generic_category(), path);
    }
    if (found.st_uid != ::geteuid() && found.st_uid != 0) {
        throw usage_error(path + " belongs to another user (" + std::to_string(found.st_uid) +
                          "): a hook with --git does not run there");
    }
}

/// The command finds the payload on its standard input, as if nobody had read it.
void put_back_input(std::string_view payload) {
    const int fd = ::memfd_create("payload", MFD_CLOEXEC);
    for (auto rest = payload; fd >= 0 && !rest.empty();) {
        const auto count = ::write(fd, rest.data(), rest.size());
        if (count < 0 && errno != EINTR) {
            break;
        }
        rest.remove_prefix(count > 0 ? static_cast<std::size_t>(count) : 0);
        if (rest.empty() && ::lseek(fd, 0, SEEK_SET) == 0 && ::dup2(fd, STDIN_FILENO) >= 0) {
            return;
        }
    }
    throw std::system_error(errno, std::generic_category(), "can't pass the payload on");
}

}  // namespace

std::vector<std::string> resolved_here(std::vector<std::string> argv) {
    const char* path = std::getenv("PATH");
    return base::resolved_command(std::move(argv), fs::current_path(), path != nullptr ? path : "");
}

std::vector<std::string> git_exec_command(std::vector<std::string> argv) {
    argv = resolved_here(std::move(argv));
    std::vector<std::string> all{fs::read_symlink("/proc/self/exe").string()};
    all.insert(all.end(), exec_words.begin(), exec_words.end());
    std::move(argv.begin(), argv.end(), std::back_inserter(all));
    return all;
}

std::vector<std::string> without_git_exec(std::vector<std::string> command) {
    const auto words = static_cast<std::ptrdiff_t>(exec_words.size()) + 1;
    if (std::ssize(command) > words && fs::path(command.front()).filename() == "hookctl" &&
        std::equal(exec_words.begin(), exec_words.end(), std::next(command.begin()))) {
        command.erase(command.begin(), command.begin() + words);
    }
    return command;
}

int exec_git_hook(const git_arguments& arguments) {
    try {
        const auto payload = read_standard_input();
        if (base::find_json_fault(payload) || !payload.starts_with('{') || bytes_of(payload, "cwd").empty()) {
            throw usage_error("--git is for events of git's hooks, whose payload says where git runs (cwd)");
        }
        const auto directory = bytes_of(payload, "cwd");
        check_owner(directory);
        if (const auto repository = bytes_of(payload, "git_dir"); !repository.empty()) {
            check_owner(repository);
        }
        if (::chdir(directory.c_str()) != 0) {
            throw std::system_error(errno, std::generic_category(), directory);
        }
        take_variables(payload);
        put_back_input(payload);
        std::vector<std::string> words{arguments.hook};
        words.insert(words.end(), arguments.hook_arguments.begin(), arguments.hook_arguments.end());
        const auto argv = base::argument_vector(words);
        ::signal(SIGPIPE, SIG_DFL);
        ::execvp(argv.front(), argv.data());
        throw std::system_error(errno, std::generic_category(), words.front());
    } catch (const std::exception& failure) {
        report_error(failure.what());
        return exit_status::could_not_start;
    }
}

}  // namespace hookd::hookctl
