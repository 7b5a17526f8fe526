// SPDX-License-Identifier: BSL-1.0
#include "stats_reader.hpp"

#include <base/json/text.hpp>

#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace hookd::hookctl {

namespace {

using base::json_cursor;
using base::json_kind;
using base::json_member;
using protocol::stats_result;

/// Any JSON number; nothing for what is none.
std::optional<double> read_double(std::string_view value) {
    double number = 0;
    const auto [end, failure] = std::from_chars(value.data(), value.data() + value.size(), number);
    return failure == std::errc{} ? std::optional(number) : std::nullopt;
}

template <class Number>
void read_number(std::string_view value, Number& target) {
    Number number = 0;
    if (std::from_chars(value.data(), value.data() + value.size(), number).ec == std::errc{}) {
        target = number;
    }
}

std::string read_string(std::string_view value) {
    if (base::kind_of(value) != json_kind::string) {
        return {};
    }
    return base::json_string{value.substr(1, value.size() - 2)}.decode();
}

/// Calls `visit(member)` for each member of an object, or element of an array; for nothing else.
template <class Visitor>
void each_in(std::string_view value, Visitor visit) {
    const auto kind = base::kind_of(value);
    if (kind != json_kind::object && kind != json_kind::array) {
        return;
    }
    json_cursor members(value);
    while (const auto member = members.next()) {
        visit(*member);
    }
}

/// Reads an object of counts whose names are those of an enum.
template <class Enum, std::size_t Size>
void read_counts(std::string_view value, std::uint64_t (&counts)[Size]) {
    each_in(value, [&counts](const json_member& member) {
        for (std::size_t i = 0; i < Size; ++i) {
            if (member.key.equals(to_string(static_cast<Enum>(i)))) {
                read_number(member.value, counts[i]);
            }
        }
    });
}

void read_totals(std::string_view value, stats_result& stats) {
    each_in(value, [&stats](const json_member& member) {
        const auto is = [&member](std::string_view name) { return member.key.equals(name); };
        if (is("events")) {
            read_number(member.value, stats.events_total);
        } else if (is("deliveries")) {
            read_number(member.value, stats.deliveries);
        } else if (is("accepted")) {
            read_number(member.value, stats.accepted);
        } else if (is("refused")) {
            read_counts<protocol::refusal>(member.value, stats.refused);
        } else if (is("outcomes")) {
            read_counts<protocol::outcome>(member.value, stats.outcomes);
        } else if (is("lagged")) {
            read_number(member.value, stats.lagged);
        } else if (is("protocol_errors")) {
            read_number(member.value, stats.protocol_errors);
        } else if (is("bytes_in")) {
            read_number(member.value, stats.bytes_in);
        } else if (is("bytes_out")) {
            read_number(member.value, stats.bytes_out);
        }
    });
}

void read_histogram(std::string_view value, std::optional<protocol::time_histogram>& histogram) {
    if (base::kind_of(value) != json_kind::object) {
        return;
    }
    auto& times = histogram.emplace();
    each_in(value, [&times](const json_member& member) {
        if (member.key.equals("count")) {
            read_number(member.value, times.count);
        } else if (member.key.equals("sum_ms")) {
            times.sum_ms = read_double(member.value).value_or(0);
        } else if (member.key.equals("buckets")) {
            std::size_t next = 0;
            each_in(member.value, [&](const json_member& bucket) {
                if (next < times.buckets.size()) {
                    read_number(bucket.value, times.buckets[next++]);
                }
            });
        }
    });
}

void read_bypass(std::string_view value, std::optional<protocol::bypass_info>& target) {
    if (base::kind_of(value) != json_kind::object) {
        return;
    }
    auto& bypass = target.emplace();
    each_in(value, [&bypass](const json_member& member) {
        if (member.key.equals("events")) {
            each_in(member.value,
                [&bypass](const json_member& event) { bypass.events.push_back(read_string(event.value)); });
        } else if (member.key.equals("reason")) {
            bypass.reason = read_string(member.value);
        } else if (member.key.equals("uid")) {
            read_number(member.value, bypass.uid);
        } else if (member.key.equals("left_ms")) {
            std::int64_t left = 0;
            read_number(member.value, left);
            bypass.left = std::chrono::milliseconds(left);
        }
    });
}

// The reply times of an event or a responder.
template <class Times>
void read_time(const json_member& member, Times& times) {
    const auto is = [&member](std::string_view name) { return member.key.equals(name); };
    if (is("p50_ms")) {
        times.p50_ms = read_double(member.value);
    } else if (is("p90_ms")) {
        times.p90_ms = read_double(member.value);
    } else if (is("p99_ms")) {
        times.p99_ms = read_double(member.value);
    } else if (is("max_ms")) {
        times.max_ms = read_double(member.value);
    } else if (is("histogram")) {
        read_histogram(member.value, times.histogram);
    }
}

stats_result::event_times read_event(const json_member& event) {
    stats_result::event_times result;
    result.name = event.key.decode();
    each_in(event.value, [&result](const json_member& member) {
        if (member.key.equals("count")) {
            read_number(member.value, result.count);
        } else {
            read_time(member, result);
        }
    });
    return result;
}

stats_result::responder read_hook(const json_member& hook) {
    stats_result::responder result;
    result.name = hook.key.decode();
    each_in(hook.value, [&result](const json_member& member) {
        const auto is = [&member](std::string_view name) { return member.key.equals(name); };
        if (is("asked")) {
            read_number(member.value, result.asked);
        } else if (is("replied")) {
            read_number(member.value, result.replied);
        } else if (is("vetoed")) {
            read_number(member.value, result.vetoed);
        } else if (is("failed")) {
            read_number(member.value, result.failed);
        } else if (is("lagged")) {
            read_number(member.value, result.lagged);
        } else if (is("enabled")) {
            result.enabled = member.value == "true";
        } else {
            read_time(member, result);
        }
    });
    return result;
}

void read_verdicts(std::string_view value, stats_result& stats) {
    each_in(value, [&stats](const json_member& member) {
        const auto is = [&member](std::string_view name) { return member.key.equals(name); };
        if (is("proceeded")) {
            read_number(member.value, stats.proceeded);
        } else if (is("vetoed")) {
            read_number(member.value, stats.vetoed);
        } else if (is("failed_closed")) {
            read_number(member.value, stats.failed_closed);
        } else if (is("bypassed")) {
            read_number(member.value, stats.bypassed);
        }
    });
}

void read_journal(std::string_view value, stats_result& stats) {
    each_in(value, [&stats](const json_member& member) {
        const auto is = [&member](std::string_view name) { return member.key.equals(name); };
        if (is("file")) {
            stats.journal.file = read_string(member.value);
        } else if (is("bytes")) {
            read_number(member.value, stats.journal.bytes);
        } else if (is("events")) {
            read_number(member.value, stats.journal.events);
        } else if (is("dropped")) {
            read_number(member.value, stats.journal.dropped);
        } else if (is("failure")) {
            stats.journal.failure = read_string(member.value);
        }
    });
}

stats_result::session read_session(const json_member& session) {
    stats_result::session result;
    each_in(session.value, [&result](const json_member& member) {
        const auto is = [&member](std::string_view name) { return member.key.equals(name); };
        if (is("name")) {
            result.name = read_string(member.value);
        } else if (is("pid")) {
            read_number(member.value, result.pid);
        } else if (is("uid")) {
            read_number(member.value, result.uid);
        } else if (is("queued")) {
            read_number(member.value, result.queued);
        } else if (is("lagged")) {
            result.lagged = member.value == "true";
        }
    });
    return result;
}

stats_result::cluster_link read_cluster_link(std::string_view value) {
    stats_result::cluster_link result;
    each_in(value, [&result](const json_member& member) {
        const auto is = [&member](std::string_view name) { return member.key.equals(name); };
        if (is("engine")) {
            result.engine = read_string(member.value);
        } else if (is("state")) {
            result.state = read_string(member.value);
        } else if (is("events")) {
            each_in(member.value,
                [&result](const json_member& pattern) { result.events.push_back(read_string(pattern.value)); });
        } else if (is("hosts")) {
            read_number(member.value, result.hosts);
        } else if (is("asked")) {
            read_number(member.value, result.asked);
        } else if (is("answered")) {
            read_number(member.value, result.answered);
        } else if (is("failed")) {
            read_number(member.value, result.failed);
        } else if (is("gaps")) {
            read_number(member.value, result.gaps);
        } else if (is("reconnects")) {
            read_number(member.value, result.reconnects);
        } else if (is("queue_usage")) {
            result.queue_usage = read_double(member.value);
        } else if (is("ask_ms")) {
            each_in(member.value, [&result](const json_member& time) { read_time(time, result); });
        }
    });
    return result;
}

// One link, or all of them, the first of which its own members repeat.
void read_clusters(std::string_view value, stats_result& stats) {
    each_in(value, [&stats](const json_member& member) {
        if (member.key.equals("links")) {
            each_in(member.value,
                [&stats](const json_member& link) { stats.clusters.push_back(read_cluster_link(link.value)); });
        }
    });
    if (stats.clusters.empty()) {
        stats.clusters.push_back(read_cluster_link(value));
    }
}

}  // namespace

protocol::stats_result read_stats(std::string_view json) {
    stats_result result;
    each_in(json.substr(json.find_first_not_of(" \t\r\n")), [&result](const json_member& member) {
        const auto is = [&member](std::string_view name) { return member.key.equals(name); };
        if (is("uptime_s")) {
            result.uptime_s = read_double(member.value).value_or(0);
        } else if (is("connections")) {
            read_number(member.value, result.connections);
        } else if (is("subscribers")) {
            read_number(member.value, result.subscribers);
        } else if (is("waiting")) {
            read_number(member.value, result.waiting);
        } else if (is("head_seq")) {
            read_number(member.value, result.head_seq);
        } else if (is("retained_events")) {
            read_number(member.value, result.retained_events);
        } else if (is("retained_bytes")) {
            read_number(member.value, result.retained_bytes);
        } else if (is("totals")) {
            read_totals(member.value, result);
        } else if (is("host")) {
            result.host = read_string(member.value);
        } else if (is("cluster")) {
            read_clusters(member.value, result);
        } else if (is("verdicts")) {
            read_verdicts(member.value, result);
        } else if (is("bypass")) {
            read_bypass(member.value, result.bypass);
        } else if (is("journal")) {
            read_journal(member.value, result);
        } else if (is("hooks")) {
            each_in(member.value, [&result](const json_member& hook) { result.hooks.push_back(read_hook(hook)); });
        } else if (is("events")) {
            each_in(member.value, [&result](const json_member& event) { result.events.push_back(read_event(event)); });
        } else if (is("sessions")) {
            each_in(member.value,
                [&result](const json_member& session) { result.sessions.push_back(read_session(session)); });
        }
    });
    return result;
}

}  // namespace hookd::hookctl
