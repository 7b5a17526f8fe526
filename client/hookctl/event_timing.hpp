#pragma once

#include <hookd/event.hpp>

#include <chrono>
#include <optional>
#include <string_view>

namespace hookd::hookctl {

/// Reads the daemon's time stamps: RFC 3339 in UTC, `2026-11-23T12:58:36.000000000Z`, with or without a fraction. Nothing for
/// anything else.
[[nodiscard]] std::optional<std::chrono::system_clock::time_point> parse_timestamp(std::string_view text);

/// How long, at `now`, the emitter of `what` goes on waiting for a reply: from zero to the time-out that it gave, whatever the clock has
/// done since. Nothing where nobody waits, or it is not known for how long.
[[nodiscard]] std::optional<std::chrono::steady_clock::duration> time_left(const event& what, std::chrono::system_clock::time_point now);

}  // namespace hookd::hookctl
