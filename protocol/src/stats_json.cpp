// SPDX-License-Identifier: BSL-1.0
#include "json_values.hpp"

#include <base/text/number.hpp>

namespace hookd::protocol {
namespace {

using base::append_milliseconds;
using detail::add_uuid;
using detail::append_bypass;
using detail::append_fraction_or_null;
using detail::append_number;
using detail::append_text_or_null;

// `null` where there is none.
void append_histogram(std::string& out, const std::optional<time_histogram>& times) {
    if (!times) {
        out += "null";
        return;
    }
    base::object_writer members{out};
    members.number("count", times->count);
    append_fraction_or_null(members.member("sum_ms"), times->sum_ms);
    members.array("buckets", times->buckets, append_number).end();
}

template <class Times>
void append_times(base::object_writer& out, const Times& times) {
    append_fraction_or_null(out.member("p50_ms"), times.p50_ms);
    append_fraction_or_null(out.member("p90_ms"), times.p90_ms);
    append_fraction_or_null(out.member("p99_ms"), times.p99_ms);
    append_fraction_or_null(out.member("max_ms"), times.max_ms);
    append_histogram(out.member("histogram"), times.histogram);
}

void append_link(base::object_writer& out, const stats_result::cluster_link& link) {
    append_text_or_null(out.member("engine"), link.engine);
    out.text("state", link.state);
    out.texts("events", link.events);
    out.number("hosts", link.hosts);
    out.number("asked", link.asked);
    out.number("answered", link.answered);
    out.number("failed", link.failed);
    out.number("gaps", link.gaps);
    out.number("reconnects", link.reconnects);
    append_fraction_or_null(out.member("queue_usage"), link.queue_usage);
    base::object_writer times{out.member("ask_ms")};
    append_times(times, link);
    times.end();
}

// The first link's figures are those of the cluster; where there are several, all of them stand in `links`.
void append_clusters(base::object_writer& document, const std::vector<stats_result::cluster_link>& links) {
    if (links.empty()) {
        return;
    }
    base::object_writer cluster{document.member("cluster")};
    append_link(cluster, links.front());
    if (links.size() > 1) {
        cluster.array("links", links, [](std::string& out, const stats_result::cluster_link& each) {
            base::object_writer one{out};
            append_link(one, each);
            one.end();
        });
    }
    cluster.end();
}

template <class Enum>
void append_counts(std::string& out, const std::uint64_t* counts, std::size_t first, std::size_t size) {
    base::object_writer object{out};
    for (std::size_t i = first; i < size; ++i) {
        object.number(to_string(static_cast<Enum>(i)), counts[i]);
    }
    object.end();
}

void append_session(std::string& out, const stats_result::session& session) {
    base::object_writer{out}
        .text("name", session.name)
        .number("pid", static_cast<std::uint64_t>(session.pid))
        .number("uid", session.uid)
        .number("queued", session.queued)
        .flag("lagged", session.lagged)
        .end();
}

}  // namespace

void append_json(std::string& out, const ping_result& result) {
    base::object_writer members{out};
    add_uuid(members, "instance", result.instance);
    members.text("version", result.version).number("protocol", version).number("pid", result.pid);
    members.optional_text("host", result.host);
    append_clusters(members, result.clusters);
    members.end();
}

void append_json(std::string& out, const stats_result& result) {
    base::object_writer document{out};
    document.text("host", result.host);
    append_fraction_or_null(document.member("uptime_s"), result.uptime_s);
    document.number("connections", result.connections);
    document.number("subscribers", result.subscribers);
    document.number("waiting", result.waiting);
    document.number("head_seq", result.head_seq);
    document.number("retained_events", result.retained_events);
    document.number("retained_bytes", result.retained_bytes);
    base::object_writer totals{document.member("totals")};
    totals.number("events", result.events_total);
    totals.number("deliveries", result.deliveries);
    totals.number("accepted", result.accepted);
    append_counts<refusal>(totals.member("refused"), result.refused, 1, refusal_count);
    append_counts<outcome>(totals.member("outcomes"), result.outcomes, 0, outcome_count);
    totals.number("lagged", result.lagged);
    totals.number("protocol_errors", result.protocol_errors);
    totals.number("bytes_in", result.bytes_in);
    totals.number("bytes_out", result.bytes_out);
    totals.end();
    base::object_writer verdicts{document.member("verdicts")};
    verdicts.number("proceeded", result.proceeded);
    verdicts.number("vetoed", result.vetoed);
    verdicts.number("failed_closed", result.failed_closed);
    verdicts.number("bypassed", result.bypassed);
    verdicts.end();
    append_bypass(document.member("bypass"), result.bypass);
    document.array("histogram_ms", reply_time_bounds, append_milliseconds);
    base::object_writer events{document.member("events")};
    for (const auto& each : result.events) {
        base::object_writer times{events.member(each.name)};
        times.number("count", each.count);
        append_times(times, each);
        times.end();
    }
    events.end();
    base::object_writer hooks{document.member("hooks")};
    for (const auto& each : result.hooks) {
        base::object_writer hook{hooks.member(each.name)};
        hook.number("asked", each.asked);
        hook.number("replied", each.replied);
        hook.number("vetoed", each.vetoed);
        hook.number("failed", each.failed);
        hook.number("lagged", each.lagged);
        if (each.enabled) {
            hook.flag("enabled", *each.enabled);
        }
        append_times(hook, each);
        hook.end();
    }
    hooks.end();
    base::object_writer journal{document.member("journal")};
    append_text_or_null(journal.member("file"), result.journal.file);
    journal.number("bytes", result.journal.bytes);
    journal.number("events", result.journal.events);
    journal.number("dropped", result.journal.dropped);
    journal.optional_text("failure", result.journal.failure);
    journal.end();
    document.array("sessions", result.sessions, append_session);
    append_clusters(document, result.clusters);
    document.end();
}

}  // namespace hookd::protocol
