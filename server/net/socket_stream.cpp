// SPDX-License-Identifier: BSL-1.0
#include "socket_stream.hpp"

#include <utility>

#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

namespace hookd::server::net {
namespace {

boost::asio::socket_base::wait_type wait_type_of(stream::readiness ready) noexcept {
    switch (ready) {
        case stream::readiness::read:
            return boost::asio::socket_base::wait_read;
        case stream::readiness::write:
            return boost::asio::socket_base::wait_write;
        case stream::readiness::error:
            break;
    }
    return boost::asio::socket_base::wait_error;
}

}  // namespace

socket_stream::socket_stream(stream_socket socket, connection_strand strand)
    : socket_(std::move(socket)), strand_(std::move(strand)) {}

ssize_t socket_stream::read(char* buffer, std::size_t room) noexcept {
    return ::recv(socket_.native_handle(), buffer, room, MSG_DONTWAIT);
}

ssize_t socket_stream::write(const iovec* parts, std::size_t count) noexcept {
    constexpr int flags = MSG_DONTWAIT | MSG_NOSIGNAL;
    // Mostly it is one part, which costs the kernel less to take by send().
    if (count == 1) {
        return ::send(socket_.native_handle(), parts[0].iov_base, parts[0].iov_len, flags);
    }
    msghdr message{};
    message.msg_iov = const_cast<iovec*>(parts);  // sendmsg() does not write to it
    message.msg_iovlen = count;
    return ::sendmsg(socket_.native_handle(), &message, flags);
}

void socket_stream::async_wait(readiness ready, std::shared_ptr<observer> waiting) {
    auto handler = [ready, waiting = std::move(waiting)](const boost::system::error_code& failure) {
        if (!failure) {
            waiting->on_stream_ready(ready);
        }
    };
    strand_.with_handler(
        std::move(handler), [this, ready](auto bound) { socket_.async_wait(wait_type_of(ready), std::move(bound)); });
}

int socket_stream::unread_by_peer() noexcept {
    int bytes = 0;
    return ::ioctl(socket_.native_handle(), SIOCOUTQ, &bytes) == 0 ? bytes : 0;
}

void socket_stream::shut_down_writing() noexcept { ::shutdown(socket_.native_handle(), SHUT_WR); }

void socket_stream::shut_down_reading() noexcept { ::shutdown(socket_.native_handle(), SHUT_RD); }

void socket_stream::close() noexcept {
    boost::system::error_code ignored;
    socket_.close(ignored);
}

}  // namespace hookd::server::net
