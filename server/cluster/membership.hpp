// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "cluster/cluster_options.hpp"
#include "cluster/foreign_questions.hpp"
#include "cluster/helper_link.hpp"
#include "cluster/messages.hpp"
#include "core/operation_table.hpp"
#include "core/reply_times.hpp"

#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_flat_set.hpp>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace hookd::cluster {

/// This host's part in one cluster: what its helper is told and tells.
///
/// Thread-safety: all on the broker's strand. Lifetime: what it was given must outlive stop().
class membership final : public helper_observer {
public:
    using sessions = std::map<std::uint64_t, visible_session>;

    struct surroundings {
        boost::asio::io_context& context;
        server::broker& events;
        server::logger& log;
        const sessions& announced;       ///< the sessions of scope cluster that there are
        std::function<void()> on_known;  ///< more of them are known to the other hosts, or cannot be
        std::string host;
        std::chrono::milliseconds lease;
    };

    membership(surroundings environment, membership_options options);
    membership(const membership&) = delete;
    membership& operator=(const membership&) = delete;

    void start() { link_->start(); }
    void stop();

    [[nodiscard]] bool takes(std::string_view event) const;
    /// As core::cluster_port has them, for events that it takes.
    [[nodiscard]] std::optional<std::string> ask(const core::cluster_event& asked);
    void close(const uuid& id);
    void tell(const core::cluster_event& event, core::cluster_port::told_handler on_told);
    void announce(std::uint64_t session_id, const visible_session& session);
    void withdraw(std::uint64_t session_id);
    [[nodiscard]] bool is_known(std::uint64_t session_id) const { return !unknown_.contains(session_id); }

    [[nodiscard]] link_state state() const noexcept { return state_; }
    /// The other hosts of the cluster.
    [[nodiscard]] const std::vector<visible_host>& hosts() const noexcept { return hosts_; }
    [[nodiscard]] protocol::stats_result::cluster_link stats() const;

private:
    using clock = std::chrono::steady_clock;
    struct question {
        clock::time_point asked_at{};
        bool is_asked = false;             // the helper has said who answers
        std::vector<std::string> owing{};  // hosts that have yet to answer
    };
    struct told_event {
        clock::time_point at{};
        core::cluster_port::told_handler then{};
    };

    void on_started() override;
    void on_frame(std::string_view frame) override;
    [[nodiscard]] std::string on_tick(clock::time_point now) override;
    void on_lost(const std::string& reason) override;

    void take(const state_message& message);
    void take(const pong_message&) {}
    void take(hosts_message& message);
    void take(const session_ready_message& message);
    void take(const asked_message& message);
    void take(const ask_failed_message& message);
    void take(told_message& message);
    void take(const event_message& message);
    void take(const cancel_message& message);
    void take(const settled_message& message);
    void take(const host_left_message& message);
    void take(const gap_message& message);
    void take(const fatal_message& message);

    void strike(const uuid& id, const std::string& host);
    void fail_all(const std::string& reason);
    void announce_all();
    void say(server::log_level level, const std::string& text) const;
    template <class Work>
    void with_broker(Work work);

    surroundings environment_;
    membership_options options_;
    link_state state_ = link_state::down;
    std::string why_down_ = "it is starting";
    std::string engine_{};
    std::vector<visible_host> hosts_{};
    std::optional<std::uint32_t> queue_permille_{};
    boost::unordered_flat_map<uuid, question, core::uuid_hash> open_{};  // questions of this host
    std::map<std::uint64_t, told_event> told_{};
    boost::unordered_flat_map<std::uint64_t, clock::time_point>
        unknown_{};  // sessions that the helper has yet to call ready, and since when
    std::uint64_t last_request_ = 0;
    std::uint64_t asked_ = 0;
    std::uint64_t failed_ = 0;
    std::uint64_t gaps_ = 0;
    std::uint64_t ups_ = 0;
    core::reply_times ask_times_{};
    std::shared_ptr<foreign_questions> foreign_;
    std::shared_ptr<helper_link> link_;
};

}  // namespace hookd::cluster
