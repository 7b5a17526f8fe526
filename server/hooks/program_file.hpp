// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hookd::server {

/// How the kernel would execute a program (execve(2)).
struct program_head {
    bool is_binary = false;  ///< an object file, for the kernel or one of its binary formats
    std::vector<std::string>
        interpreter{};  ///< of a script: what its `#!` line names, and its one argument if there is one
};

/// Reads the beginning of the file at `path`. What cannot be read has neither.
[[nodiscard]] program_head read_program_head(const std::string& path);

/// Why `command` could not be started now, with the file at fault and what to do about it; nothing where it could.
/// Looks at the program and at the interpreter of a script, /usr/bin/env's included. `search_path`: as $PATH, where the
/// command will look up names.
///
/// Thread-safety: as a const function; blocks as long as the disk does.
[[nodiscard]] std::optional<std::string> why_not_runnable(
    const std::vector<std::string>& command, std::string_view search_path);

}  // namespace hookd::server
