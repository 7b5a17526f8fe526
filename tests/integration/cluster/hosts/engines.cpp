// SPDX-License-Identifier: BSL-1.0
#include "engines.hpp"

#include "support/json_access.hpp"

#include <filesystem>
#include <fstream>

namespace hookd::test {
namespace {

std::vector<std::string> arguments_of(const std::string& name, const std::vector<std::string>& clusters, int lease_ms) {
    std::vector<std::string> arguments{
        "--cluster-host", name, "--cluster-lease", std::to_string(lease_ms) + "ms", "--journal", "off"};
    for (const auto& each : clusters) {
        arguments.insert(arguments.end(), {"--cluster", each});
    }
    return arguments;
}

}  // namespace

boost::test_tools::assertion_result with_both_engines(boost::unit_test::test_unit_id unit) {
    auto result = with_postgres(unit);
    if (result) {
        result = has_nats_server(unit);
    }
    if (result && !std::filesystem::exists(link_program("hookd-nats"))) {
        result = boost::test_tools::assertion_result(false);
        result.message() << "SKIPPED: hookd-nats was not built";
    }
    return result;
}

url_file::url_file(const std::string& url) { write_secret(path(), "# the cluster of a test\n" + url + "\n"); }

clustered_host::clustered_host(
    const std::string& name, const std::vector<std::string>& clusters, int lease_ms, const spawn_options& options)
    : daemon_(arguments_of(name, clusters, lease_ms), options) {}

void clustered_host::await_up() {
    eventually("the links are up", [this] {
        const auto stats = daemon_.stats();
        if (!has_at(stats, "/cluster/links")) {
            return text_at(stats, "/cluster/state") == "up";
        }
        bool all = true;
        for (const auto& each : value_at(stats, "/cluster/links").as_array()) {
            all = all && text_at(each, "/state") == "up";
        }
        return all;
    });
}

void clustered_host::await_down() {
    eventually("the link is down", [this] { return text_at(daemon_.stats(), "/cluster/state") != "up"; });
}

wire_client clustered_host::hook(const std::string& name, const std::string& event) {
    auto peer = daemon_.connect();
    subscribe(peer, event, R"("scope":"cluster","name":")" + name + '"');
    return peer;
}

std::string clustered_host::ask(wire_client& emitter, const std::string& event, const std::string& more) {
    return send_emit_and_wait(emitter, event,
        R"("scope":"cluster","policy":"veto","failure_policy":"closed")" + (more.empty() ? "" : "," + more));
}

finished_process clustered_host::hookctl(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {hookctl_binary(), "--socket", daemon_.socket_path(), "--json"});
    return run_program(std::move(arguments));
}

pid_t clustered_host::helper() const {
    const auto pid = std::to_string(daemon_.pid());
    pid_t child = 0;
    eventually(
        "the helper runs", [&] { return bool(std::ifstream{"/proc/" + pid + "/task/" + pid + "/children"} >> child); });
    return child;
}

}  // namespace hookd::test
