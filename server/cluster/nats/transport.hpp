// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "cluster/nats/url.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/system/error_code.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace hookd::nats {

/// What TLS is done with, as `target` says. Throws std::invalid_argument naming a file that can't be used.
[[nodiscard]] std::shared_ptr<boost::asio::ssl::context> make_tls_context(const url& target);

/// A TCP connection that may turn to TLS after a server's first line.
///
/// Thread-safety: none. Lifetime: must outlive its handlers, which close() ends with an error.
class transport {
public:
    using connect_handler = std::function<void(boost::system::error_code)>;
    using transfer_handler = std::function<void(boost::system::error_code, std::size_t)>;

    explicit transport(const boost::asio::any_io_executor& executor) : resolver_(executor), socket_(executor) {}

    /// Tries each address of the host.
    void connect(const server_address& server, connect_handler done);
    /// `host`: whose certificate it has to be.
    void start_tls(std::shared_ptr<boost::asio::ssl::context> context, const std::string& host, connect_handler done);
    void read_some(boost::asio::mutable_buffer buffer, transfer_handler done);
    /// Writes what the kernel takes at once, and returns how much that was: nothing with TLS, and nothing after a
    /// failure, which write() then reports.
    [[nodiscard]] std::size_t write_at_once(boost::asio::const_buffer bytes);
    /// Writes all of it.
    void write(boost::asio::const_buffer bytes, transfer_handler done);
    void close();

private:
    boost::asio::ip::tcp::resolver resolver_;
    boost::asio::ip::tcp::socket socket_;
    std::shared_ptr<boost::asio::ssl::context> context_{};
    std::optional<boost::asio::ssl::stream<boost::asio::ip::tcp::socket&>> tls_{};
};

}  // namespace hookd::nats
