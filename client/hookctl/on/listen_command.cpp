// SPDX-License-Identifier: BSL-1.0
#include "event_line.hpp"
#include "hookctl/commands.hpp"
#include "hookctl/exit_status.hpp"
#include "hookctl/terminal/line_writer.hpp"
#include "hookctl/terminal/output.hpp"
#include "hookctl/terminal/stop_watcher.hpp"
#include "hookctl/terminal/wrapped_text.hpp"
#include "serve_events.hpp"

#include <hookd/error.hpp>
#include <hookd/hook_runner.hpp>
#include <hookd/protocol/errc.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace hookd::hookctl {

int run_listen(const invocation& call, const listen_arguments& arguments) {
    auto options = runner_options_for(call);
    options.as_responder.scope = arguments.scope;
    if (arguments.after_seq) {
        options.resume_from = resume_point{*arguments.after_seq, {}};
    }
    hook_runner events(options);
    const stop_watcher watcher(stop_watcher::output::matters, [&events] { events.stop(); });
    line_writer out(watcher.stopped_fd());
    const bool for_programs = writes_for_programs(call.json);
    const palette colour;

    std::uint64_t printed = 0;
    std::uint64_t last_seq = 0;
    bool over = false;
    const auto print_event = [&](const event& received) {
        // An event that matches several patterns comes once for each of them, one after the other.
        if (over || received.seq() == last_seq) {
            return;
        }
        last_seq = received.seq();
        over =
            !out.write((for_programs ? json_output(one_line(received.text())) : event_line(received, colour)) + '\n') ||
            ++printed == arguments.count;
        if (over) {
            events.stop();
        }
    };

    if (!for_programs) {
        events.on_verdict([&](const verdict_notice& decided) {
            if (!over && !out.write(outcome_line(decided, output_columns(), colour) + '\n')) {
                over = true;
                events.stop();
            }
        });
    }

    bool connected = false;
    events.on_notice([&](const notice& reported) {
        if (reported.type == notice::kind::connected) {
            connected = true;
        }
        // A user who asks for the events after a number learns at once that they are not available.
        if (reported.type == notice::kind::resume_impossible && !connected) {
            throw error(error_kind::refused, reported.message, static_cast<int>(protocol::errc::resume_impossible));
        }
        last_seq = reported.type == notice::kind::resume_impossible ? 0 : last_seq;  // another run counts anew
        print_notice(reported);
    });
    if (arguments.patterns.empty()) {
        events.listen("*", print_event);
    }
    for (const auto& pattern : arguments.patterns) {
        events.listen(pattern, print_event);
    }
    events.run();
    return exit_status::done;
}

}  // namespace hookd::hookctl
