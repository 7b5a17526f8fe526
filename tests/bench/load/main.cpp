// SPDX-License-Identifier: BSL-1.0
// bench_load: the clients of one measurement against one broker that runs already. tests/bench/run.sh starts both.

#include "workloads.hpp"

#include <csignal>
#include <cstdio>
#include <exception>
#include <map>
#include <string_view>

namespace hookd::bench {
namespace {

int run(int argc, char** argv) {
    const std::map<std::string_view, void (*)(const load_options&)> workloads = {{"trip", run_trip},
        {"ping_pong", run_ping_pong}, {"spawn", run_spawn}, {"fan_out", run_fan_out}, {"crowd", run_crowd},
        {"start", run_start}, {"wall", run_wall}, {"hook", run_hook}};
    const auto chosen = workloads.find(argc < 2 ? "" : argv[1]);
    if (chosen == workloads.end()) {
        std::fputs(
            "usage: bench_load trip|ping_pong|spawn|fan_out|crowd|start|wall|hook [--OPTION VALUE]... [-- "
            "COMMAND...]\n",
            stderr);
        return 2;
    }
    chosen->second(read_options(argc, argv));
    return 0;
}

}  // namespace
}  // namespace hookd::bench

int main(int argc, char** argv) {
    std::signal(SIGPIPE, SIG_IGN);
    try {
        return hookd::bench::run(argc, argv);
    } catch (const std::exception& failure) {
        std::fprintf(stderr, "bench_load: %s\n", failure.what());
        return 1;
    }
}
