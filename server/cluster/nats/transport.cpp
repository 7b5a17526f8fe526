// SPDX-License-Identifier: BSL-1.0
#include "cluster/nats/transport.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/write.hpp>

#include <stdexcept>
#include <utility>

namespace hookd::nats {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

void require_file(const error_code& failure, const char* option, const std::string& file) {
    if (failure) {
        throw std::invalid_argument(
            std::string{"the cluster's URL: "} + option + "=" + file + " can't be used: " + failure.message());
    }
}

void send_at_once(asio::ip::tcp::socket& socket) {
    error_code ignored;
    static_cast<void>(socket.set_option(asio::ip::tcp::no_delay{true}, ignored));
    static_cast<void>(socket.non_blocking(true, ignored));
}

}  // namespace

std::shared_ptr<asio::ssl::context> make_tls_context(const url& target) {
    auto context = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_client);
    error_code failure;
    static_cast<void>(context->set_options(asio::ssl::context::no_tlsv1 | asio::ssl::context::no_tlsv1_1, failure));
    static_cast<void>(context->set_verify_mode(asio::ssl::verify_peer, failure));
    if (target.tls_ca.empty()) {
        static_cast<void>(context->set_default_verify_paths(failure));
    } else {
        static_cast<void>(context->load_verify_file(target.tls_ca, failure));
        require_file(failure, "tls_ca", target.tls_ca);
    }
    if (!target.tls_cert.empty()) {
        static_cast<void>(context->use_certificate_chain_file(target.tls_cert, failure));
        require_file(failure, "tls_cert", target.tls_cert);
        static_cast<void>(context->use_private_key_file(target.tls_key, asio::ssl::context::pem, failure));
        require_file(failure, "tls_key", target.tls_key);
    }
    return context;
}

void transport::connect(const server_address& server, connect_handler done) {
    error_code not_an_address;
    const auto address = asio::ip::make_address(server.host, not_an_address);
    if (!not_an_address) {  // the resolver would start a thread for it
        socket_.async_connect({address, server.port}, [this, done = std::move(done)](const error_code& failure) {
            send_at_once(socket_);
            done(failure);
        });
        return;
    }
    auto resolved = [this, done = std::move(done)](
                        const error_code& failure, const asio::ip::tcp::resolver::results_type& found) {
        if (failure) {
            return done(failure);
        }
        asio::async_connect(socket_, found, [this, done](const error_code& refused, const asio::ip::tcp::endpoint&) {
            send_at_once(socket_);
            done(refused);
        });
    };
    resolver_.async_resolve(server.host, std::to_string(server.port), std::move(resolved));
}

void transport::start_tls(std::shared_ptr<asio::ssl::context> context, const std::string& host, connect_handler done) {
    context_ = std::move(context);
    tls_.emplace(socket_, *context_);
    tls_->set_verify_callback(asio::ssl::host_name_verification{host});
    error_code not_an_address;
    static_cast<void>(asio::ip::make_address(host, not_an_address));
    if (not_an_address) {
        SSL_set_tlsext_host_name(tls_->native_handle(), host.c_str());
    }
    tls_->async_handshake(asio::ssl::stream_base::client, std::move(done));
}

void transport::read_some(asio::mutable_buffer buffer, transfer_handler done) {
    if (tls_) {
        tls_->async_read_some(buffer, std::move(done));
    } else {
        socket_.async_read_some(buffer, std::move(done));
    }
}

std::size_t transport::write_at_once(asio::const_buffer bytes) {
    error_code failure;
    return tls_ ? 0 : socket_.write_some(bytes, failure);
}

void transport::write(asio::const_buffer bytes, transfer_handler done) {
    if (tls_) {
        asio::async_write(*tls_, bytes, std::move(done));
    } else {
        asio::async_write(socket_, bytes, std::move(done));
    }
}

void transport::close() {
    resolver_.cancel();
    error_code ignored;
    static_cast<void>(socket_.close(ignored));
}

}  // namespace hookd::nats
