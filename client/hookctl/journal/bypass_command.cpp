// SPDX-License-Identifier: BSL-1.0
#include "hookctl/commands.hpp"
#include "hookctl/daemon/daemon_call.hpp"
#include "hookctl/exit_status.hpp"
#include "hookctl/terminal/output.hpp"

#include <base/json/object_writer.hpp>
#include <base/json/pointer.hpp>
#include <base/json/text.hpp>
#include <base/json/value_view.hpp>
#include <base/text/quantity.hpp>
#include <hookd/client.hpp>
#include <hookd/protocol/methods.hpp>

#include <string>
#include <string_view>

namespace hookd::hookctl {

namespace {

/// `git.*, agent.* (deploying)`
std::string label_of(std::string_view bypass) {
    std::string events;
    for (const auto each : base::value_view(bypass)["events"].elements()) {
        events += (events.empty() ? "" : ", ") + each.string();
    }
    return harmless(events + " (" + base::value_view(bypass)["reason"].string() + ")");
}

bool is_object(std::string_view bypass) { return !bypass.empty() && base::kind_of(bypass) == base::json_kind::object; }

std::string describe(std::string_view answer, const bypass_arguments& arguments) {
    std::string text;
    if (const auto ended = base::value_view(answer)["ended"]; is_object(ended)) {
        text += "ended the bypass of " + label_of(ended) + "\n";
    }
    if (const auto begun = base::value_view(answer)["bypass"]; is_object(begun)) {
        text += "vetoes of " + label_of(begun) + " are ignored for " + base::describe_duration(arguments.duration) +
                "; hookctl bypass --end ends that\n";
    }
    return text;
}

}  // namespace

int run_bypass(const invocation& call, const bypass_arguments& arguments) {
    base::object_writer params;
    params.texts("events", arguments.patterns);
    if (!arguments.patterns.empty()) {
        params.raw("for_ms", std::to_string(arguments.duration.count())).text("reason", arguments.reason);
    }
    const auto result = ask_daemon(call, protocol::bypass_params::method, params.finish());
    const auto answer = base::trimmed_json(result);
    print(writes_for_programs(call.json) ? json_output(one_line(result)) + '\n' : describe(answer, arguments));
    if (arguments.patterns.empty() && !is_object(base::value_view(answer)["ended"])) {
        report_error("no bypass is in force");
        return exit_status::not_done;
    }
    return exit_status::done;
}

}  // namespace hookd::hookctl
