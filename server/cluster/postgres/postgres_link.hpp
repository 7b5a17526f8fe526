// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "cluster/link/back_off.hpp"
#include "cluster/link/channel.hpp"
#include "cluster/link/run_link.hpp"
#include "cluster/postgres/connection.hpp"
#include "cluster/postgres/incoming_events.hpp"
#include "cluster/postgres/inspection.hpp"
#include "cluster/postgres/outgoing_events.hpp"
#include "cluster/postgres/session_table.hpp"
#include "cluster/postgres/target.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace hookd::postgres {

/// A host's place in a cluster on PostgreSQL:
///
///     down -> connecting -> entering -> up
///       ^---------- any failure --------'      after 50 ms to 5 s; after 5 s where no retry cures it, which hookd is
///       told as `fatal`
///
/// connecting: addresses are looked up, libpq connects. entering: the server is judged, the role takes its place in the
/// schema (an advisory lock that the connection holds), and this host's sessions become visible. up: statements of
/// sessions, events and answers go their ways, and every half second a tick sees to signs of life, to hosts that have
/// gone, and to a server that has fallen silent.
///
/// It listens only while there is something to hear: while it has a session, or one of its questions is open.
///
/// Thread-safety: none.
class postgres_link : public link::engine_link {
public:
    postgres_link(boost::asio::io_context& context, link::channel& hookd);
    ~postgres_link() override;

    void begin(link::hello greeting) override;
    void handle(link::session added) override;
    void handle(link::session_gone removed) override;
    void handle(link::ask question) override;
    void handle(link::tell statement) override;
    void handle(link::close_event over) override;
    void handle(link::reply answer) override;
    void leave(std::function<void()> done) override;

private:
    using clock = std::chrono::steady_clock;
    using step = void (postgres_link::*)(const result&);

    void connect();
    void open(settings target);
    void on_connected(const std::optional<connect_failure>& failure, const settings& target);
    void inspect(const result& outcome);
    void prepare();
    void prepared(const result& outcome);
    void enter();
    void take_place(const result& outcome);
    void wait_for_place(const result& holder);
    void read_heads(bool is_start, std::function<void()> done);
    void join(bool is_start);
    void come_up();
    void fail(const trouble& fault);
    void lose(const std::string& reason);
    void retry_after(std::chrono::milliseconds wait);
    /// A handler that turns a failed statement into trouble.
    connection::on_result when_done(step next);

    void listen();
    void update_listening();
    void on_notification(const std::string& hint);
    void tick();
    void schedule_tick();
    void beat();
    void purge();
    void read_roster();
    void report(link::link_state state, const std::string& reason = {});

    boost::asio::io_context& context_;
    link::channel& hookd_;
    boost::asio::steady_timer retry_timer_;
    boost::asio::steady_timer tick_timer_;
    session_table sessions_;
    outgoing_events outgoing_;
    incoming_events incoming_;

    link::hello greeting_{};
    std::string run_;  // of this link, a UUID
    std::shared_ptr<connection> connection_{};
    std::uint64_t attempt_ = 0;
    link::link_state state_ = link::link_state::down;
    link::back_off back_off_{};
    std::size_t first_host_ = 0;  // where the URL's list begins, moved on past one that is silent
    std::optional<inspection> found_{};
    std::string epoch_{};  // of the last time it was up
    std::string new_epoch_{};
    std::string gap_{};  // what to tell hookd once up; empty: nothing
    std::int32_t number_ = 0;
    std::int64_t last_seq_ = 0;
    std::optional<clock::time_point> place_held_since_{};
    bool is_listening_ = false;
    bool roster_wanted_ = false;
    bool roster_under_way_ = false;
    std::optional<std::int64_t> queue_permille_{};
    clock::time_point heard_until_{};
    clock::time_point next_beat_{};
    clock::time_point next_purge_{};
};

}  // namespace hookd::postgres
