# SPDX-License-Identifier: BSL-1.0
"""What a run has found: medians, ratios, targets, as a table and as JSON."""

import json
import statistics

from peers import PEERS
from workloads import WORKLOADS


class Results:
    """values[workload][peer][metric] is a list with one number a round. Those of `apart` were measured in a run of their own: its machine."""

    def __init__(self, machine, values=None, apart=None):
        self.machine = machine
        self.values = values or {}
        self.apart = apart or {}

    def with_newer(self, newer):
        """These, with the workloads of another run instead of their own."""
        return Results(self.machine, {**self.values, **newer.values}, {**self.apart, **dict.fromkeys(newer.values, newer.machine)})

    def add(self, workload, peer, measured):
        metrics = self.values.setdefault(workload, {}).setdefault(peer, {})
        for name, value in measured.items():
            metrics.setdefault(name, []).append(value)

    def series(self, workload, peer, metric):
        return self.values.get(workload, {}).get(peer, {}).get(metric)

    def median(self, workload, peer, metric):
        series = self.series(workload, peer, metric)
        return statistics.median(series) if series else None

    def ratio(self, workload, above, below, metric):
        """The median over the rounds of one peer's number divided by the other's of the same round."""
        one, other = self.series(workload, above, metric), self.series(workload, below, metric)
        if not one or not other:
            return None
        return statistics.median(a / b for a, b in zip(one, other) if b)

    def to_json(self):
        return json.dumps({"machine": self.machine, "apart": self.apart, "results": self.values, "targets": [
            {"target": target.text, "measured": measured, "met": met} for target, measured, met in judged(self)]}, indent=1) + "\n"

    @staticmethod
    def from_json(text):
        document = json.loads(text)
        return Results(document["machine"], document["results"], document.get("apart"))


class Target:
    """A number that is to be at most, or at least, a limit: a peer's metric, or its ratio to that of another."""

    def __init__(self, text, workload, metric, limit, above="hookd", below=None, at_least=False):
        self.text, self.workload, self.metric, self.limit = text, workload, metric, limit
        self.above, self.below, self.at_least = above, below, at_least

    def measure(self, results):
        if self.below:
            return results.ratio(self.workload, self.above, self.below, self.metric)
        return results.median(self.workload, self.above, self.metric)

    def is_met(self, measured):
        return measured >= self.limit if self.at_least else measured <= self.limit


P50 = "trip_p50_us"
RATE = "deliveries_per_s"
TARGETS = [
    Target("trip 256 B, pinned: at most 1.2 x floor", "trip_256_pinned", P50, 1.2, below="floor"),
    Target("trip 256 B, pinned, reply as a request: at most 1.3 x floor", "trip_256_pinned", P50, 1.3, "hookd_request", "floor"),
    Target("trip 256 B, pinned: at least 1.4 x faster than Redis", "trip_256_pinned", P50, 1.4, "redis", "hookd", True),
    Target("trip 256 B, pinned: at least 10 x faster than gRPC", "trip_256_pinned", P50, 10, "grpc", "hookd", True),
    Target("trip 256 B, free: at most 1.1 x floor", "trip_256_free", P50, 1.1, below="floor"),
    Target("trip 64 KiB, one string: at most 1.2 x floor", "trip_64k_text_free", P50, 1.2, below="floor"),
    Target("trip 64 KiB, a tree: at most 2 x floor", "trip_64k_tree_free", P50, 2, below="floor"),
    Target("trip 1 MiB, one string: at most 1.2 x floor", "trip_1m_text_free", P50, 1.2, below="floor"),
    Target("trip 1 MiB, a tree: at most 2 x floor", "trip_1m_tree_free", P50, 2, below="floor"),
    Target("fan-out N=1: at least 2 x Redis", "fan_out_1", RATE, 2, below="redis", at_least=True),
    Target("fan-out N=8: at least 3.5 x Redis", "fan_out_8", RATE, 3.5, below="redis", at_least=True),
    Target("fan-out N=64: at least 4 x Redis", "fan_out_64", RATE, 4, below="redis", at_least=True),
    Target("fan-out N=64: at least 0.8 x floor", "fan_out_64", RATE, 0.8, below="floor", at_least=True),
    Target("broker CPU an event, N=1: at most half of Redis's", "fan_out_1", "cpu_us_per_event", 0.5, below="redis"),
    Target("broker CPU an event, N=1: at most 0.55 us", "fan_out_1", "cpu_us_per_event", 0.55),
    Target("one event a write, N=8: at least 1.8 x Redis", "fan_out_8_single", RATE, 1.8, below="redis", at_least=True),
    Target("an event beside 10,000 idle sessions: at most 1.1 x the cost with 1", "crowd", "crowd_ratio", 1.1),
    Target("an idle session: at most 2048 bytes of the daemon's own", "crowd", "bytes_per_session", 2048),
    Target("exec to first answer: at most 5 ms", "start", "start_p50_us", 5000),
    Target("hookctl ping: at most 2 ms", "wall_ping", "wall_p50_us", 2000),
    Target("hookctl ping: at most half of redis-cli ping", "wall_ping", "wall_p50_us", 0.5, below="redis"),
    Target("hookctl --version: at most 1.08 x an empty program", "version_hookctl", "wall_p50_us", 1.08, below="floor"),
    Target("hookd --version: at most 1.25 x an empty program", "version_hookd", "wall_p50_us", 1.25, below="floor"),
    Target("one guarded tool call: at most 2 x /bin/true", "guarded_call", "wall_p50_us", 2, below="floor"),
    Target("a commit, one hook: at most that of a sh hook", "commit_one", "wall_p50_us", 1, below="sh_hook"),
    Target("a commit, four hooks: at most 1.3 x empty sh hooks", "commit_four", "wall_p50_us", 1.3, below="sh_hook"),
    Target("a push of 1,001 refs, update: at most 1.3 x an empty sh hook", "push_update", "wall_ms", 1.3, below="sh_hook"),
    Target("in process, N=1: at most 300 ns a delivery", "in_process_1", "ns_per_delivery", 300),
    Target("in process, N=8: at most 100 ns a delivery", "in_process_8", "ns_per_delivery", 100),
    Target("in process, N=64: at most 60 ns a delivery", "in_process_64", "ns_per_delivery", 60),
    Target("in process, a trip: at most 600 ns", "in_process_trip", "ns_per_trip", 600),
    Target("at a stretch, emits of 12 MB: at most 10 ms", "stretch_emits", "stretch_ms", 10),
    Target("at a stretch, a slow schema over 12 MB: at most 10 ms", "stretch_schema", "stretch_ms", 10),
    Target("at a stretch, 256 globs against 65,536 waits: at most 10 ms", "stretch_waits", "stretch_ms", 10),
    Target("at a stretch, 4,000 sessions of globs: at most 10 ms", "stretch_sessions", "stretch_ms", 10),
    Target("at a stretch, conditions of 2,000 sessions: at most 10 ms", "stretch_conditions", "stretch_ms", 10),
    Target("at a stretch, batches of large answers: at most 10 ms", "stretch_batches", "stretch_ms", 10),
    Target("at a stretch, 30 peers that leave 30,000 waits: at most 10 ms", "stretch_leaving", "stretch_ms", 10),
    Target("at a stretch, events for 4,000 sessions: at most 10 ms", "stretch_fan_out", "stretch_ms", 10),
    Target("trip to a host on PostgreSQL, pinned: at most 1.6 x its statements", "cluster_trip_pinned", P50, 1.6, "hookd_pg", "pg_floor"),
    Target("8 hosts answer on PostgreSQL, pinned: at most 1.3 x its statements", "cluster_trip_8_pinned", P50, 1.3, "hookd_pg", "pg_floor"),
    Target("told to 8 hosts on PostgreSQL: at least 0.7 x its statements, 16 a transaction", "cluster_told_8", "events_per_s", 0.7, "hookd_pg",
           "pg_floor", True),
    Target("PostgreSQL's CPU a verdict: at most 1.2 x its statements", "cluster_trip_pinned", "broker_cpu_us", 1.2, "hookd_pg", "pg_floor"),
    Target("trip to a host on NATS, pinned: at most 1.6 x a request of NATS and two trips of hookd", "cluster_parts", "whole_by_parts", 1.6,
           "hookd_nats"),
    Target("local trip with a cluster on PostgreSQL on: at most 1.03 x off", "cluster_local", "on_by_off", 1.03, "hookd_pg"),
    Target("local trip with a cluster on NATS on: at most 1.03 x off", "cluster_local", "on_by_off", 1.03, "hookd_nats"),
    Target("PostgreSQL dies: a wait is answered within 20 ms", "cluster_death", "down_ms", 20, "hookd_pg"),
    Target("NATS dies: a wait is answered within 20 ms", "cluster_death", "down_ms", 20, "hookd_nats"),
    Target("a daemon dies, on PostgreSQL: noticed within 1 s", "cluster_death", "dead_ms", 1000, "hookd_pg"),
    Target("a daemon dies, on NATS: noticed within 1 s", "cluster_death", "dead_ms", 1000, "hookd_nats"),
    Target("256 hosts that listen cost what was calculated from fewer: at most 1.25 x", "cluster_listeners", "last_calculated", 1.25, "hookd_pg"),
    Target("256 that listen in another database cost nothing: at most 1.15 x", "cluster_listeners", "elsewhere", 1.15, "hookd_pg"),
    Target("two shards do twice as much as one on PostgreSQL: at least 0.85 x", "cluster_shards", "two_by_one", 0.85, "hookd_pg", at_least=True),
]


def judged(results):
    """(target, measured, whether met) of each target that was measured."""
    for target in TARGETS:
        measured = target.measure(results)
        if measured is not None:
            yield target, measured, target.is_met(measured)


def short(value):
    if value >= 1e6:
        return f"{value / 1e6:.2f}M"
    if value >= 1e4:
        return f"{value / 1e3:.0f}k"
    if value >= 100:
        return f"{value:.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def rows_of(results, groups=None):
    """(title, unit, {peer: (median, ratio to hookd)}) of each metric that was measured, of these groups only where any are given."""
    for workload in WORKLOADS:
        if groups and workload.group not in groups:
            continue
        for metric, unit in workload.metrics.items():
            cells = {}
            for peer in PEERS:
                median = results.median(workload.name, peer, metric)
                if median is not None:
                    cells[peer] = (median, results.ratio(workload.name, peer, "hookd", metric))
            if cells:
                yield workload.title, unit, cells


def lines_of(rows):
    """The rows as cells of text, the heading first."""
    used = [peer for peer in PEERS if any(peer in cells for _, _, cells in rows)]
    lines = [["", "", *(PEERS[peer].title for peer in used)]]
    before = None
    for title, unit, cells in rows:
        line = [title if title != before else "", unit]
        for peer in used:
            if peer not in cells:
                line.append("")
                continue
            median, ratio = cells[peer]
            line.append(short(median) if ratio is None or peer == "hookd" else f"{short(median)} ({short(ratio)}x)")
        lines.append(line)
        before = title
    return lines


def print_table(results, out):
    lines = lines_of(list(rows_of(results)))
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    for line in lines:
        out.write("  ".join(cell.ljust(width) if column < 2 else cell.rjust(width)
                            for column, (cell, width) in enumerate(zip(line, widths))).rstrip() + "\n")
    out.write(f"\nMedians of {results.machine['rounds']} rounds; in brackets the ratio to hookd.\n\n")
    for target, measured, met in judged(results):
        out.write(f"{'met   ' if met else 'MISSED'}  {short(measured):>8}  {target.text}\n")


def described(machine):
    rounds = f"medians of {machine['rounds']} interleaved rounds" if machine["rounds"] > 1 else "one round"
    return f"on {machine['date']}: {machine['cores']} cores of {machine['cpu']}, Linux {machine['kernel']}, {rounds}"


def tables_as_markdown(results):
    out = [f"Measured {described(results.machine)}. In brackets: the ratio to hookd in the same round.", ""]
    for heading, groups in (("Veto round trip", ("trip",)), ("Fan-out", ("fanout",)), ("Idle sessions, start", ("idle", "start")),
                            ("What users do today", ("users",)),
                            ("In process, and parts alone", ("inproc", "micro")), ("Hosts", ("cluster",)), ("Events on disk", ("durable",))):
        heads, *lines = lines_of(list(rows_of(results, groups)))
        if not lines:
            continue
        heads[0] = heading
        apart = {described(results.apart[each.name]) for each in WORKLOADS if each.group in groups and each.name in results.apart}
        out += [f"Measured {each}:\n" for each in sorted(apart)]
        out.append("| " + " | ".join(heads) + " |")
        out.append("|" + "|".join("---" if column < 2 else "---:" for column in range(len(heads))) + "|")
        out += ["| " + " | ".join(line) + " |" for line in lines] + [""]
    out += ["| Target | measured | |", "|---|---:|---|"]
    out += [f"| {target.text} | {short(measured)} | {'met' if met else '**missed**'} |" for target, measured, met in judged(results)]
    return "\n".join(out) + "\n"
