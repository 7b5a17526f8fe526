// SPDX-License-Identifier: BSL-1.0
#include "hookctl/commands.hpp"
#include "hookctl/daemon/daemon_call.hpp"
#include "hookctl/exit_status.hpp"
#include "hookctl/json/json_argument.hpp"
#include "hookctl/terminal/output.hpp"

#include <base/json/object_writer.hpp>
#include <base/json/value_view.hpp>
#include <hookd/client.hpp>
#include <hookd/protocol/methods.hpp>

#include <array>
#include <chrono>
#include <cstdio>
#include <string>
#include <string_view>

namespace hookd::hookctl {

namespace {

/// The result of ping with the path at which it was asked.
std::string with_socket(std::string_view result, const std::string& path) {
    base::object_writer object;
    for (const auto& each : base::value_view(result).members()) {
        object.raw(each.key.decode(), each.value);
    }
    return object.text("socket", path).finish();
}

}  // namespace

int run_ping(const invocation& call) {
    auto daemon = connect_for(call);
    if (writes_for_programs(call.json)) {
        const auto result =
            daemon.call(protocol::ping_params::method, {}, call.timeout.value_or(default_answer_timeout));
        print(json_output(with_socket(result, daemon.path())) + '\n');
        return exit_status::done;
    }
    const auto begin = std::chrono::steady_clock::now();
    const auto info = daemon.ping();
    const std::chrono::duration<double, std::milli> trip = std::chrono::steady_clock::now() - begin;
    std::array<char, 32> elapsed{};
    std::snprintf(elapsed.data(), elapsed.size(), "%.2f ms", trip.count());
    const palette colour;
    std::string text;
    text.append(colour.green()).append("hookd ").append(harmless(info.version)).append(colour.plain());
    text += " is there, at " + harmless(daemon.path()) + ": pid " + std::to_string(info.pid) + ", protocol " +
            std::to_string(info.protocol) + ", answered in " + elapsed.data();
    text.append(colour.dim()).append("  ").append(harmless(info.instance)).append(colour.plain()).append("\n");
    print(text);
    return exit_status::done;
}

int run_call(const invocation& call, const call_arguments& arguments) {
    std::string params;
    if (arguments.params) {
        params = read_json_argument("PARAMS", *arguments.params, true);
    }
    // Without --timeout as long as it takes: only the daemon knows how long this request may wait.
    print(json_output(connect_for(call).call(arguments.method, params, call.timeout)) + '\n');
    return exit_status::done;
}

}  // namespace hookd::hookctl
