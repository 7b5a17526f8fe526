// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "measure.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace hookd::bench {

/// What the command line says of a measurement. Times are measured in the clients, CPU in the broker.
struct load_options {
    std::string dialect = "hookd";
    std::string address{};
    std::vector<std::string> hook_addresses{};  ///< where the hooks and the subscribers are; none: at `address`
    pid_t broker = 0;
    std::uint64_t count = 1000;   ///< trips, events, sessions or starts that are measured
    std::uint64_t warm_up = 100;  ///< and that come first, unmeasured
    std::size_t size = 256;       ///< bytes of a payload, and of an answer
    payload_shape shape = payload_shape::text;
    unsigned subscribers = 1;
    std::uint64_t window = 768;       ///< events that may be under way; hookd lets a subscriber lag by 1,024
    std::uint64_t batch = 128;        ///< events a write
    bool check = false;               ///< look at each payload and each number, too
    std::string input = "/dev/null";  ///< what `command` has as its standard input
    std::vector<std::string> command{};

    /// Where the hook or subscriber of that number is.
    [[nodiscard]] const std::string& hook_address(std::size_t number) const {
        return hook_addresses.empty() ? address : hook_addresses[number % hook_addresses.size()];
    }
};

/// Reads `PROGRAM WORKLOAD [--OPTION VALUE]... [-- COMMAND...]`. Throws std::runtime_error for what it doesn't know.
[[nodiscard]] load_options read_options(int argc, char** argv);

/// Emitter -> broker -> hook -> broker -> emitter, one at a time: three processes, each in a blocking read.
void run_trip(const load_options& options);
/// The same between two processes, without a broker.
void run_ping_pong(const load_options& options);
/// The same, where a process that `command` starts is the hook: payload on its stdin, answer on its stdout.
void run_spawn(const load_options& options);
/// One emitter, and `subscribers` connections of one further process. The emitter goes on as long as no subscriber is
/// `window` behind.
void run_fan_out(const load_options& options);
/// `count` listeners of topics that nobody emits. Says when they are there, and keeps them until it is killed.
[[noreturn]] void run_crowd(const load_options& options);
/// From the start of `command` until the broker that it is has answered a first request, `count` times.
void run_start(const load_options& options);
/// From the start of `command` to its end, `count` times, and the processor time of it and of all that it waited for.
void run_wall(const load_options& options);
/// Answers each event until it is killed. Says when it is there.
[[noreturn]] void run_hook(const load_options& options);

}  // namespace hookd::bench
