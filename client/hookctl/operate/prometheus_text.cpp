// SPDX-License-Identifier: BSL-1.0
#include "prometheus_text.hpp"

#include <array>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string_view>
#include <tuple>
#include <vector>

namespace hookd::hookctl {

namespace {

std::string number(double value) {
    std::array<char, 32> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
    return {digits.data(), end};
}

std::string number(std::uint64_t value) { return std::to_string(value); }

/// name="value", with backslash, quote and line feed escaped as the format asks.
std::string label(std::string_view name, std::string_view value) {
    std::string text(name);
    text += "=\"";
    for (const char c : value) {
        if (c == '\\' || c == '"') {
            text += '\\';
        }
        if (c == '\n') {
            text += "\\n";
        } else {
            text += c;
        }
    }
    return text += '"';
}

/// Writes metric families one after the other.
class page {
public:
    void family(std::string_view name, std::string_view type, std::string_view help) {
        name_ = name;
        text_.append("# HELP ").append(name).append(" ").append(help).append("\n");
        text_.append("# TYPE ").append(name).append(" ").append(type).append("\n");
    }

    void sample(const std::string& labels, const std::string& value) { sample("", labels, value); }

    /// `suffix`: of the family's name.
    void sample(std::string_view suffix, const std::string& labels, const std::string& value) {
        text_.append(name_).append(suffix);
        if (!labels.empty()) {
            text_ += "{" + labels + "}";
        }
        text_ += " " + value + "\n";
    }

    template <class Number>
    void gauge(std::string_view name, std::string_view help, Number value) {
        family(name, "gauge", help);
        sample("", number(value));
    }

    void counter(std::string_view name, std::string_view help, std::uint64_t value) {
        family(name, "counter", help);
        sample("", number(value));
    }

    [[nodiscard]] std::string take() { return std::move(text_); }

private:
    std::string text_;
    std::string name_;
};

/// A bound in seconds, as short as it is exact.
std::string seconds_text(std::chrono::microseconds bound) {
    constexpr std::int64_t a_second = 1'000'000;
    auto fraction = std::to_string(a_second + bound.count() % a_second).substr(1);
    fraction.erase(fraction.find_last_not_of('0') + 1);
    return std::to_string(bound.count() / a_second) + (fraction.empty() ? "" : "." + fraction);
}

void add_histogram(page& text, const std::string& labels, const protocol::time_histogram& times) {
    for (std::size_t i = 0; i < protocol::reply_time_bounds.size(); ++i) {
        text.sample("_bucket", labels + "," + label("le", seconds_text(protocol::reply_time_bounds[i])),
            number(times.buckets[i]));
    }
    text.sample("_bucket", labels + "," + label("le", "+Inf"), number(times.count));
    text.sample("_sum", labels, number(times.sum_ms / 1000));
    text.sample("_count", labels, number(times.count));
}

template <class Named>
void add_times(page& text, std::string_view name_of_label, const std::vector<Named>& all) {
    for (const auto& each : all) {
        if (each.histogram) {
            add_histogram(text, label(name_of_label, each.name), *each.histogram);
        }
    }
}

void add_events(page& text, const protocol::stats_result& stats) {
    text.family("hookd_events_by_name_total", "counter", "Events emitted, by name (the most recent names).");
    for (const auto& event : stats.events) {
        text.sample(label("event", event.name), number(event.count));
    }
    text.family("hookd_reply_seconds", "histogram", "Time from an event to each of its replies, by the event's name.");
    add_times(text, "event", stats.events);
}

void add_hooks(page& text, const protocol::stats_result& stats) {
    const auto add = [&](std::string_view name, std::string_view help,
                         std::uint64_t protocol::stats_result::responder::*count) {
        text.family(name, "counter", help);
        for (const auto& hook : stats.hooks) {
            text.sample(label("hook", hook.name), number(hook.*count));
        }
    };
    using hook = protocol::stats_result::responder;
    add("hookd_hook_asked_total", "Events that a responder was asked, by its name.", &hook::asked);
    add("hookd_hook_replied_total", "Events that it replied to or abstained from.", &hook::replied);
    add("hookd_hook_vetoed_total", "Events that it vetoed.", &hook::vetoed);
    add("hookd_hook_failed_total", "Events that waited for it and got no reply, other than by lag.", &hook::failed);
    add("hookd_hook_lagged_total", "Events that it was not asked since it lagged behind.", &hook::lagged);
    text.family("hookd_hook_enabled", "gauge", "Whether a registered hook is asked.");
    for (const auto& each : stats.hooks) {
        if (each.enabled) {
            text.sample(label("hook", each.name), *each.enabled ? "1" : "0");
        }
    }
    text.family("hookd_hook_reply_seconds", "histogram", "Time from an event to a responder's reply, by its name.");
    add_times(text, "hook", stats.hooks);
}

// By the events that they take, which tells them apart.
std::string cluster_label(const protocol::stats_result::cluster_link& link) {
    std::string events;
    for (const auto& each : link.events) {
        events += (events.empty() ? "" : ":") + each;
    }
    return label("events", events.empty() ? "*" : events);
}

void add_clusters(page& text, const protocol::stats_result& stats) {
    using link = protocol::stats_result::cluster_link;
    if (stats.clusters.empty()) {
        return;
    }
    text.family("hookd_cluster_up", "gauge", "Whether the link to the cluster is up.");
    for (const auto& each : stats.clusters) {
        text.sample(cluster_label(each), number(std::uint64_t{each.state == "up" ? 1U : 0U}));
    }
    text.family("hookd_cluster_hosts", "gauge", "Other hosts of the cluster.");
    for (const auto& each : stats.clusters) {
        text.sample(cluster_label(each), number(std::uint64_t{each.hosts}));
    }
    const auto add = [&](std::string_view name, std::string_view help, std::uint64_t link::*count) {
        text.family(name, "counter", help);
        for (const auto& each : stats.clusters) {
            text.sample(cluster_label(each), number(each.*count));
        }
    };
    add("hookd_cluster_asked_total", "Questions that went to other hosts.", &link::asked);
    add("hookd_cluster_answered_total", "Questions of other hosts that were answered here.", &link::answered);
    add("hookd_cluster_failed_total", "Questions and events that did not get through.", &link::failed);
    add("hookd_cluster_gaps_total", "Times that events of other hosts may have been lost.", &link::gaps);
    add("hookd_cluster_reconnects_total", "Times that the link came up again.", &link::reconnects);
    text.family("hookd_cluster_queue_usage", "gauge", "How full the engine's queue of notifications is, 0 to 1.");
    for (const auto& each : stats.clusters) {
        if (each.queue_usage) {
            text.sample(cluster_label(each), number(*each.queue_usage));
        }
    }
    text.family("hookd_cluster_ask_seconds", "histogram", "Time until the cluster says who answers.");
    for (const auto& each : stats.clusters) {
        if (each.histogram) {
            add_histogram(text, cluster_label(each), *each.histogram);
        }
    }
}

void add_sessions(page& text, const protocol::stats_result& stats) {
    struct sums {
        std::uint64_t queued = 0;
        std::uint64_t lagged = 0;
    };
    std::map<std::tuple<std::string, std::int64_t, std::uint32_t>, sums> sessions;
    for (const auto& each : stats.sessions) {
        auto& session = sessions[{each.name, each.pid, each.uid}];
        session.queued += each.queued;
        session.lagged += each.lagged ? 1 : 0;
    }
    const auto labels = [](const auto& key) {
        return label("name", std::get<0>(key)) + "," + label("pid", std::to_string(std::get<1>(key))) + "," +
               label("uid", std::to_string(std::get<2>(key)));
    };
    text.family("hookd_session_queued_events", "gauge", "Events that wait for a session.");
    for (const auto& [key, session] : sessions) {
        text.sample(labels(key), number(session.queued));
    }
    text.family("hookd_session_lagged", "gauge", "Whether a session was closed since it lagged behind.");
    for (const auto& [key, session] : sessions) {
        text.sample(labels(key), number(session.lagged));
    }
}

}  // namespace

std::string prometheus_text(const protocol::stats_result& stats) {
    page text;
    text.gauge("hookd_uptime_seconds", "How long the daemon has been running.", stats.uptime_s);
    text.gauge("hookd_connections", "Open connections.", std::uint64_t{stats.connections});
    text.gauge("hookd_subscribers", "Open push sessions.", std::uint64_t{stats.subscribers});
    text.gauge(
        "hookd_waiting", "Open slots for a reply, reserved and retained ones included.", std::uint64_t{stats.waiting});
    text.gauge("hookd_head_seq", "Number of the newest event.", stats.head_seq);
    text.gauge("hookd_retained_events", "Events that can be resumed from.", std::uint64_t{stats.retained_events});
    text.gauge("hookd_retained_bytes", "Bytes of the events retained.", std::uint64_t{stats.retained_bytes});
    text.counter("hookd_events_total", "Events emitted.", stats.events_total);
    text.counter("hookd_deliveries_total", "Events queued for a session.", stats.deliveries);
    text.counter("hookd_replies_accepted_total", "Replies that reached a waiting slot.", stats.accepted);
    text.family("hookd_replies_refused_total", "counter", "Replies that did not, by reason.");
    for (std::size_t i = 1; i < protocol::refusal_count; ++i) {  // 0 is none
        text.sample(label("reason", to_string(static_cast<protocol::refusal>(i))), number(stats.refused[i]));
    }
    text.family("hookd_outcomes_total", "counter", "Waits that ended, by outcome.");
    for (std::size_t i = 0; i < protocol::outcome_count; ++i) {
        text.sample(label("outcome", to_string(static_cast<protocol::outcome>(i))), number(stats.outcomes[i]));
    }
    text.family("hookd_verdicts_total", "counter", "Waits that ended, by verdict.");
    text.sample(label("verdict", "proceeded"), number(stats.proceeded));
    text.sample(label("verdict", "vetoed"), number(stats.vetoed));
    text.sample(label("verdict", "failed_closed"), number(stats.failed_closed));
    text.sample(label("verdict", "bypassed"), number(stats.bypassed));
    text.gauge("hookd_bypass_left_seconds", "How long the bypass in force lasts; 0 if there is none.",
        stats.bypass ? static_cast<double>(stats.bypass->left.count()) / 1000 : 0.0);
    text.counter("hookd_sessions_lagged_total", "Sessions closed since they lagged behind.", stats.lagged);
    text.counter("hookd_protocol_errors_total", "Errors answered to what peers sent.", stats.protocol_errors);
    text.counter("hookd_received_bytes_total", "Bytes read from peers.", stats.bytes_in);
    text.counter("hookd_sent_bytes_total", "Bytes written to peers.", stats.bytes_out);
    text.gauge("hookd_journal_bytes", "Bytes of the journal that hold something.", stats.journal.bytes);
    text.gauge("hookd_journal_events", "Events that the journal holds.", stats.journal.events);
    text.counter("hookd_journal_dropped_total", "Events, or their verdicts, that the journal could not keep.",
        stats.journal.dropped);
    add_events(text, stats);
    add_hooks(text, stats);
    add_clusters(text, stats);
    add_sessions(text, stats);
    return text.take();
}

}  // namespace hookd::hookctl
