// SPDX-License-Identifier: BSL-1.0
#include "hook_params.hpp"

#include "hookctl/json/json_object.hpp"

#include <hookd/protocol/methods.hpp>

namespace hookd::hookctl {

std::string to_json(const hook_params& hook) {
    json_object environment;
    for (const auto& each : hook.environment) {
        environment.text(each.substr(0, each.find('=')), each.substr(each.find('=') + 1));
    }
    const auto& responder = hook.as_responder;
    json_object where;
    for (const auto& each : responder.where) {
        where.text(each.pointer, each.glob);
    }
    json_object params;
    params.text("name", hook.name).texts("command", hook.command).texts("events", hook.events);
    if (hook.timeout) {
        params.raw("timeout_ms", std::to_string(hook.timeout->count()));
    }
    if (hook.jobs) {
        params.raw("jobs", std::to_string(*hook.jobs));
    }
    if (!hook.directory.empty()) {
        params.text("cwd", hook.directory);
    }
    return params.raw("env", environment.finish())
        .raw("where", where.finish())
        .flag("asked_only", responder.asked_only)
        .text("on_failure", to_string(responder.on_failure))
        .raw("order", std::to_string(responder.order))
        .flag("shadow", responder.shadow)
        .text("scope", to_string(responder.scope))
        .finish();
}

}  // namespace hookd::hookctl
