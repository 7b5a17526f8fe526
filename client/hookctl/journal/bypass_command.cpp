// SPDX-License-Identifier: BSL-1.0
#include "hookctl/commands.hpp"
#include "hookctl/daemon/daemon_call.hpp"
#include "hookctl/exit_status.hpp"
#include "hookctl/json/json_member.hpp"
#include "hookctl/json/json_object.hpp"
#include "hookctl/terminal/duration_text.hpp"
#include "hookctl/terminal/output.hpp"

#include <hookd/client.hpp>
#include <hookd/protocol/methods.hpp>

#include <string>
#include <string_view>

namespace hookd::hookctl {

namespace {

/// `git.*, agent.* (deploying)`
std::string label_of(std::string_view bypass) {
    std::string events;
    for (const auto each : elements_of(member_of(bypass, "events"))) {
        events += (events.empty() ? "" : ", ") + string_of(each);
    }
    return harmless(events + " (" + string_of(member_of(bypass, "reason")) + ")");
}

bool is_there(std::string_view bypass) {
    return !bypass.empty() && protocol::kind_of(bypass) == protocol::json_kind::object;
}

std::string describe(std::string_view answer, const bypass_arguments& arguments) {
    std::string text;
    if (const auto ended = member_of(answer, "ended"); is_there(ended)) {
        text += "ended the bypass of " + label_of(ended) + "\n";
    }
    if (const auto begun = member_of(answer, "bypass"); is_there(begun)) {
        text += "vetoes of " + label_of(begun) + " are ignored for " + describe_duration(arguments.duration) +
                "; hookctl bypass --end ends that\n";
    }
    return text;
}

}  // namespace

int run_bypass(const invocation& call, const bypass_arguments& arguments) {
    json_object params;
    params.texts("events", arguments.patterns);
    if (!arguments.patterns.empty()) {
        params.raw("for_ms", std::to_string(arguments.duration.count())).text("reason", arguments.reason);
    }
    const auto result = ask_daemon(call, protocol::bypass_params::method, params.finish());
    const auto answer = trimmed(result);
    print(writes_for_programs(call.json) ? json_output(one_line(result)) + '\n' : describe(answer, arguments));
    if (arguments.patterns.empty() && !is_there(member_of(answer, "ended"))) {
        report_error("no bypass is in force");
        return exit_status::not_done;
    }
    return exit_status::done;
}

}  // namespace hookd::hookctl
