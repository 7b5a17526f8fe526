// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "option_reader.hpp"

#include <optional>
#include <string>
#include <string_view>

/// Each reads the arguments of one command, but for those of the commands that take nothing or a hook's name alone.
/// Wrong usage is thrown as usage_error; where only help or the version is wanted, what is returned is not looked at.
/// `argv`: what stands behind `--`, if that is there.
namespace hookd::hookctl {

[[nodiscard]] command_arguments parse_emit(option_reader& options);
[[nodiscard]] command_arguments parse_listen(option_reader& options);
[[nodiscard]] command_arguments parse_respond(option_reader& options);
[[nodiscard]] command_arguments parse_schema(option_reader& options);
[[nodiscard]] command_arguments parse_who(option_reader& options);
[[nodiscard]] command_arguments parse_call(option_reader& options);

[[nodiscard]] command_arguments parse_on(option_reader& options, const std::optional<words>& argv);
[[nodiscard]] command_arguments parse_register(option_reader& options, const std::optional<words>& argv);
[[nodiscard]] command_arguments parse_test(option_reader& options, const std::optional<words>& argv);
[[nodiscard]] command_arguments parse_ask(option_reader& options);

[[nodiscard]] command_arguments parse_bypass(option_reader& options);
[[nodiscard]] command_arguments parse_log(option_reader& options);
[[nodiscard]] command_arguments parse_trace(option_reader& options);
[[nodiscard]] command_arguments parse_replay(option_reader& options);
[[nodiscard]] command_arguments parse_stats(option_reader& options);
[[nodiscard]] command_arguments parse_top(option_reader& options);

[[nodiscard]] command_arguments parse_git(option_reader& options);
[[nodiscard]] command_arguments parse_jj(option_reader& options, const std::optional<words>& argv);
[[nodiscard]] command_arguments parse_agent_hook(option_reader& options);
[[nodiscard]] command_arguments parse_agent(option_reader& options);

/// What `--scope` says; nothing if it is not given.
[[nodiscard]] std::optional<event_scope> scope_of(const option_reader& options, const optional_text& given);

}  // namespace hookd::hookctl
