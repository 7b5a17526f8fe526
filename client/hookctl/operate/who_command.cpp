// SPDX-License-Identifier: BSL-1.0
#include "hookctl/commands.hpp"
#include "hookctl/daemon/daemon_call.hpp"
#include "hookctl/exit_status.hpp"
#include "hookctl/journal/outcome_text.hpp"
#include "hookctl/json/json_argument.hpp"
#include "hookctl/terminal/output.hpp"
#include "hookctl/terminal/wrapped_text.hpp"

#include <base/json/object_writer.hpp>
#include <base/json/pointer.hpp>
#include <base/json/value_view.hpp>
#include <base/text/counted.hpp>
#include <base/text/quantity.hpp>
#include <base/text/shell_word.hpp>
#include <hookd/client.hpp>
#include <hookd/protocol/methods.hpp>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace hookd::hookctl {

namespace {

std::uint64_t number_of(std::string_view value) {
    std::uint64_t number = 0;
    std::from_chars(value.data(), value.data() + value.size(), number);
    return number;
}

/// The names in `require` that no responder has.
std::vector<std::string> absent_names(std::string_view answer) {
    std::vector<std::string> asked;
    for (const auto responder : base::value_view(answer)["responders"].elements()) {
        asked.push_back(responder["name"].string());
        if (const auto host = responder["host"]; !host.empty()) {
            asked.push_back(base::value_view(host).string() + "/" + asked.back());
        }
    }
    std::vector<std::string> absent;
    for (const auto required : base::value_view(answer)["require"].elements()) {
        if (auto name = required.string(); std::find(asked.begin(), asked.end(), name) == asked.end()) {
            absent.push_back(std::move(name));
        }
    }
    return absent;
}

/// What ends a state in which a hook is missing.
std::string cure_of(std::string_view state, std::string_view hook) {
    if (state == "lagged") {
        return "it has caught up";
    }
    return state == "untrusted" ? "you run hookctl trust " + base::shell_word(hook)
                                : "it can run: hookctl hooks says why it cannot";
}

/// `session, pid 12, order 5, stops the operation if it is missing, untrusted: it is missing until …`
std::string describe_responder(std::string_view responder) {
    auto text = base::value_view(responder)["kind"].string();
    if (const auto pid = base::value_view(responder)["pid"]; !pid.empty()) {
        text.append(", pid ").append(pid);
    }
    if (const auto host = base::value_view(responder)["host"]; !host.empty()) {
        text += ", on host " + base::value_view(host).string();
    }
    if (const auto order = base::value_view(responder)["order"]; !order.empty() && order != "0") {
        text.append(", order ").append(order);
    }
    if (base::value_view(responder)["on_failure"].string() == "closed") {
        text += ", stops the operation if it is missing";
    }
    if (const auto state = base::value_view(responder)["state"].string(); state == "shadow") {
        text += ", shadow: it decides nothing";
    } else if (state != "ok") {
        text += ", " + state + ": it is missing until " + cure_of(state, base::value_view(responder)["name"].string());
    }
    return text;
}

/// `1 hook would be asked, 2 would be missing, 1 shadow, 0 observers notified`
std::string summary_of(std::string_view answer) {
    std::size_t asked = 0;
    std::size_t missing = 0;
    std::size_t shadows = 0;
    for (const auto responder : base::value_view(answer)["responders"].elements()) {
        const auto state = responder["state"].string();
        ++(state == "ok" ? asked : state == "shadow" ? shadows : missing);
    }
    auto text = (asked == 0 ? "no hook" : base::counted(asked, "hook")) + " would be asked";
    if (missing > 0) {
        text += ", " + std::to_string(missing) + " would be missing";
    }
    if (shadows > 0) {
        text += ", " + base::counted(shadows, "shadow");
    }
    return text + ", " + base::counted(number_of(base::value_view(answer)["observers"]), "observer") + " notified\n";
}

/// What a question of scope cluster meets where this host's link to the others is not up; empty where it is.
std::string describe_link(const invocation& call) {
    const auto ping = ask_daemon(call, protocol::ping_params::method, {});
    const auto state = base::value_view(base::value_view(ping)["cluster"])["state"].string();
    const palette colour;
    std::string text;
    if (state != "up") {
        text.append("  ").append(colour.red()).append("the link to other hosts is ").append(harmless(state));
        text.append(": their hooks are not asked, and \"cluster\" is missing; see hookctl doctor");
        text.append(colour.plain()).append("\n");
    }
    return text;
}

std::string describe(std::string_view answer, const std::vector<std::string>& absent) {
    const palette colour;
    std::vector<std::pair<std::string, std::string>> lines;
    const auto columns = output_columns();
    std::size_t name_columns = 0;
    for (const auto responder : base::value_view(answer)["responders"].elements()) {
        lines.emplace_back(harmless(responder["name"].string()), harmless(describe_responder(responder)));
        name_columns = std::max(name_columns, columns_of(lines.back().first));
    }
    auto text = summary_of(answer);
    for (const auto& [name, description] : lines) {
        text.append("  ")
            .append(colour.bold())
            .append(name)
            .append(colour.plain())
            .append(name_columns - columns_of(name) + 2, ' ')
            .append(wrapped(description, name_columns + 4, name_columns + 4, columns))
            .append("\n");
    }
    for (const auto& each : passed_over_in(answer)) {
        const auto head = "  " + harmless(each.name) + "  not asked: ";
        text += head + wrapped(passed_over_advice(each), columns_of(head), 4, columns) + "\n";
    }
    for (const auto& name : absent) {
        text.append("  ")
            .append(colour.red())
            .append(harmless(name))
            .append(" is required, and absent")
            .append(colour.plain())
            .append("\n");
    }
    const std::chrono::milliseconds timeout(
        static_cast<std::int64_t>(number_of(base::value_view(answer)["timeout_ms"])));
    return text +
           wrapped("by default: policy " + harmless(base::value_view(answer)["policy"].string()) + ", failure policy " +
                       harmless(base::value_view(answer)["failure_policy"].string()) + ", " +
                       base::describe_duration(timeout) + "; emit --wait, git and agents ask with policy veto",
               0, 2, columns) +
           "\n";
}

}  // namespace

int run_who(const invocation& call, const who_arguments& arguments) {
    base::object_writer params;
    params.text("event", arguments.event);
    if (arguments.payload) {
        params.raw("payload", read_json_argument("PAYLOAD", *arguments.payload));
    }
    if (arguments.scope) {
        params.text("scope", to_string(*arguments.scope));
    }
    const auto answer = ask_daemon(call, protocol::who_params::method, params.finish());
    const auto absent = absent_names(base::trimmed_json(answer));
    if (writes_for_programs(call.json)) {
        print(json_output(one_line(answer)) + '\n');
    } else {
        const bool spans_hosts = arguments.scope == protocol::event_scope::cluster;
        print(describe(base::trimmed_json(answer), absent) + (spans_hosts ? describe_link(call) : ""));
    }
    return absent.empty() ? exit_status::done : exit_status::not_done;
}

}  // namespace hookd::hookctl
