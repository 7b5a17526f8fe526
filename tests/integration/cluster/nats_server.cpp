// SPDX-License-Identifier: BSL-1.0
#include "nats_server.hpp"

#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <regex>
#include <stdexcept>

namespace hookd::test {

std::string nats_server_binary() {
    if (const char* path = std::getenv("HOOKD_TEST_NATS_SERVER"); path != nullptr && *path != '\0') {
        return path;
    }
    for (const char* path : {"/usr/sbin/nats-server", "/usr/bin/nats-server", "/usr/local/bin/nats-server"}) {
        if (::access(path, X_OK) == 0) {
            return path;
        }
    }
    return {};
}

boost::test_tools::assertion_result has_nats_server(boost::unit_test::test_unit_id) {
    boost::test_tools::assertion_result result(!nats_server_binary().empty());
    result.message() << "SKIPPED: there is no nats-server. Install it, or name it in HOOKD_TEST_NATS_SERVER.";
    return result;
}

nats_server::nats_server(std::string more, bool has_jetstream) {
    std::string text = std::move(more) + "\n";
    if (has_jetstream) {
        text += "jetstream { store_dir: \"" + directory_ / "store" + "\" }\n";
    }
    write_file(directory_ / "nats.conf", text);
    run("-1");
}

std::string nats_server::url(const std::string& user, const std::string& behind) const {
    return "nats://" + user + (user.empty() ? "" : "@") + "127.0.0.1:" + port_ + behind;
}

std::string nats_server::answer_to(const std::string& user, const std::string& password, const std::string& bytes) {
    const std::string connect = R"(CONNECT {"verbose":false,"user":")" + user + R"(","pass":")" + password + "\"}\r\n";
    child_process client{{"socat", "-", "TCP:127.0.0.1:" + port_}};
    client.write_input(connect + bytes + "PING\r\n");
    client.wait_for_out("PONG\r\n");
    return client.out();
}

void nats_server::kill() {
    if (!process_->has_ended()) {
        process_->signal(SIGKILL);
        process_->wait();
    }
}

void nats_server::start() { run(port_); }

void nats_server::start_empty() {
    std::filesystem::remove_all(directory_ / "store");
    run(port_);
}

void nats_server::run(const std::string& port) {
    process_ = std::make_unique<child_process>(
        std::vector<std::string>{nats_server_binary(), "-c", directory_ / "nats.conf", "-a", "127.0.0.1", "-p", port});
    process_->wait_for_err("Server is ready");
    const std::string log = process_->err();
    std::smatch found;
    if (!std::regex_search(log, found, std::regex{"Listening for client connections on 127\\.0\\.0\\.1:([0-9]+)"})) {
        throw std::runtime_error("nats-server does not say where it listens:\n" + log);
    }
    port_ = found[1];
}

}  // namespace hookd::test
