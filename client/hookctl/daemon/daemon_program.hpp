// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <base/exec/command_runner.hpp>

#include <filesystem>
#include <string>
#include <vector>

namespace hookd::hookctl {

/// The daemon's program: `hookd` beside this one, else as $PATH has it.
[[nodiscard]] std::string daemon_program();

/// Runs it with `arguments`, in /, for some seconds at most, without what tells this process which service, or which
/// event, it works for: that is nothing to a daemon that outlives it.
[[nodiscard]] base::command_result run_daemon_program(std::vector<std::string> arguments);

/// Where this user's hookd and hookctl keep what outlives them.
[[nodiscard]] std::filesystem::path state_directory();

/// The registry of a daemon that is started so.
[[nodiscard]] std::filesystem::path default_registry();

/// A variable of the environment; empty where it is not set.
[[nodiscard]] std::string environment_variable(const char* name);

}  // namespace hookd::hookctl
