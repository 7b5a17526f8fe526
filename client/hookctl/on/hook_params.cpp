// SPDX-License-Identifier: BSL-1.0
#include "hook_params.hpp"

#include <base/json/object_writer.hpp>

#include <hookd/protocol/methods.hpp>

namespace hookd::hookctl {

std::string to_json(const hook_params& hook) {
    base::object_writer environment;
    for (const auto& each : hook.environment) {
        environment.text(each.substr(0, each.find('=')), each.substr(each.find('=') + 1));
    }
    const auto& responder = hook.as_responder;
    base::object_writer conditions;
    for (const auto& each : responder.where) {
        conditions.text(each.pointer, each.glob);
    }
    base::object_writer params;
    params.text("name", hook.name).texts("command", hook.command).texts("events", hook.events);
    if (hook.timeout) {
        params.number("timeout_ms", hook.timeout->count());
    }
    return params.optional_number("jobs", hook.jobs)
        .optional_text("cwd", hook.directory)
        .raw("env", environment.finish())
        .raw("where", conditions.finish())
        .flag("asked_only", responder.asked_only)
        .text("on_failure", to_string(responder.on_failure))
        .number("order", responder.order)
        .flag("shadow", responder.shadow)
        .text("scope", to_string(responder.scope))
        .finish();
}

}  // namespace hookd::hookctl
