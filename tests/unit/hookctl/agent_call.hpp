// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <hookd/verdict.hpp>

#include <hookctl/agent/dialect.hpp>

#include <initializer_list>
#include <string>
#include <string_view>

namespace hookd::test {

/// What an agent has written: a file of the directory `agents`, without `.json`.
[[nodiscard]] std::string agent_input_of(const std::string& name);

/// The event that an input is, with nothing of this process's environment that names an agent.
[[nodiscard]] hookctl::agent_event agent_event_of(const std::string& input, std::string_view agent = {});

/// The verdict of hooks `h1`, `h2`, … that have replied that.
[[nodiscard]] verdict replies(std::initializer_list<std::string> texts);

/// What the agent that wrote the recorded input gets.
[[nodiscard]] hookctl::agent_answer agent_answer_to(
    const std::string& name, const verdict& said, bool fail_closed = false);

/// One line: `exit 2: REASON`, or what is on standard output.
[[nodiscard]] std::string shown(const hookctl::agent_answer& answer);

}  // namespace hookd::test
