// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <optional>
#include <string>

namespace hookd::link {

/// What a link program was started for.
struct command_line {
    enum class mode : unsigned char { link, init, check };

    mode wanted = mode::link;
    std::string file{};  ///< of init and check: the URL file
};

/// Reads `--link`, `--init FILE` or `--check FILE`. Nothing where the program has done its work: `--help` and
/// `--version` are answered on stdout, wrong usage on stderr; `status` is then what main() returns, 0 or 2. `engine`:
/// as a person calls it ("PostgreSQL").
[[nodiscard]] std::optional<command_line> read_command_line(
    int argc, char** argv, const std::string& engine, int& status);

}  // namespace hookd::link
