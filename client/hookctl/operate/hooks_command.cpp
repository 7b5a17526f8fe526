// SPDX-License-Identifier: BSL-1.0
#include "hookctl/commands.hpp"
#include "hookctl/daemon/daemon_call.hpp"
#include "hookctl/exit_status.hpp"
#include "hookctl/git/exec.hpp"
#include "hookctl/git/site.hpp"
#include "hookctl/on/hook_params.hpp"
#include "hookctl/repository/hook_repository.hpp"
#include "hookctl/repository/sync_command.hpp"
#include "hookctl/terminal/output.hpp"
#include "hookctl/terminal/wrapped_text.hpp"

#include <base/json/object_writer.hpp>
#include <base/json/text.hpp>
#include <base/json/value_view.hpp>
#include <base/text/counted.hpp>
#include <base/text/quantity.hpp>
#include <hookd/client.hpp>
#include <hookd/protocol/methods.hpp>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hookd::hookctl {

namespace {

using base::json_kind;

/// A string, or strings joined by blanks; empty for anything else.
std::string joined_strings(std::string_view value) {
    std::string text = base::value_view(value).string();
    for (const auto element : base::value_view(value).elements()) {
        text += (text.empty() ? "" : " ") + joined_strings(element);
    }
    return text;
}

std::string member_text(std::string_view object, std::string_view name) {
    return harmless(joined_strings(base::value_view(object)[name]));
}

/// `, p50 3.2 ms`; empty where there is no number.
std::string percentile(std::string_view hook, std::string_view member, std::string_view name) {
    const auto value = base::value_view(hook)[member].text();
    if (value.empty() || base::kind_of(value) != json_kind::number) {
        return {};
    }
    return ", " + std::string(name) + " " + std::string(value.substr(0, value.find('.') + 2)) + " ms";
}

/// `shadow; asked only when an emitter waits`: what is not as usual; empty if all is.
std::string particulars(std::string_view hook) {
    const base::value_view members(hook);
    std::vector<std::string> all;
    for (const auto& condition : members["where"].members()) {
        all.push_back("only where " + condition.key.decode() + " is " + base::value_view(condition.value).string());
    }
    if (members["shadow"].is_true()) {
        all.emplace_back("a shadow: decides nothing");
    }
    if (members["asked_only"].is_true()) {
        all.emplace_back("runs only when an emitter waits");
    }
    if (members["on_failure"].string() == "closed") {
        all.emplace_back("stops the operation if it fails or is missing");
    }
    if (const auto timeout = members["timeout_ms"].as_number<std::int64_t>()) {
        all.push_back("may take " + base::describe_duration(std::chrono::milliseconds(*timeout)));
    }
    std::string text;
    for (const auto& each : all) {
        text += (text.empty() ? "" : "; ") + harmless(each);
    }
    return text;
}

/// A line below a hook's first one, in a colour, wrapped; nothing for an empty text.
std::string detail_line(std::string_view text, std::string_view colour, std::string_view plain) {
    constexpr std::size_t indent = 4;
    if (text.empty()) {
        return {};
    }
    std::string line(indent, ' ');
    line.append(colour).append(wrapped(text, indent, indent + 2, output_columns()));
    return line.append(colour.empty() ? std::string_view{} : plain).append("\n");
}

std::string runs_text(std::string_view hook) {
    auto text = base::counted(base::value_view(hook)["runs"].as_number<std::uint64_t>().value_or(0), "run");
    text += percentile(hook, "p50_ms", "p50") + percentile(hook, "p99_ms", "p99");
    if (const auto last = member_text(hook, "last_outcome"); !last.empty()) {
        text += ", last: " + (last == "response" ? "replied" : last);
    }
    return text;
}

/// Some lines about one hook.
std::string describe(std::string_view hook) {
    const palette colour;
    const auto plain = colour.plain();
    const auto name = member_text(hook, "name");
    const auto state = member_text(hook, "state");
    const bool fine = state == protocol::to_string(protocol::hook_state::ok);
    const auto events = member_text(hook, "events");
    const auto file = harmless(hook_file_of(hook));
    std::string text;
    text.append(colour.bold()).append(name).append(plain).append("  ");
    text.append(fine ? colour.green() : colour.red()).append(state).append(plain);
    text += wrapped("  on " + (events.empty() ? "every event" : events), columns_of(name) + 2 + columns_of(state), 4,
                output_columns()) +
            "\n";
    text += detail_line(harmless(typed_command(hook)) + (file.empty() ? "" : "  (from " + file + ")"), {}, plain);
    text += detail_line(particulars(hook), {}, plain);
    if (!fine) {
        text += detail_line(member_text(hook, "why"), colour.red(), plain);
    }
    return text + detail_line(runs_text(hook), colour.dim(), plain);
}

/// Prints a hook as the daemon has it.
int print_hook(const invocation& call, const std::string& hook) {
    print(writes_for_programs(call.json) ? json_output(one_line(hook)) + '\n' : describe(hook));
    return exit_status::done;
}

/// The same, and reports that it cannot run.
int report(const invocation& call, const std::string& hook) {
    print_hook(call, hook);
    if (member_text(hook, "state") != protocol::to_string(protocol::hook_state::ok)) {
        report_error("it is registered, but cannot run: " + member_text(hook, "why"));
    }
    if (base::value_view(hook)["kept"] == "false") {
        report_error(
            "it is kept until this daemon ends, which has no registry: start hookd with --registry FILE to keep it");
    }
    return exit_status::done;
}

/// Asks the daemon about the registered hook of that name. If there is none, reports that and returns nothing.
std::optional<std::string> ask_about(
    const invocation& call, const std::string& name, std::string_view method, const std::string& params) {
    try {
        return ask_daemon(call, method, params);
    } catch (const error& failure) {
        if (failure.code() != static_cast<int>(protocol::errc::invalid_params) ||
            base::value_view(failure.data())["name"].string() != name) {
            throw;
        }
    }
    report_error("there is no registered hook '" + name + "' (hookctl hooks)");
    return std::nullopt;
}

/// The variables that `--env` names, with their values here.
std::vector<std::string> environment_of(const register_arguments& arguments) {
    std::vector<std::string> variables;
    for (const auto& each : arguments.environment) {
        if (each.find('=') != std::string::npos) {
            variables.push_back(each);
        } else if (const char* const inherited = std::getenv(each.c_str())) {
            variables.push_back(each + "=" + inherited);
        }
    }
    return variables;
}

hook_params params_of(const invocation& call, const register_arguments& arguments) {
    hook_params params;
    params.name = arguments.name;
    params.command = arguments.git ? git_exec_command(arguments.argv) : resolved_here(arguments.argv);
    params.events = arguments.patterns;
    params.timeout = call.timeout;
    params.jobs = arguments.jobs;
    if (!arguments.directory.empty()) {
        params.directory = std::filesystem::absolute(arguments.directory).lexically_normal().string();
    }
    params.environment = environment_of(arguments);
    params.as_responder = arguments.as_responder;
    if (!arguments.repository.empty()) {
        params.as_responder.where.push_back(events_of_repository(arguments.repository));
    }
    return params;
}

/// The sessions without those of the registered hooks: a JSON array.
std::string live_sessions(std::string_view stats, std::string_view hooks) {
    std::vector<std::string> registered;
    for (const auto& hook : base::value_view(hooks).elements()) {
        registered.push_back(joined_strings(hook["name"]));
    }
    std::string result = "[";
    for (const auto& session : base::value_view(stats)["sessions"].elements()) {
        if (std::find(registered.begin(), registered.end(), joined_strings(session["name"])) == registered.end()) {
            result.append(result == "[" ? "" : ",").append(session);
        }
    }
    return result += "]";
}

std::string describe_session(std::string_view session) {
    const palette colour;
    std::string text;
    text.append(colour.bold())
        .append(member_text(session, "name"))
        .append(colour.plain())
        .append("  ")
        .append(colour.green())
        .append("session");
    text.append(colour.plain())
        .append("\n    ")
        .append(colour.dim())
        .append("pid ")
        .append(base::value_view(session)["pid"])
        .append(", user ");
    text.append(base::value_view(session)["uid"])
        .append(", ")
        .append(base::counted(base::value_view(session)["queued"].as_number<std::uint64_t>().value_or(0), "event"))
        .append(" queued");
    text += base::value_view(session)["lagged"] == "true" ? ", lagged" : "";
    return text.append(colour.plain()).append("\n");
}

}  // namespace

int run_register(const invocation& call, const register_arguments& arguments) {
    // --timeout limits the command here.
    auto daemon = connect_for(call, default_answer_timeout);
    return report(call, daemon.call(protocol::register_hook_params::method, to_json(params_of(call, arguments)),
                            default_answer_timeout));
}

int run_deregister(const invocation& call, const deregister_arguments& arguments) {
    const auto result = ask_daemon(
        call, protocol::deregister_hook_params::method, base::object_writer().text("name", arguments.name).finish());
    const bool deleted = base::value_view(result)["deleted"] == "true";
    if (writes_for_programs(call.json)) {
        print(json_output(one_line(result)) + '\n');
    } else if (deleted) {
        print("deregistered " + harmless(arguments.name) + "\n");
    }
    if (deleted) {
        return exit_status::done;
    }
    report_error("there is no registered hook '" + arguments.name + "' (hookctl hooks)");
    return exit_status::vetoed;
}

int run_trust(const invocation& call, const trust_arguments& arguments) {
    if (names_hook_file(arguments.name)) {
        return trust_hook_file(call, arguments.name);
    }
    const auto hook = ask_about(call, arguments.name, protocol::trust_hook_params::method,
        base::object_writer().text("name", arguments.name).finish());
    return hook ? report(call, *hook) : exit_status::refused;
}

int run_enable(const invocation& call, const enable_arguments& arguments) {
    const auto params = base::object_writer().text("name", arguments.name).flag("enabled", arguments.enabled).finish();
    const auto hook = ask_about(call, arguments.name, protocol::enable_hook_params::method, params);
    if (!hook) {
        return exit_status::refused;
    }
    return arguments.enabled ? report(call, *hook) : print_hook(call, *hook);
}

int run_hooks(const invocation& call) {
    const auto result = ask_daemon(call, protocol::list_hooks_params::method, {});
    const auto registered = base::value_view(result)["hooks"];
    const auto stats = ask_daemon(call, protocol::stats_params::method, {});
    const auto live = live_sessions(stats, registered);
    if (writes_for_programs(call.json)) {
        print(json_output(one_line(base::object_writer().raw("hooks", registered).raw("sessions", live).finish())) +
              '\n');
        return exit_status::done;
    }
    std::string text;
    for (const auto& hook : registered.elements()) {
        text += describe(hook);
    }
    text += text.empty() ? "no hook is registered\n" : "";
    for (const auto& session : base::value_view(live).elements()) {
        text += describe_session(session);
    }
    print(text);
    return exit_status::done;
}

}  // namespace hookd::hookctl
