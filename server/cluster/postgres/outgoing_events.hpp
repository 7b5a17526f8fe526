// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "cluster/link/channel.hpp"
#include "cluster/postgres/connection.hpp"

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

namespace hookd::postgres {

/// This host's events of scope cluster: fired in their order, those that come while a statement is under way together
/// in the next one; then, of questions, the answers of other hosts and which of these are gone.
///
/// A question's life: queued, sent (in a statement), open (asked, its hosts answer), and gone once all have answered or
/// hookd has closed it. When the connection breaks, everything that is not done fails; what was under way may have been
/// fired all the same, and its failure says so.
///
/// Thread-safety: none.
class outgoing_events {
public:
    /// Larger payloads are refused.
    static constexpr std::size_t max_payload_bytes = std::size_t{32} << 20;
    static constexpr std::size_t max_queued_bytes = std::size_t{64} << 20;

    explicit outgoing_events(link::channel& hookd) : hookd_(hookd) {}

    void add(link::ask asks);
    void add(link::tell tells);
    void close(const std::string& id);

    /// Whether answers may come.
    [[nodiscard]] bool has_questions() const noexcept { return asks_queued_ > 0 || !open_.empty(); }

    /// A connection that has entered; `last_seq`: the highest number that the schema has of this host.
    void begin(std::shared_ptr<connection> entered, std::int64_t last_seq);
    /// The connection is gone, or (again) there is none.
    void end(const std::string& reason);
    /// The engine has begun a new epoch: nothing sent before is there.
    void forget() { unfinished_.clear(); }

    /// Hint: `host` has answered number `seq`.
    void on_answer(std::int64_t seq, std::int32_t host);
    /// Looks whether hosts that have not answered are still there.
    void check();

private:
    using host_run = std::pair<std::int32_t, std::string>;  // its number and its link's run

    struct pending {
        link::event_content event{};
        std::optional<link::question> asks{};
        std::int64_t request = 0;  // of a tell
        std::int64_t seq = 0;
        bool is_closed = false;
    };
    struct asked_of {
        std::string name{};
        std::string link{};  // its run: another one knows nothing of the question
    };
    struct open_question {
        std::string id{};
        std::map<std::int32_t, asked_of> hosts{};  // those that have not answered
    };

    bool refuse(const link::event_content& event, std::string& reason) const;
    void enqueue(pending event);
    void send();
    void send_batch();
    void take_outcome(const result& outcome);
    void open(const pending& event, const result& outcome, const std::vector<int>& rows);
    void finish(std::vector<std::int64_t> seqs);
    void fetch_answers();
    void take_answers(const result& outcome);
    void take_gone(const result& outcome);
    void report_left();
    void report_left(const host_run& gone, const std::string& reason);
    void fail(const pending& event, const std::string& reason);
    void forget_question(std::int64_t seq);

    link::channel& hookd_;
    std::shared_ptr<connection> connection_{};
    std::string down_reason_ = "not connected yet";
    std::deque<pending> queue_{};
    std::size_t queued_bytes_ = 0;
    std::size_t asks_queued_ = 0;  // sent ones, too
    std::vector<pending> sent_{};
    std::int64_t last_seq_ = 0;
    std::map<std::int64_t, open_question> open_{};
    std::unordered_map<std::string, std::int64_t> seq_of_{};  // of open questions, by id
    std::vector<std::int64_t> unfinished_{};                  // questions that the schema still takes for open
    std::set<std::pair<std::int64_t, std::int32_t>> answered_{};
    bool fetching_ = false;
    bool checking_ = false;
    std::map<host_run, std::string>
        leaving_{};  // hosts that are gone, with the reason; reported once their last answers are here
};

}  // namespace hookd::postgres
