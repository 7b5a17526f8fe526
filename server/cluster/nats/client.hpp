// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "cluster/link/back_off.hpp"
#include "cluster/nats/connection.hpp"
#include "cluster/nats/engine.hpp"
#include "cluster/nats/url.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

namespace hookd::nats {

/// Who hears whether there is a server.
class client_observer {
public:
    /// Connected anew: nothing is subscribed to.
    virtual void on_connected(const server_info& server) = 0;
    /// Not connected: after a connection, and after each try that failed.
    virtual void on_disconnected(const down_reason& reason) = 0;

protected:
    ~client_observer() = default;
};

/// A connection to one of the URL's servers, made again whenever it is lost: as link::back_off says, the next server of
/// the list each time; where another try can't help, after 5 s. It keeps nothing across connections: requests and
/// flushes under way fail, subscriptions end.
///
/// Thread-safety: none; handlers run on the io_context. Lifetime: handlers that are under way keep nothing but what
/// they need; destroying it ends all, and calls no handler.
class client final : public engine, private connection_observer {
public:
    /// `name`: as the server's monitoring shows it. `answers`: what the subjects begin with on which answers to
    /// requests come. Throws std::invalid_argument for TLS files that can't be used.
    client(boost::asio::io_context& context, url target, std::string name, const std::string& answers,
        client_observer& observer);
    ~client();
    client(const client&) = delete;
    client& operator=(const client&) = delete;

    void start();

    /// Reads nothing until resume().
    void pause();
    void resume();

    void subscribe(std::string_view subject, message_handler handler) override;
    void publish(std::string_view subject, std::string_view body) override;
    void request(std::string_view subject, std::string_view headers, std::string_view body,
        std::chrono::milliseconds limit, answer_handler done) override;
    void flush(flush_handler done) override;
    void restart(const down_reason& reason) override;
    [[nodiscard]] std::size_t max_payload() const override { return server_.max_payload; }

private:
    void on_open(const server_info& server) override;
    void on_message(const operation& message) override;
    void on_closed(const down_reason& reason) override;

    void connect();
    void wait_to_connect(bool is_permanent);
    void on_answer(const operation& message);
    void expire_requests();
    void await_expiry();
    void end_requests();

    struct open_request {
        std::chrono::steady_clock::time_point deadline;
        answer_handler done;
    };

    boost::asio::io_context& context_;
    url target_;
    std::string name_;
    client_observer& observer_;
    std::shared_ptr<boost::asio::ssl::context> tls_;
    boost::asio::steady_timer retry_;
    boost::asio::steady_timer expiry_;
    std::string inbox_;  // all answers come to INBOX.NUMBER
    std::shared_ptr<connection> connection_{};
    bool connected_ = false;
    bool is_paused_ = false;
    server_info server_{};
    std::size_t next_server_ = 0;
    link::back_off back_off_{};
    std::chrono::steady_clock::time_point connected_at_{};
    std::uint64_t next_number_ = 1;
    std::unordered_map<std::uint64_t, message_handler> subscriptions_{};
    std::map<std::uint64_t, open_request> requests_{};
};

}  // namespace hookd::nats
