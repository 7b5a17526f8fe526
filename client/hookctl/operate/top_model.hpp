// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <hookd/protocol/methods.hpp>
#include <hookd/verdict.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hookd::hookctl {

/// What the session is called by which it hears of verdicts.
inline constexpr std::string_view top_session_name = "hookctl top";

/// What `hookctl top` knows: counters, the waits that are open, and the verdicts of late. No I/O; the caller passes the
/// time.
///
/// Thread-safety: none.
class top_model {
public:
    using clock = std::chrono::steady_clock;

    /// A question that somebody waits on.
    struct open_wait {
        std::uint64_t seq = 0;
        std::string event{};
        std::string payload{};  ///< without secrets
        clock::time_point since{};
        std::optional<std::chrono::milliseconds> timeout{};
        std::optional<std::string> asked{};  ///< the names of whom it waits for; nothing: not known yet
    };

    struct past_verdict {
        std::uint64_t seq = 0;
        std::string id{};
        std::string time{};  ///< of the day, UTC
        std::string event{};
        std::string payload{};  ///< without secrets; empty: not seen
        verdict how{};
        std::chrono::duration<double, std::milli> elapsed{};
    };

    /// Rates a second, oldest first.
    struct rate_history {
        std::deque<double> events{};
        std::deque<double> verdicts{};
        std::deque<double> vetoes{};
    };

    void take_stats(protocol::stats_result stats, clock::time_point now);
    void take_question(const std::string& id, open_wait question);
    void take_verdict(past_verdict decided);
    void set_asked(const std::string& id, std::string names);

    /// Forgets what waits: of a daemon that is gone.
    void forget_waits() { waits_.clear(); }

    [[nodiscard]] const protocol::stats_result& stats() const noexcept { return now_; }
    [[nodiscard]] const protocol::stats_result& stats_before() const noexcept { return before_; }
    /// Seconds between these two; greater than zero.
    [[nodiscard]] double seconds() const noexcept { return seconds_; }
    [[nodiscard]] const rate_history& rates() const noexcept { return rates_; }
    [[nodiscard]] const std::map<std::string, open_wait>& waits() const noexcept { return waits_; }  ///< by id
    [[nodiscard]] const std::deque<past_verdict>& verdicts() const noexcept { return verdicts_; }    ///< newest first

private:
    protocol::stats_result now_{};
    protocol::stats_result before_{};
    clock::time_point taken_{};
    double seconds_ = 1;
    rate_history rates_{};
    std::map<std::string, open_wait> waits_{};
    std::deque<past_verdict> verdicts_{};
};

/// Of two counters of one daemon; zero where it was restarted in between.
[[nodiscard]] inline double rate_of(std::uint64_t now, std::uint64_t before, double seconds) {
    return now < before ? 0 : static_cast<double>(now - before) / seconds;
}

}  // namespace hookd::hookctl
