// SPDX-License-Identifier: BSL-1.0
#include "hookctl/commands.hpp"
#include "hookctl/daemon/daemon_call.hpp"
#include "hookctl/exit_status.hpp"
#include "hookctl/json/json_member.hpp"
#include "hookctl/terminal/duration_text.hpp"
#include "hookctl/terminal/output.hpp"

#include <hookd/protocol/counted.hpp>
#include <hookd/protocol/methods.hpp>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace hookd::hookctl {

namespace {

constexpr std::string_view up = "up";

std::string hooks_of(std::string_view host) {
    std::string text;
    for (const auto hook : elements_of(member_of(host, "hooks"))) {
        text += (text.empty() ? "" : ", ") + string_of(member_of(hook, "name")) +
                (member_of(hook, "responds") == "false" ? " (observes)" : "");
    }
    return text.empty() ? "no hook of scope cluster" : text;
}

/// `build-7  up    lease 15 s   guard, log (observes)`
std::string describe(std::string_view host, std::size_t columns) {
    const palette colour;
    const auto name = harmless(string_of(member_of(host, "host")));
    const auto state = string_of(member_of(host, "state"));
    const auto lease = member_of(host, "lease_ms");
    std::int64_t milliseconds = 0;
    std::from_chars(lease.data(), lease.data() + lease.size(), milliseconds);
    std::string text;
    text.append(colour.bold()).append(name).append(colour.plain()).append(columns - columns_of(name) + 2, ' ');
    text.append(state == up ? colour.green() : colour.red()).append(harmless(state)).append(colour.plain());
    text += "  lease " + describe_duration(std::chrono::milliseconds(milliseconds)) + "  " + harmless(hooks_of(host)) +
            "\n";
    return text;
}

}  // namespace

int run_hosts(const invocation& call) {
    const auto answer = ask_daemon(call, protocol::cluster_hosts_params::method, {});
    const auto hosts = elements_of(member_of(trimmed(answer), "hosts"));
    if (hosts.empty()) {
        report_error("the daemon is in no cluster: start it with --cluster FILE (hookd(8))");
        return exit_status::not_done;
    }
    std::size_t columns = 0;
    for (const auto host : hosts) {
        columns = std::max(columns, columns_of(harmless(string_of(member_of(host, "host")))));
    }
    std::string text;
    for (const auto host : hosts) {
        text += writes_for_programs(call.json) ? json_output(one_line(host)) + '\n' : describe(host, columns);
    }
    print(text);
    return string_of(member_of(hosts.front(), "state")) == up ? exit_status::done : exit_status::not_done;
}

}  // namespace hookd::hookctl
