// SPDX-License-Identifier: BSL-1.0
#include "top_model.hpp"

#include <algorithm>
#include <utility>

namespace hookd::hookctl {

namespace {

constexpr std::size_t most_rates = 60;
constexpr std::size_t most_verdicts = 500;
constexpr std::size_t most_waits = 500;
constexpr std::chrono::seconds grace{2};  // counters and events come over two connections

void add_rate(std::deque<double>& rates, double value) {
    rates.push_back(value);
    if (rates.size() > most_rates) {
        rates.pop_front();
    }
}

std::uint64_t verdicts_in(const protocol::stats_result& stats) {
    return stats.proceeded + stats.vetoed + stats.failed_closed;
}
std::uint64_t vetoes_in(const protocol::stats_result& stats) { return stats.vetoed + stats.failed_closed; }

}  // namespace

void top_model::take_stats(protocol::stats_result stats, clock::time_point now) {
    const bool is_first = taken_ == clock::time_point{};
    before_ = std::exchange(now_, std::move(stats));
    if (is_first) {
        before_ = now_;  // there is no rate yet
    } else {
        seconds_ = std::max(std::chrono::duration<double>(now - taken_).count(), 0.001);
        add_rate(rates_.events, rate_of(now_.events_total, before_.events_total, seconds_));
        add_rate(rates_.verdicts, rate_of(verdicts_in(now_), verdicts_in(before_), seconds_));
        add_rate(rates_.vetoes, rate_of(vetoes_in(now_), vetoes_in(before_), seconds_));
    }
    taken_ = now;
    // What was cancelled, or was reserved and never asked for, has no verdict.
    std::erase_if(waits_, [&](const auto& each) {
        const auto& wait = each.second;
        return now - wait.since > grace &&
               (now_.waiting == 0 || (wait.timeout && now - wait.since > *wait.timeout + grace));
    });
}

void top_model::take_question(const std::string& id, open_wait question) {
    if (waits_.size() < most_waits) {
        waits_[id] = std::move(question);
    }
}

void top_model::take_verdict(past_verdict decided) {
    if (const auto wait = waits_.find(decided.id); wait != waits_.end()) {
        decided.payload = std::move(wait->second.payload);
        waits_.erase(wait);
    }
    verdicts_.push_front(std::move(decided));
    if (verdicts_.size() > most_verdicts) {
        verdicts_.pop_back();
    }
}

void top_model::set_asked(const std::string& id, std::string names) {
    if (const auto wait = waits_.find(id); wait != waits_.end()) {
        wait->second.asked = std::move(names);
    }
}

}  // namespace hookd::hookctl
