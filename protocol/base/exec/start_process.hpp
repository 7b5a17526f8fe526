// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <base/exec/command_runner.hpp>
#include <base/posix/unique_fd.hpp>

#include <span>

#include <sys/types.h>

namespace hookd::base {

/// The same file by a descriptor above `lowest_free - 1`: the one given, where it is high enough, else a copy, closed
/// on exec. Throws std::system_error.
[[nodiscard]] unique_fd moved_up(unique_fd fd, int lowest_free);

/// Starts `started` in a process group of its own, with SIGPIPE, SIGCHLD and SIGXFSZ at their defaults and no signal
/// blocked. `descriptors`: become its descriptors 0, 1, 2 and so on; none of them, nor `started.program`, nor
/// `directory` is below their number (see moved_up). `directory`: where it runs; -1: where this process does. The
/// process has reached its own program when this returns.
///
/// Throws std::system_error where it could not be started.
[[nodiscard]] pid_t start_process(command& started, std::span<const int> descriptors, int directory = -1);

}  // namespace hookd::base
