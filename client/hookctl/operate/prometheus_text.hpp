// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <hookd/protocol/methods.hpp>

#include <string>

namespace hookd::hookctl {

/// The daemon's counters in the Prometheus text exposition format, version 0.0.4: base units (seconds, bytes), counters
/// named
/// `_total`, label values escaped. Sessions that share name, pid and uid are one series, whose numbers are added up.
[[nodiscard]] std::string prometheus_text(const protocol::stats_result& stats);

}  // namespace hookd::hookctl
