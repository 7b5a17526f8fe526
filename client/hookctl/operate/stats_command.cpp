// SPDX-License-Identifier: BSL-1.0
#include "hookctl/commands.hpp"
#include "hookctl/daemon/daemon_call.hpp"
#include "hookctl/exit_status.hpp"
#include "hookctl/terminal/output.hpp"
#include "prometheus_text.hpp"
#include "stats_reader.hpp"
#include "stats_table.hpp"

#include <hookd/client.hpp>

#include <chrono>
#include <csignal>
#include <string>
#include <string_view>
#include <thread>

namespace hookd::hookctl {

namespace {

constexpr std::chrono::seconds refresh{1};

void print_stats(client& daemon, bool for_programs, std::string_view before) {
    const auto text = daemon.stats();
    print(for_programs ? json_output(one_line(text)) + '\n'
                       : std::string(before) + stats_table(read_stats(text), palette()));
}

}  // namespace

int run_stats(const invocation& call, const stats_arguments& arguments) {
    const bool for_programs = writes_for_programs(call.json);
    auto daemon = connect_for(call);
    if (arguments.prometheus) {
        print(prometheus_text(read_stats(daemon.stats())));
        return exit_status::done;
    }
    if (!arguments.watch) {
        print_stats(daemon, for_programs, "");
        return exit_status::done;
    }
    std::signal(SIGPIPE, SIG_DFL);  // this ends when somebody ends it, or nobody reads it any more
    for (;;) {
        print_stats(
            daemon, for_programs, "\x1b[H\x1b[2J");  // on a terminal, each time from the top of a cleared screen
        std::this_thread::sleep_for(refresh);
    }
}

}  // namespace hookd::hookctl
