#pragma once

#include "output.hpp"

#include <hookd/protocol/methods.hpp>

#include <cstddef>
#include <string>

namespace hookd::hookctl {

/// The daemon's counters for people: aligned, a line each.
[[nodiscard]] std::string stats_table(const protocol::stats_result& stats, const palette& colour);

/// How fast the counters grow: what `hookctl top` knows beyond `stats`.
struct stats_change {
    const protocol::stats_result& now;
    const protocol::stats_result& before;
    double seconds = 1;  ///< between the two, greater than zero
};

/// The full screen of `hookctl top`: at most `rows` lines of at most `columns` columns, without a line end after the last.
[[nodiscard]] std::string top_screen(const stats_change& change, std::size_t rows, std::size_t columns, const palette& colour);

/// A number for people with a unit of 1024: `512 B`, `1.5 MiB`.
[[nodiscard]] std::string describe_bytes(double bytes);

}  // namespace hookd::hookctl
