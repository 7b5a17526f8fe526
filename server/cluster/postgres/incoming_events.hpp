// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "cluster/link/channel.hpp"
#include "cluster/postgres/connection.hpp"

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace hookd::postgres {

/// Events of other hosts, in the order of each, and this host's answers to them. The position in each origin's numbers
/// outlives a connection, so that what was missed is fetched later; where it cannot be, hookd is told of the gap.
///
/// Thread-safety: none.
class incoming_events {
public:
    explicit incoming_events(link::channel& hookd) : hookd_(hookd) {}

    /// A connection that has entered.
    void begin(std::shared_ptr<connection> entered);
    /// The connection is gone. hookd forgets what it was asked then, so that is answered, once there is a connection
    /// again, as failed.
    void end();
    /// Another epoch, or this host was away: positions mean nothing any more.
    void forget();

    /// Hint: `origin` has an event of number `seq` for this host.
    void on_event(std::int32_t origin, std::int64_t seq);
    /// Hint: that question is over.
    void on_ended(std::int32_t origin, std::int64_t seq);
    /// `origin` has counted to `head`. `is_start`: what was before is not for this host.
    void on_head(std::int32_t origin, std::int64_t head, bool is_start);

    void add(link::reply answer);
    /// Forgets questions whose time is over.
    void check();

private:
    using clock = std::chrono::steady_clock;
    using place = std::pair<std::int32_t, std::int64_t>;  // origin and number

    struct position {
        std::int64_t done = 0;    // all up to this are here
        std::int64_t wanted = 0;  // and this is known to be there
    };
    struct question {
        place at{};
        clock::time_point end{};
    };
    struct answer {
        place at{};
        std::string id{};
        std::string result{};
        bool decides = false;
    };

    void receive();
    void take(const result& outcome);
    void take_event(const result& outcome, int row);
    void send_answers();
    void take_acceptance(const result& outcome);
    void verify_ended();
    void take_ended(const result& outcome);
    void forget_question(const place& key);

    link::channel& hookd_;
    std::shared_ptr<connection> connection_{};
    std::map<std::int32_t, position> positions_{};
    bool receiving_ = false;
    std::unordered_map<std::string, question> questions_{};  // that hookd works on, by id
    std::map<place, std::string> ids_{};
    std::vector<answer> answers_{};
    std::vector<answer> answering_{};
    std::set<place> ended_{};
    bool verifying_ = false;
};

}  // namespace hookd::postgres
