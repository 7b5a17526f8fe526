// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "cluster/nats/asks.hpp"
#include "cluster/nats/connection.hpp"
#include "cluster/nats/engine.hpp"
#include "cluster/nats/foreign_questions.hpp"
#include "cluster/nats/local_sessions.hpp"
#include "cluster/nats/membership.hpp"
#include "cluster/nats/reports.hpp"
#include "cluster/nats/subjects.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace hookd::nats {

/// One host in a cluster: what hookd asks and answers, and what other hosts do, brought together. It does no I/O of its
/// own.
///
/// Messages are delivered at most once (core NATS). Asks and told events of an entry of a host are numbered together,
/// in the order in which that host fires them: a number that is missing, and a connection that was lost, are told to
/// hookd as `gap`. Deadlines travel as milliseconds left.
///
/// Thread-safety: none. Lifetime: the engine outlives it; it outlives the engine's handlers.
class member final : private membership_observer {
public:
    using clock = membership::clock;

    /// `own.lease` is that of the bucket, where this member has to create it.
    /// `announce_later` asks for a call of announce_work() some milliseconds later.
    member(engine& connection, const std::string& cluster, membership::settings own,
        std::function<clock::time_point()> now, report_sink hookd, std::function<void()> announce_later);

    // --- of the connection ---
    void on_connected(const server_info& server);
    void on_disconnected(const down_reason& reason);
    void tick();
    /// Tells other hosts which of their questions this one works on. A hook that answers before that spares a message:
    /// its verdict says so, too.
    void announce_work();
    /// Leaves the cluster; `done` once the server knows.
    void leave(std::function<void()> done);

    // --- of hookd ---
    void handle(link::session added);
    void handle(const link::session_gone& removed);
    void handle(link::ask question);
    void handle(const link::tell& statement);
    void handle(const link::close_event& over);
    void handle(const link::reply& answer);

private:
    void on_entered() override;
    void on_peer_gone(const presence& gone) override;
    void on_roster_changed() override { hosts_changed_ = true; }

    void subscribe();
    void take(const delivery& arrived);
    void on_event(const message& received);
    void on_ask(const message& received);
    void on_close(const message& received);
    void publish_ask(const link::ask& question, clock::time_point asked_at);
    void show_sessions();
    void presume_silent();
    void close_at(const sender& host, const std::string& id);
    void send(const sender& recipient, const message& outgoing);
    void report_hosts();
    [[nodiscard]] message from_here(message::kind type) const;
    [[nodiscard]] bool fits(std::size_t bytes) const { return bytes <= engine_.max_payload(); }
    [[nodiscard]] std::string why_too_large(std::size_t bytes) const;

    engine& engine_;
    subjects subjects_;
    std::function<clock::time_point()> now_;
    report_sink hookd_;
    std::function<void()> announce_later_;
    membership membership_;
    asks asks_;
    foreign_questions foreign_{};
    local_sessions sessions_{};
    std::vector<std::int64_t> not_ready_{};  // sessions that others have not been shown
    bool is_showing_ = false;
    bool sessions_changed_ = false;
    std::set<std::string> awaiting_roster_{};  // asks that are not sent yet
    std::string engine_name_{};
    std::string down_reason_ = "it is not connected yet";
    std::string last_fatal_{};
    bool was_up_ = false;
    bool hosts_changed_ = false;
    clock::time_point hosts_reported_at_{};
};

}  // namespace hookd::nats
