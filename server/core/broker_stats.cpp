// SPDX-License-Identifier: BSL-1.0
#include "broker.hpp"

#include <algorithm>

// The figures of `stats`.
namespace hookd::core {

// Those that subscribed, and registered hooks that are disabled, by name.
void broker::summarize_responders(std::vector<protocol::stats_result::responder>& out) const {
    records_.summarize(out);
    auto left = set_aside_names_;
    for (auto& each : out) {
        if (const auto registered = left.find(each.name); registered != left.end()) {
            each.enabled = registered->second;
            left.erase(registered);
        }
    }
    for (const auto& [name, enabled] : left) {
        auto& one = out.emplace_back();
        one.name = name;
        one.enabled = enabled;
    }
    std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
}

protocol::stats_result broker::stats(instant now) const {
    protocol::stats_result result;
    const auto& counted = waits_.counters();
    result.uptime_s = std::chrono::duration<double>(now.steady - started_).count();
    result.waiting = waits_.open_slots();
    result.head_seq = head_seq_;
    result.retained_events = log_.size();
    result.retained_bytes = log_.bytes();
    result.events_total = head_seq_;
    result.deliveries = sessions_.deliveries();
    result.accepted = counted.accepted;
    std::copy(std::begin(counted.refused), std::end(counted.refused), std::begin(result.refused));
    std::copy(std::begin(counted.outcomes), std::end(counted.outcomes), std::begin(result.outcomes));
    result.lagged = sessions_.lagged();
    result.proceeded = counted.proceeded;
    result.vetoed = counted.vetoed;
    result.failed_closed = counted.failed_closed;
    result.bypassed = counted.bypassed;
    result.bypass = bypass_.in_force(now);
    summarize_responders(result.hooks);
    sessions_.topics().for_each([&result](const topic& each) {
        auto& times = result.events.emplace_back();
        times.name = each.name;
        times.count = each.events;
        each.times.summarize(times);
    });
    std::vector<const client*> subscribed;
    sessions_.for_each([&subscribed](const client& each) {
        if (each.session() != nullptr) {
            subscribed.push_back(&each);
        }
    });
    std::sort(subscribed.begin(), subscribed.end(),
        [](const client* a, const client* b) { return a->session()->id() < b->session()->id(); });
    for (const client* const each : subscribed) {
        const session& session = *each->session();
        result.sessions.push_back({.name = session.name(),
            .pid = each->peer().pid,
            .uid = each->peer().uid,
            .queued = each->outbox().size(),
            .lagged = session.closing() == protocol::close_reason::lagged});
    }
    result.subscribers = static_cast<std::size_t>(std::count_if(
        subscribed.begin(), subscribed.end(), [](const client* each) { return !each->session()->is_ended(); }));
    return result;
}

}  // namespace hookd::core
