// SPDX-License-Identifier: BSL-1.0
#include "hook_params.hpp"

#include "hookctl/arguments.hpp"
#include "hookctl/terminal/output.hpp"

#include <base/json/object_writer.hpp>
#include <base/text/utf8.hpp>

#include <hookd/protocol/methods.hpp>

#include <string>
#include <string_view>

namespace hookd::hookctl {

namespace {

/// JSON has no room for other bytes, and a command with others in their place is another command.
void check_is_utf8(std::string_view role, std::string_view text) {
    if (!base::is_utf8(text)) {
        throw usage_error(std::string(role) + " is not UTF-8: " + harmless(text) +
                          "; the daemon takes UTF-8 only: rename the file, or have a script use the other bytes");
    }
}

}  // namespace

std::string to_json(const hook_params& hook) {
    for (const auto& each : hook.command) {
        check_is_utf8("a word of the command", each);
    }
    check_is_utf8("the directory of the command", hook.directory);
    base::object_writer environment;
    for (const auto& each : hook.environment) {
        check_is_utf8("a variable of --env", each);
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
