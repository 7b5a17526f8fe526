// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "hookctl/terminal/output.hpp"

#include <hookd/event.hpp>
#include <hookd/hook_runner.hpp>

#include <cstddef>
#include <string>

namespace hookd::hookctl {

/// The start of a line about an event, for people: its time (UTC), number and name, in columns.
[[nodiscard]] std::string event_head(const event& shown, const palette& colour);

/// An event as a line for people, with its payload and whether somebody waits.
[[nodiscard]] std::string event_line(const event& shown, const palette& colour);

/// A verdict as a line for people, of at most so many columns: the time (UTC) now, the event's number, and what
/// add_verdict() says.
[[nodiscard]] std::string outcome_line(const verdict_notice& decided, std::size_t columns, const palette& colour);

/// Tells on standard error what happened to the connection, where that is worth knowing.
void print_notice(const notice& reported);

}  // namespace hookd::hookctl
