// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "cluster/link/channel.hpp"
#include "cluster/link/run_link.hpp"
#include "cluster/nats/client.hpp"
#include "cluster/nats/member.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <functional>
#include <optional>
#include <string>

namespace hookd::nats {

/// hookd's link to a cluster of hosts on NATS: a member, its connection and a clock.
///
/// Thread-safety: none; all on the io_context.
class nats_link final : public link::engine_link, private client_observer {
public:
    nats_link(boost::asio::io_context& context, link::channel& hookd);

    void begin(link::hello greeting) override;
    void handle(link::session added) override;
    void handle(link::session_gone removed) override;
    void handle(link::ask question) override;
    void handle(link::tell statement) override;
    void handle(link::close_event over) override;
    void handle(link::reply answer) override;
    void leave(std::function<void()> done) override;

private:
    void on_connected(const server_info& server) override;
    void on_disconnected(const down_reason& reason) override;
    void tick();
    void report_to_hookd(const report& news);
    void announce_later();

    boost::asio::io_context& context_;
    link::channel& hookd_;
    boost::asio::steady_timer ticker_;
    boost::asio::steady_timer announce_timer_;
    std::optional<client> client_{};
    std::optional<member> member_{};
    std::string unusable_{};  // why there is no member
    bool is_paused_ = false;
};

}  // namespace hookd::nats
