// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <hookd/hooks/command_runner.hpp>

#include <array>

#include <sys/types.h>

namespace hookd::hooks {

/// Starts `what` in a process group of its own. `standard`: becomes its input, output and error output; none of them,
/// nor `what.program`, is below 3. `directory`: where it runs; -1: where this process does. The process has reached its
/// own program when this returns.
///
/// Throws std::system_error where it could not be started.
[[nodiscard]] pid_t start_process(command& what, const std::array<int, 3>& standard, int directory);

}  // namespace hookd::hooks
