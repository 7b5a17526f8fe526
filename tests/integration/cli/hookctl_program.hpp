// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "support/process.hpp"
#include "support/test_daemon.hpp"
#include "support/text.hpp"

#include <base/posix/unique_fd.hpp>

#include <memory>
#include <string>
#include <vector>

namespace hookd::test {

/// Runs `hookctl --socket SOCKET ARGUMENTS` to its end; `input` is its standard input.
[[nodiscard]] finished_process hookctl(const std::string& socket, std::vector<std::string> arguments,
    const std::string& input = {}, const spawn_options& options = {});

/// Starts the same and lets it run.
[[nodiscard]] std::unique_ptr<child_process> start_hookctl(
    const std::string& socket, std::vector<std::string> arguments, const spawn_options& options = {});

/// Starts `hookctl on ARGUMENTS` and waits until it is subscribed: `sessions` are there then.
[[nodiscard]] std::unique_ptr<child_process> start_hook(
    test_daemon& daemon, std::vector<std::string> arguments, int sessions = 1);

/// A script of `sh -c` as the command of `hookctl on PATTERN`.
[[nodiscard]] std::vector<std::string> shell_hook(const std::string& pattern, const std::string& script);

/// A socket that takes connections and never says a word.
[[nodiscard]] base::unique_fd silent_listener(const std::string& path);

/// Runs a shell command line on a terminal of its own (script(1)), 24 lines of 80 columns. Standard output and error
/// are one.
[[nodiscard]] finished_process on_terminal(const std::string& command_line, const std::string& input = {});

/// The text as one word for a shell.
[[nodiscard]] std::string shell_word(const std::string& text);

/// What an agent writes, as tests/unit/hookctl/agents has it.
[[nodiscard]] std::string agent_input_of(const std::string& name);

/// Waits until a file has a complete line, and returns that.
[[nodiscard]] std::string wait_for_line(const std::string& path);

/// Checks that standard error is exactly one line, and mentions each of `parts`.
void check_one_error(const finished_process& done, const std::vector<std::string>& parts);

}  // namespace hookd::test
