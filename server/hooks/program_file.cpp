// SPDX-License-Identifier: BSL-1.0
#include "hooks/program_file.hpp"

#include <base/exec/resolved_command.hpp>
#include <base/posix/read_file.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <sstream>
#include <system_error>

namespace hookd::server {
namespace {

// What the kernel reads to tell how to execute a file (BINPRM_BUF_SIZE).
constexpr std::size_t head_bytes = 256;
constexpr std::string_view blanks = " \t";

std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(blanks);
    return first == std::string_view::npos ? std::string_view{}
                                           : text.substr(first, text.find_last_not_of(blanks) + 1 - first);
}

/// Why the file at `path` cannot be executed, in words that follow its name; empty: it can.
std::string fault_of(const std::string& path) {
    struct stat found {};
    if (::stat(path.c_str(), &found) != 0) {
        return errno == ENOENT || errno == ENOTDIR ? "does not exist: give the path of the program"
                                                   : "cannot be executed: " + std::generic_category().message(errno);
    }
    if (!S_ISREG(found.st_mode)) {
        return "is not a file";
    }
    return ::faccessat(AT_FDCWD, path.c_str(), X_OK, AT_EACCESS) == 0 ? ""
                                                                      : "may not be executed: run chmod +x " + path;
}

/// The program that `env ARGUMENT` starts; empty where that cannot be told.
std::string started_by_env(std::string_view argument) {
    std::istringstream words{std::string(argument)};
    for (std::string word; words >> word;) {
        if (!word.starts_with('-') && word.find('=') == std::string::npos) {
            return word;
        }
    }
    return {};
}

bool is_env(std::string_view interpreter) { return interpreter.substr(interpreter.rfind('/') + 1) == "env"; }

std::optional<std::string> why_no_interpreter(
    const std::string& script, const std::vector<std::string>& interpreter, std::string_view search_path) {
    if (interpreter.back().ends_with('\r')) {
        return "the first line of " + script +
               " ends with CR LF, which the kernel reads as part of it: run sed -i 's/\\r$//' " + script;
    }
    const auto in_script = " (in the first line of " + script + ")";
    if (::faccessat(AT_FDCWD, interpreter.front().c_str(), X_OK, AT_EACCESS) != 0) {
        return "the interpreter " + interpreter.front() + in_script +
               (errno == ENOENT ? " does not exist" : " cannot be executed") + ": install it, or change that line";
    }
    if (interpreter.size() < 2 || !is_env(interpreter.front())) {
        return std::nullopt;
    }
    const auto program = started_by_env(interpreter.back());
    if (program.empty() || base::resolved_command({program}, "/", search_path).front().find('/') != std::string::npos) {
        return std::nullopt;
    }
    return "the interpreter " + program + in_script +
           " is not in the $PATH of hookd: install it, or name it by its path";
}

}  // namespace

program_head read_program_head(const std::string& path) {
    const auto head = base::read_front(path, head_bytes).value_or(std::string{});
    program_head result;
    if (!head.starts_with("#!")) {
        result.is_binary = head.find('\0') != std::string::npos;
        return result;
    }
    const auto line = trimmed(
        std::string_view(head).substr(2, head.find('\n') == std::string::npos ? head.npos : head.find('\n') - 2));
    const auto end = line.find_first_of(blanks);
    if (!line.empty()) {
        result.interpreter.emplace_back(line.substr(0, end));
    }
    if (end != std::string_view::npos) {
        result.interpreter.emplace_back(trimmed(line.substr(end)));
    }
    return result;
}

std::optional<std::string> why_not_runnable(const std::vector<std::string>& command, std::string_view search_path) {
    const auto& program = command.front();
    if (program.find('/') == std::string::npos) {
        return program + " is not in the $PATH of hookd: install it, or give its path";
    }
    if (const auto fault = fault_of(program); !fault.empty()) {
        return program + " " + fault;
    }
    const auto head = read_program_head(program);
    if (!head.interpreter.empty()) {
        return why_no_interpreter(program, head.interpreter, search_path);
    }
    if (!head.is_binary && ::access(program.c_str(), R_OK) == 0) {
        return program +
               " is neither a program nor a script that names its interpreter: begin it with a line such as #!/bin/sh";
    }
    return std::nullopt;
}

}  // namespace hookd::server
