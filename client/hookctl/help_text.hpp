// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <string_view>
#include <vector>

namespace hookd::hookctl {

/// The commands, in the order in which they are shown.
[[nodiscard]] const std::vector<std::string_view>& command_names();

/// What `hookctl --help` prints.
[[nodiscard]] std::string_view general_help();

/// What `hookctl COMMAND --help` prints. Precondition: `command` is one of command_names().
[[nodiscard]] std::string_view command_help(std::string_view command);

/// How the command is used, without options: `emit EVENT [PAYLOAD]`. Same precondition.
[[nodiscard]] std::string_view command_usage(std::string_view command);

}  // namespace hookd::hookctl
