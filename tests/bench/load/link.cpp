// SPDX-License-Identifier: BSL-1.0
#include "link.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace hookd::bench {
namespace {

[[noreturn]] void throw_errno(const std::string& what) {
    throw std::system_error(errno, std::generic_category(), what);
}

int open_socket(const std::string& address) {
    int result = -1;
    int refused = 0;
    if (address.starts_with("tcp:")) {
        sockaddr_in where{};
        where.sin_family = AF_INET;
        where.sin_port = htons(static_cast<std::uint16_t>(std::stoi(address.substr(4))));
        where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        result = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        const int on = 1;
        ::setsockopt(result, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        refused = ::connect(result, reinterpret_cast<const sockaddr*>(&where), sizeof where);
    } else {
        sockaddr_un where{};
        where.sun_family = AF_UNIX;
        if (address.size() >= sizeof where.sun_path) {
            throw std::runtime_error("the path is too long: " + address);
        }
        std::memcpy(where.sun_path, address.data(), address.size());
        result = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        refused = ::connect(result, reinterpret_cast<const sockaddr*>(&where), sizeof where);
    }
    if (result < 0 || refused != 0) {
        const int why = errno;
        ::close(result);
        throw std::system_error(why, std::generic_category(), "connecting to " + address);
    }
    return result;
}

}  // namespace

link::link(const std::string& address) : socket_(open_socket(address)) {}

link::link(link&& other) noexcept
    : socket_(std::exchange(other.socket_, -1)),
      buffer_(std::move(other.buffer_)),
      capacity_(std::exchange(other.capacity_, 0)),
      begin_(std::exchange(other.begin_, 0)),
      end_(std::exchange(other.end_, 0)) {}

link::~link() {
    if (socket_ >= 0) {
        ::close(socket_);
    }
}

void link::write(std::string_view bytes) { write_all(socket_, bytes); }

void link::discard() {
    char nothing[16'384];
    while (::recv(socket_, nothing, sizeof nothing, MSG_DONTWAIT) == static_cast<ssize_t>(sizeof nothing)) {
    }
}

void link::read() {
    if (begin_ == end_) {
        begin_ = end_ = 0;
    }
    if (capacity_ - end_ < read_room) {
        const std::size_t held = end_ - begin_;
        if (begin_ < held + read_room) {  // moving it to the front would soon have to be done again
            capacity_ = 2 * (held + read_room);
            auto larger = std::make_unique_for_overwrite<char[]>(capacity_);
            std::memcpy(larger.get(), buffer_.get() + begin_, held);
            buffer_ = std::move(larger);
        } else {
            std::memmove(buffer_.get(), buffer_.get() + begin_, held);
        }
        begin_ = 0;
        end_ = held;
    }
    for (;;) {
        const ssize_t got = ::recv(socket_, buffer_.get() + end_, capacity_ - end_, 0);
        if (got > 0) {
            end_ += static_cast<std::size_t>(got);
            return;
        }
        if (got == 0) {
            throw std::runtime_error("the broker has closed the connection");
        }
        if (errno != EINTR) {
            throw_errno("recv");
        }
    }
}

void write_all(int socket, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t wrote = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (wrote < 0) {
            if (errno == EINTR) {
                continue;
            }
            throw_errno("send");
        }
        bytes.remove_prefix(static_cast<std::size_t>(wrote));
    }
}

}  // namespace hookd::bench
