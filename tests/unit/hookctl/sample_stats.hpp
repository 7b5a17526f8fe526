// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <hookd/protocol/methods.hpp>

namespace hookd::hookctl::test {

/// Counters that are all different, with names that need care.
[[nodiscard]] inline protocol::stats_result sample_stats() {
    protocol::stats_result stats;
    stats.uptime_s = 3725.5;
    stats.connections = 11;
    stats.subscribers = 12;
    stats.waiting = 13;
    stats.head_seq = 18'446'744'073'709'551'615U;
    stats.retained_events = 15;
    stats.retained_bytes = 1536;
    stats.events_total = 100;
    stats.deliveries = 200;
    stats.accepted = 300;
    for (std::size_t i = 1; i < protocol::refusal_count; ++i) {
        stats.refused[i] = 400 + i;
    }
    for (std::size_t i = 0; i < protocol::outcome_count; ++i) {
        stats.outcomes[i] = 500 + i;
    }
    stats.lagged = 600;
    stats.protocol_errors = 700;
    stats.bytes_in = 800;
    stats.bytes_out = 5 * 1024 * 1024;
    const protocol::time_histogram times{7, 432.5, {0, 0, 0, 2, 5, 5, 5, 5, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 6, 6}};
    stats.events = {{"pre_push", 60, 1.5, 2.25, 30, 400, times}, {"note:x", 40, {}, {}, {}, {}, {}}};
    stats.proceeded = 31;
    stats.vetoed = 32;
    stats.failed_closed = 33;
    stats.bypassed = 34;
    stats.bypass = protocol::bypass_info{{"git.*"}, "deploying", 1000, std::chrono::milliseconds(1500)};
    stats.hooks = {{"guard", 41, 42, 43, 44, 45, 1.5, 2.25, 30, 400, times, {}},
        {"new", 0, 0, 0, 0, 0, {}, {}, {}, {}, {}, false}};
    stats.journal = {"/j", 2048, 71, 72, "the disk is full"};
    stats.sessions = {{"say \"hi\"\\\n\x1b[2J", 4242, 1000, 3, false}, {"laggard", 4243, 0, 0, true}};
    return stats;
}

}  // namespace hookd::hookctl::test
