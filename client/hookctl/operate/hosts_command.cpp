// SPDX-License-Identifier: BSL-1.0
#include "hookctl/commands.hpp"
#include "hookctl/daemon/daemon_call.hpp"
#include "hookctl/exit_status.hpp"
#include "hookctl/terminal/output.hpp"

#include <base/json/value_view.hpp>
#include <base/text/counted.hpp>
#include <base/text/quantity.hpp>
#include <hookd/protocol/methods.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace hookd::hookctl {

namespace {

constexpr std::string_view up = "up";

std::string hook_texts(std::string_view host) {
    std::string text;
    for (const auto hook : base::value_view(host)["hooks"].elements()) {
        text += (text.empty() ? "" : ", ") + hook["name"].string() + (hook["responds"] == "false" ? " (observes)" : "");
    }
    return text.empty() ? "no hook of scope cluster" : text;
}

/// `build-7  up    lease 15 s   guard, log (observes)`
std::string describe(std::string_view host, std::size_t columns) {
    const palette colour;
    const auto name = harmless(base::value_view(host)["host"].string());
    const auto state = base::value_view(host)["state"].string();
    const std::chrono::milliseconds lease{base::value_view(host)["lease_ms"].as_number<std::int64_t>().value_or(0)};
    std::string text;
    text.append(colour.bold()).append(name).append(colour.plain()).append(columns - columns_of(name) + 2, ' ');
    text.append(state == up ? colour.green() : colour.red()).append(harmless(state)).append(colour.plain());
    text += "  lease " + base::describe_duration(lease) + "  " + harmless(hook_texts(host)) + "\n";
    return text;
}

}  // namespace

int run_hosts(const invocation& call) {
    const auto answer = ask_daemon(call, protocol::cluster_hosts_params::method, {});
    const auto hosts = base::value_view(answer)["hosts"].elements();
    if (hosts.empty()) {
        report_error("the daemon is in no cluster: start it with --cluster FILE (hookd(8))");
        return exit_status::not_done;
    }
    std::size_t columns = 0;
    for (const auto host : hosts) {
        columns = std::max(columns, columns_of(harmless(base::value_view(host)["host"].string())));
    }
    std::string text;
    for (const auto host : hosts) {
        text += writes_for_programs(call.json) ? json_output(one_line(host)) + '\n' : describe(host, columns);
    }
    print(text);
    return hosts.front()["state"].string() == up ? exit_status::done : exit_status::not_done;
}

}  // namespace hookd::hookctl
