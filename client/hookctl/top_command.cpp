#include "commands.hpp"
#include "daemon_call.hpp"
#include "exit_status.hpp"
#include "full_screen.hpp"
#include "output.hpp"
#include "stats_reader.hpp"
#include "stats_table.hpp"

#include <hookd/client.hpp>
#include <hookd/error.hpp>

#include <chrono>
#include <string>
#include <utility>

namespace hookd::hookctl {

namespace {

using clock = std::chrono::steady_clock;
constexpr std::chrono::milliseconds refresh{1'000};

struct snapshot {
    protocol::stats_result stats{};
    clock::time_point taken{};
};

snapshot take(client& daemon) {
    return {read_stats(daemon.stats()), clock::now()};
}

}  // namespace

int run_top(const invocation& call) {
    auto daemon = connect_for(call, call.timeout.value_or(refresh * 5));  // short: meanwhile no key is heeded
    full_screen screen;
    auto before = take(daemon);
    auto now = before;
    std::string trouble;
    for (;;) {
        const palette colour;
        const auto size = full_screen::current_size();
        const std::chrono::duration<double> between = now.taken - before.taken;
        // With a single snapshot there is no rate yet; any span will do for differences of zero.
        const stats_change change{now.stats, before.stats, between.count() > 0 ? between.count() : 1};
        const std::size_t rows = size.rows - (trouble.empty() ? 0 : 1);
        screen.draw((trouble.empty() ? "" : harmless(trouble).substr(0, size.columns) + '\n') +
                    top_screen(change, rows, size.columns, colour));
        switch (screen.wait(refresh)) {
            case full_screen::event::quit:
                return exit_status::done;
            case full_screen::event::redraw:
                break;
            case full_screen::event::elapsed:
                try {
                    before = std::exchange(now, take(daemon));
                    trouble.clear();
                } catch (const error& failure) {
                    trouble = failure.what();  // the next round tries again
                }
                break;
        }
    }
}

}  // namespace hookd::hookctl
