// SPDX-License-Identifier: BSL-1.0
#include "socket_relay.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <csignal>
#include <stdexcept>
#include <utility>
#include <vector>

namespace hookd::test {

int free_port() {
    const base::unique_fd socket{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), size) != 0 ||
        ::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) {
        throw std::runtime_error("no loopback port is free");
    }
    return ntohs(address.sin_port);
}

socket_relay::socket_relay(std::string target_port)
    : target_port_(std::move(target_port)), port_(std::to_string(free_port())) {
    start();
}

// A process for each connection, in a group of their own.
void socket_relay::start() {
    spawn_options alone;
    alone.new_session = true;
    process_ = std::make_unique<child_process>(
        std::vector<std::string>{
            "socat", "TCP-LISTEN:" + port_ + ",bind=127.0.0.1,reuseaddr,fork", "TCP:127.0.0.1:" + target_port_},
        alone);
}

socket_relay::~socket_relay() { ::kill(-process_->pid(), SIGKILL); }

void socket_relay::stall() { ::kill(-process_->pid(), SIGSTOP); }

void socket_relay::go_on() { ::kill(-process_->pid(), SIGCONT); }

void socket_relay::cut() {
    ::kill(-process_->pid(), SIGKILL);
    process_->wait();
}

}  // namespace hookd::test
