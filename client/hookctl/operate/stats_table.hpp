// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "hookctl/terminal/output.hpp"
#include "hookctl/terminal/screen_text.hpp"

#include <hookd/protocol/methods.hpp>

#include <optional>
#include <string>
#include <vector>

namespace hookd::hookctl {

/// The daemon's counters for people: aligned, a line each.
[[nodiscard]] std::string stats_table(const protocol::stats_result& stats, const palette& colour);

/// The first row of a table; an empty name is a column without a heading.
[[nodiscard]] text_table::row headings(const std::vector<std::string>& names, const palette& colour);

/// A number for people with a unit of 1024: `512 B`, `1.5 MiB`.
[[nodiscard]] std::string describe_bytes(double bytes);

/// With that many digits behind the point.
[[nodiscard]] std::string decimal(double value, int digits);

/// A time of a reply; `-` if absent.
[[nodiscard]] std::string milliseconds_text(const std::optional<double>& ms);

/// `62 min`.
[[nodiscard]] std::string uptime_text(double seconds);

}  // namespace hookd::hookctl
