// SPDX-License-Identifier: BSL-1.0
#include "hookctl/commands.hpp"
#include "hookctl/daemon/daemon_call.hpp"
#include "hookctl/exit_status.hpp"
#include "hookctl/json/json_argument.hpp"
#include "hookctl/json/json_member.hpp"
#include "hookctl/json/json_object.hpp"
#include "hookctl/terminal/duration_text.hpp"
#include "hookctl/terminal/output.hpp"

#include <hookd/client.hpp>
#include <hookd/protocol/counted.hpp>
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
    std::vector<std::string> there;
    for (const auto responder : elements_of(member_of(answer, "responders"))) {
        there.push_back(string_of(member_of(responder, "name")));
        if (const auto host = member_of(responder, "host"); !host.empty()) {
            there.push_back(string_of(host) + "/" + there.back());
        }
    }
    std::vector<std::string> absent;
    for (const auto required : elements_of(member_of(answer, "require"))) {
        if (auto name = string_of(required); std::find(there.begin(), there.end(), name) == there.end()) {
            absent.push_back(std::move(name));
        }
    }
    return absent;
}

/// `session, pid 12, order 5, insists, lagged`
std::string describe_responder(std::string_view responder) {
    auto text = string_of(member_of(responder, "kind"));
    if (const auto pid = member_of(responder, "pid"); !pid.empty()) {
        text.append(", pid ").append(pid);
    }
    if (const auto host = member_of(responder, "host"); !host.empty()) {
        text += ", on host " + string_of(host);
    }
    if (const auto order = member_of(responder, "order"); !order.empty() && order != "0") {
        text.append(", order ").append(order);
    }
    if (string_of(member_of(responder, "on_failure")) == "closed") {
        text += ", insists on being heard";
    }
    if (const auto state = string_of(member_of(responder, "state")); state != "ok") {
        text += ", " + state;
    }
    return text;
}

std::string describe(std::string_view answer, const std::vector<std::string>& absent) {
    const palette colour;
    std::vector<std::pair<std::string, std::string>> lines;
    std::size_t columns = 0;
    for (const auto responder : elements_of(member_of(answer, "responders"))) {
        lines.emplace_back(harmless(string_of(member_of(responder, "name"))), harmless(describe_responder(responder)));
        columns = std::max(columns, columns_of(lines.back().first));
    }
    std::string text =
        lines.empty() ? "no hook would be asked" : protocol::counted(lines.size(), "hook") + " would be asked";
    text += ", " + protocol::counted(number_of(member_of(answer, "observers")), "observer") + " notified\n";
    for (const auto& [name, what] : lines) {
        text.append("  ")
            .append(colour.bold())
            .append(name)
            .append(colour.plain())
            .append(columns - columns_of(name) + 2, ' ')
            .append(what)
            .append("\n");
    }
    for (const auto& name : absent) {
        text.append("  ")
            .append(colour.red())
            .append(harmless(name))
            .append(" is required, and absent")
            .append(colour.plain())
            .append("\n");
    }
    const std::chrono::milliseconds timeout(static_cast<std::int64_t>(number_of(member_of(answer, "timeout_ms"))));
    return text + "by default: policy " + harmless(string_of(member_of(answer, "policy"))) + ", failure policy " +
           harmless(string_of(member_of(answer, "failure_policy"))) + ", " + describe_duration(timeout) +
           "; emit --wait, git and agents ask with policy veto\n";
}

}  // namespace

int run_who(const invocation& call, const who_arguments& arguments) {
    json_object params;
    params.text("event", arguments.event);
    if (arguments.payload) {
        params.raw("payload", read_json_argument("PAYLOAD", *arguments.payload));
    }
    if (arguments.scope) {
        params.text("scope", to_string(*arguments.scope));
    }
    const auto answer = ask_daemon(call, protocol::who_params::method, params.finish());
    const auto absent = absent_names(trimmed(answer));
    print(writes_for_programs(call.json) ? json_output(one_line(answer)) + '\n' : describe(trimmed(answer), absent));
    return absent.empty() ? exit_status::done : exit_status::not_done;
}

}  // namespace hookd::hookctl
