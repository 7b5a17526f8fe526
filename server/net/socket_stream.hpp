// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "connection_strand.hpp"
#include "stream.hpp"

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>

namespace hookd::server::net {

/// The socket type of the listener: bound to the context, not to a type-erased executor, which would cost each
/// operation.
using stream_socket =
    boost::asio::basic_stream_socket<boost::asio::local::stream_protocol, boost::asio::io_context::executor_type>;

/// A connected unix domain socket.
class socket_stream final : public stream {
public:
    socket_stream(stream_socket socket, connection_strand strand);

    [[nodiscard]] ssize_t read(char* buffer, std::size_t room) noexcept override;
    [[nodiscard]] ssize_t write(const iovec* parts, std::size_t count) noexcept override;
    void async_wait(readiness ready, std::shared_ptr<observer> waiting) override;
    [[nodiscard]] int unread_by_peer() noexcept override;
    void shut_down_writing() noexcept override;
    void shut_down_reading() noexcept override;
    void close() noexcept override;

private:
    stream_socket socket_;
    connection_strand strand_;
};

}  // namespace hookd::server::net
