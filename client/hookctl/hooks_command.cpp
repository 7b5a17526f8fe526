#include "commands.hpp"
#include "daemon_call.hpp"
#include "duration_text.hpp"
#include "exit_status.hpp"
#include "git_exec.hpp"
#include "json_object.hpp"
#include "output.hpp"

#include <hookd/client.hpp>
#include <hookd/protocol/json_text.hpp>
#include <hookd/protocol/methods.hpp>

#include <charconv>
#include <string>
#include <string_view>

namespace hookd::hookctl {

namespace {

using protocol::json_kind;

/// A member of a valid JSON object; empty where there is none.
std::string_view member_of(std::string_view object, std::string_view name) {
    protocol::json_cursor members(object);
    while (const auto member = members.next()) {
        if (member->key.equals(name)) {
            return member->value;
        }
    }
    return {};
}

/// A string, or strings joined by blanks; empty for anything else.
std::string text_of(std::string_view value) {
    if (value.empty()) {
        return {};
    }
    if (protocol::kind_of(value) == json_kind::string) {
        return protocol::json_string{value.substr(1, value.size() - 2)}.decode();
    }
    std::string joined;
    if (protocol::kind_of(value) == json_kind::array) {
        protocol::json_cursor elements(value);
        while (const auto element = elements.next()) {
            joined += (joined.empty() ? "" : " ") + text_of(element->value);
        }
    }
    return joined;
}

std::string member_text(std::string_view object, std::string_view name) {
    return harmless(text_of(member_of(object, name)));
}

/// `, p50 3.2 ms`; empty where there is no number.
std::string percentile(std::string_view hook, std::string_view member, std::string_view name) {
    const auto value = member_of(hook, member);
    if (value.empty() || protocol::kind_of(value) != json_kind::number) {
        return {};
    }
    return ", " + std::string(name) + " " + std::string(value.substr(0, value.find('.') + 2)) + " ms";
}

/// Some lines about one hook.
std::string describe(std::string_view hook) {
    const palette colour;
    const auto state = member_text(hook, "state");
    const bool fine = state == protocol::to_string(protocol::hook_state::ok);
    const auto events = member_text(hook, "events");
    std::string text;
    text.append(colour.bold()).append(member_text(hook, "name")).append(colour.plain()).append("  ");
    text.append(fine ? colour.green() : colour.red()).append(state).append(colour.plain());
    text += "  on " + (events.empty() ? "every event" : events) + "\n    " + member_text(hook, "command") + "\n";
    if (const auto timeout = member_of(hook, "timeout_ms"); protocol::kind_of(timeout) == json_kind::number) {
        std::int64_t milliseconds = 0;
        std::from_chars(timeout.data(), timeout.data() + timeout.size(), milliseconds);
        text += "    may take " + describe_duration(std::chrono::milliseconds(milliseconds)) + "\n";
    }
    if (!fine) {
        text.append("    ").append(colour.red()).append(member_text(hook, "why")).append(colour.plain()).append("\n");
    }
    const std::string runs(member_of(hook, "runs"));
    text.append("    ").append(colour.dim()).append(runs).append(runs == "1" ? " run" : " runs");
    text += percentile(hook, "p50_ms", "p50") + percentile(hook, "p99_ms", "p99");
    if (const auto last = member_text(hook, "last_outcome"); !last.empty()) {
        text += ", last: " + last;
    }
    return text.append(colour.plain()).append("\n");
}

/// Prints a hook as the daemon has it, and says where it cannot run.
int report(const invocation& call, const std::string& hook) {
    print(writes_for_programs(call.json) ? json_output(one_line(hook)) + '\n' : describe(hook));
    if (member_text(hook, "state") != protocol::to_string(protocol::hook_state::ok)) {
        complain("it is registered, but cannot run: " + member_text(hook, "why"));
    }
    return exit_status::done;
}

std::string ask(const invocation& call, std::string_view method, const std::string& params) {
    return connect_for(call).call(method, params, call.timeout.value_or(default_answer_timeout));
}

}  // namespace

int run_register(const invocation& call, const register_arguments& arguments) {
    json_object params;
    params.text("name", arguments.name)
        .texts("command", arguments.git ? git_exec_command(arguments.argv) : resolved_here(arguments.argv))
        .texts("events", arguments.patterns);
    if (call.timeout) {
        params.raw("timeout_ms", std::to_string(call.timeout->count()));
    }
    // --timeout is the command's here.
    auto daemon = connect_for(call, default_answer_timeout);
    return report(call, daemon.call(protocol::register_hook_params::method, params.finish(), default_answer_timeout));
}

int run_deregister(const invocation& call, const deregister_arguments& arguments) {
    const auto result = ask(call, protocol::deregister_hook_params::method, json_object().text("name", arguments.name).finish());
    const bool deleted = member_of(result, "deleted") == "true";
    if (writes_for_programs(call.json)) {
        print(json_output(one_line(result)) + '\n');
    } else if (deleted) {
        print("deregistered " + harmless(arguments.name) + "\n");
    }
    if (deleted) {
        return exit_status::done;
    }
    complain("there is no registered hook '" + arguments.name + "' (hookctl hooks)");
    return exit_status::vetoed;
}

int run_trust(const invocation& call, const trust_arguments& arguments) {
    return report(call, ask(call, protocol::trust_hook_params::method, json_object().text("name", arguments.name).finish()));
}

int run_hooks(const invocation& call) {
    const auto result = ask(call, protocol::list_hooks_params::method, {});
    if (writes_for_programs(call.json)) {
        print(json_output(one_line(result)) + '\n');
        return exit_status::done;
    }
    std::string text;
    protocol::json_cursor hooks(member_of(result, "hooks"));
    while (const auto hook = hooks.next()) {
        text += describe(hook->value);
    }
    print(text.empty() ? "no hook is registered\n" : text);
    return exit_status::done;
}

}  // namespace hookd::hookctl
