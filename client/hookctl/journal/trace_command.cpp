// SPDX-License-Identifier: BSL-1.0
#include "event_id.hpp"
#include "hookctl/commands.hpp"
#include "hookctl/daemon/daemon_call.hpp"
#include "hookctl/exit_status.hpp"
#include "hookctl/terminal/output.hpp"
#include "hookctl/terminal/wrapped_text.hpp"
#include "trace_text.hpp"

#include <base/json/object_writer.hpp>
#include <base/json/pointer.hpp>
#include <hookd/protocol/methods.hpp>

#include <string>

namespace hookd::hookctl {

int run_trace(const invocation& call, const trace_arguments& arguments) {
    const auto trace = ask_daemon(call, protocol::trace_params::method,
        base::object_writer().text("hook_event_id", resolve_event_id(call, arguments.id)).finish());
    print(writes_for_programs(call.json) ? json_output(one_line(trace)) + '\n'
                                         : trace_text(base::trimmed_json(trace), output_columns(), palette()));
    return exit_status::done;
}

}  // namespace hookd::hookctl
