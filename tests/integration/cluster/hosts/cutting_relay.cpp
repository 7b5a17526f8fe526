// SPDX-License-Identifier: BSL-1.0
#include "cutting_relay.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>
#include <vector>

namespace hookd::test {
namespace {

void check_call(int result) {
    if (result < 0) {
        throw std::system_error(errno, std::generic_category(), "a relay");
    }
}

base::unique_fd tcp_socket() {
    base::unique_fd made{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    check_call(made.get());
    return made;
}

sockaddr_in loopback(int port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

// A write for each read, none of which waits for another.
void send_at_once(const base::unique_fd& socket) {
    const int on = 1;
    ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

}  // namespace

cutting_relay::cutting_relay(const std::string& target_port)
    : target_port_(std::stoi(target_port)), listener_(tcp_socket()) {
    auto address = loopback(0);
    socklen_t size = sizeof address;
    check_call(::bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address), size));
    check_call(::listen(listener_.get(), SOMAXCONN));
    check_call(::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size));
    port_ = std::to_string(ntohs(address.sin_port));
    std::array<int, 2> ends{};
    check_call(::pipe2(ends.data(), O_CLOEXEC));
    stop_ = {base::unique_fd{ends[0]}, base::unique_fd{ends[1]}};
    thread_ = std::thread{[this] { run(); }};
}

cutting_relay::~cutting_relay() {
    stop_[1].reset();
    thread_.join();
}

void cutting_relay::cut_after(way direction, std::size_t bytes) {
    const std::lock_guard lock{mutex_};
    limit_ = limit{direction, bytes};
    has_cut_ = false;
    passed_ = {};
}

bool cutting_relay::has_cut() const {
    const std::lock_guard lock{mutex_};
    return has_cut_;
}

std::size_t cutting_relay::passed(way direction) const {
    const std::lock_guard lock{mutex_};
    return passed_[static_cast<std::size_t>(direction)];
}

void cutting_relay::run() {
    for (;;) {
        std::vector<pollfd> polled{{stop_[0].get(), POLLIN, 0}, {listener_.get(), POLLIN, 0}};
        for (const auto& each : connections_) {
            polled.push_back({each[0].get(), POLLIN, 0});
            polled.push_back({each[1].get(), POLLIN, 0});
        }
        ::poll(polled.data(), polled.size(), -1);
        if (polled[0].revents != 0) {
            return;
        }
        std::size_t at = 2;
        for (auto each = connections_.begin(); each != connections_.end(); at += 2) {
            const bool goes_on =
                (polled[at].revents == 0 || pass(*each, 0)) && (polled[at + 1].revents == 0 || pass(*each, 1));
            each = goes_on ? std::next(each) : connections_.erase(each);
        }
        if (polled[1].revents != 0) {
            accept();
        }
    }
}

void cutting_relay::accept() {
    base::unique_fd link{::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC)};
    base::unique_fd engine = tcp_socket();
    const auto address = loopback(target_port_);
    if (link && ::connect(engine.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
        send_at_once(link);
        send_at_once(engine);
        connections_.push_back({std::move(link), std::move(engine)});
    }
}

bool cutting_relay::pass(const connection& both, std::size_t from) {
    std::array<char, 65'536> bytes;
    const auto got = ::recv(both[from].get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
    if (got <= 0) {
        return got < 0 && (errno == EAGAIN || errno == EINTR);
    }
    const auto count = static_cast<std::size_t>(got);
    const auto taken = allowed(from, count);
    for (std::size_t sent = 0; sent < taken;) {
        const auto more = ::send(both[1 - from].get(), bytes.data() + sent, taken - sent, MSG_NOSIGNAL);
        if (more < 0) {
            return false;
        }
        sent += static_cast<std::size_t>(more);
    }
    return taken == count;
}

std::size_t cutting_relay::allowed(std::size_t from, std::size_t bytes) {
    const std::lock_guard lock{mutex_};
    auto taken = bytes;
    if (limit_ && static_cast<std::size_t>(limit_->direction) == from) {
        taken = std::min(bytes, limit_->left);
        limit_->left -= taken;
    }
    if (taken < bytes) {
        limit_.reset();
        has_cut_ = true;
    }
    passed_[from] += taken;
    return taken;
}

}  // namespace hookd::test
