// SPDX-License-Identifier: BSL-1.0
#include "event_id.hpp"
#include "hookctl/commands.hpp"
#include "hookctl/daemon/daemon_call.hpp"
#include "hookctl/exit_status.hpp"
#include "hookctl/on/hook_lines.hpp"
#include "hookctl/terminal/output.hpp"
#include "verdict_line.hpp"

#include <base/json/object_writer.hpp>
#include <base/json/pointer.hpp>
#include <base/json/value_view.hpp>
#include <hookd/protocol/limits.hpp>
#include <hookd/protocol/methods.hpp>

#include <string>
#include <string_view>

namespace hookd::hookctl {

namespace {

std::string describe(const std::string& name, std::string_view answer) {
    std::string text = harmless(name) + ", after " + milliseconds_text(base::value_view(answer)["elapsed_ms"]) + ": ";
    if (const auto failed = base::value_view(answer)["failed"].string(); !failed.empty()) {
        return text + "failed: " + harmless(failed, true) + "\n";
    }
    const auto response = base::value_view(answer)["response"];
    if (response.empty()) {
        return text + "no opinion\n";
    }
    const auto note = note_of(response);
    if (const auto abort = response["abort"].string(); !abort.empty()) {
        return text + "would veto: " + harmless(abort, true) + (note.empty() ? "" : "; note: " + harmless(note, true)) +
               "\n";
    }
    return text + "no objection" + (note.empty() ? "" : ": " + harmless(note, true)) + "\n";
}

}  // namespace

int run_replay(const invocation& call, const replay_arguments& arguments) {
    // The daemon sees to it that it ends: the hook has the time that the emitter gave.
    const auto answer = connect_for(call).call(protocol::replay_params::method,
        base::object_writer()
            .text("hook_event_id", resolve_event_id(call, arguments.id))
            .text("to", arguments.to)
            .finish(),
        call.timeout.value_or(protocol::max_timeout));
    print(writes_for_programs(call.json) ? json_output(one_line(answer)) + '\n'
                                         : describe(arguments.to, base::trimmed_json(answer)));
    return base::value_view(answer)["failed"].empty() ? exit_status::done : exit_status::not_done;
}

}  // namespace hookd::hookctl
