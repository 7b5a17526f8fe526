// SPDX-License-Identifier: BSL-1.0
#include "command_parsers.hpp"

#include "help_text.hpp"
#include "hookctl/terminal/since_text.hpp"

#include <hookd/protocol/limits.hpp>

#include <cstddef>
#include <utility>

namespace hookd::hookctl {

command_arguments parse_bypass(option_reader& options) {
    bypass_arguments result;
    optional_text duration;
    optional_text reason;
    bool end = false;
    options.value("--for", duration);
    options.value("--reason", reason);
    options.flag("--end", end);
    if (!options.parse()) {
        return result;
    }

    result.patterns = std::move(options.positionals(0, words().max_size()));
    if (end) {
        if (!result.patterns.empty() || duration || reason) {
            options.fail("--end ends the bypass, whatever it is of: give nothing else");
        }
        return result;
    }
    if (result.patterns.empty() || !duration || !reason) {
        options.fail(
            "say which events, for how long and why (or --end): hookctl " + std::string(command_usage("bypass")));
    }
    options.check_patterns(result.patterns);
    result.duration = options.duration("--for", *duration, protocol::max_bypass);
    if (reason->empty() || reason->size() > protocol::max_bypass_reason) {
        options.fail("--reason takes a text of 1 to " + std::to_string(protocol::max_bypass_reason) + " bytes");
    }
    result.reason = std::move(*reason);
    return result;
}

command_arguments parse_log(option_reader& options) {
    log_arguments result;
    optional_text event;
    optional_text hook;
    optional_text since;
    options.flag("-f,--follow", result.follow);
    options.value("--event", event);
    options.value("--hook", hook);
    options.flag("--vetoed", result.vetoed);
    options.value("--since", since);
    if (!options.parse()) {
        return result;
    }

    (void)options.positionals(0, 0);
    if (event) {
        options.check_patterns({*event});
        result.event = *event;
    }
    if (hook) {
        options.check_name("--hook", *hook);
        result.hook = *hook;
    }
    if (since) {
        result.since = parse_since(*since, std::chrono::system_clock::now());
        if (!result.since) {
            options.fail(
                "--since takes how long ago, as in 90s, 2h or 3d, or a time such as 2026-11-23T12:58:36Z, not " +
                in_quotes(*since));
        }
    }
    return result;
}

command_arguments parse_trace(option_reader& options) {
    trace_arguments result;
    if (options.parse()) {
        result.id = std::move(options.positionals(1, 1)[0]);
    }
    return result;
}

command_arguments parse_replay(option_reader& options) {
    replay_arguments result;
    optional_text to;
    options.value("--to", to);
    if (!options.parse()) {
        return result;
    }

    result.id = std::move(options.positionals(1, 1)[0]);
    if (!to) {
        options.fail("say which hook is to get it again: --to NAME");
    }
    options.check_name("--to", *to);
    result.to = *to;
    return result;
}

command_arguments parse_stats(option_reader& options) {
    stats_arguments result;
    options.flag("--watch", result.watch);
    options.flag("--prometheus", result.prometheus);
    if (!options.parse()) {
        return result;
    }

    (void)options.positionals(0, 0);
    if (result.prometheus && (result.watch || options.json())) {
        options.fail("--prometheus prints one page of text: leave out --watch and --json");
    }
    return result;
}

command_arguments parse_top(option_reader& options) {
    if (options.parse()) {
        (void)options.positionals(0, 0);
        if (options.json()) {
            options.fail("top is for people: use stats --watch --json");
        }
    }
    return top_arguments{};
}

}  // namespace hookd::hookctl
