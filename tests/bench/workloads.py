# SPDX-License-Identifier: BSL-1.0
"""The workloads: which peers each is for, and one measurement of one of them."""

import resource
import statistics
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

import clusters
import durable
import stretches
import users
from peers import Failed, private_directory

@dataclass(frozen=True)
class Workload:
    """`measure(bench, peer)` gives {metric: value}. `metrics` says which are shown, and in which unit."""
    name: str
    group: str
    title: str
    peers: tuple
    metrics: dict
    measure: Callable


@dataclass
class Bench:
    programs: object
    quick: bool
    cpu: int         # the one that pinned measurements share

    def count(self, full, peer, quick=None):
        """How often: less in quick mode, and with a peer that is slow."""
        return max(1, int((quick if quick is not None else full / 100) if self.quick else full / peer.slowness))

    def load(self, workload, peer, running, *options, cpu=None):
        program = "bench_grpc" if peer.name == "grpc" else "bench_load"
        arguments = [self.programs.find(program), workload, "--address", running.address, "--broker", running.pid,
                     "--check", "yes" if self.quick else "no"]
        if peer.dialect:
            arguments += ["--dialect", peer.dialect]
        return self.programs.run(*arguments, *options, cpu=cpu)


def trip(size, shape, pinned, full):
    def measure(bench, peer):
        cpu = bench.cpu if pinned else None
        count = bench.count(full, peer, 30)
        # As many as hookd retains: a broker that runs for longer takes no new memory for an event.
        retained = 0 if bench.quick or peer.name in ("sh", "python") else min(1024, (64 << 20) // size)
        warm_up = max(1, count // 5, retained)
        options = ["--size", size, "--shape", shape, "--count", count, "--warm-up", warm_up]
        if peer.name == "ping_pong":
            return bench.programs.run(bench.programs.find("bench_load"), "ping_pong", *options, cpu=cpu)
        if peer.name in ("sh", "python"):
            command = ["/bin/sh", "-c", "read -r payload; echo '{}'"] if peer.name == "sh" else \
                      ["/usr/bin/python3", "-c", "import json, sys; json.load(sys.stdin); print('{}')"]
            return bench.programs.run(bench.programs.find("bench_load"), "spawn", *options, "--", *command, cpu=cpu)
        # Left free, a run settles where the kernel first put its processes, and that is twice as far from one another in one run as in the next.
        runs = []
        for _ in range(1 if pinned or bench.quick or size > 256 else 5):
            with bench.programs.broker(peer, cpu) as running:
                runs.append(bench.load("trip", peer, running, *options, cpu=cpu))
        return {metric: statistics.median(run[metric] for run in runs) for metric in runs[0]}
    return measure


def fan_out(subscribers, full, one_event_a_write=False):
    def measure(bench, peer):
        count = bench.count(full, peer)
        options = ["--size", 256 + peer.extra_bytes, "--subscribers", subscribers, "--count", count, "--warm-up", max(1, count // 10)]
        if one_event_a_write:
            options += ["--batch", 1]
        with bench.programs.broker(peer) as running:
            result = bench.load("fan_out", peer, running, *options)
        if result["lost"] or result["disordered"]:
            raise Failed(f"{peer.title}: {result['lost']} deliveries lost, {result['disordered']} out of order")
        return result
    return measure


def crowd(bench, peer):
    """The cost of an event beside many sessions that don't match it, against that of one in a broker of its own."""
    # Sessions need a descriptor each, here and there.
    sessions = 100 if bench.quick else min(10_000, resource.getrlimit(resource.RLIMIT_NOFILE)[0] - 100)
    count = bench.count(100_000, peer)
    options = ["--count", count, "--warm-up", max(1, count // 10)]
    with ExitStack() as stack:
        alone = stack.enter_context(bench.programs.broker(peer))
        crowded = stack.enter_context(bench.programs.broker(peer))
        before = private_bytes(crowded.pid)
        stack.enter_context(bench.programs.background(
            bench.programs.find("bench_load"), "crowd", "--address", crowded.address, "--dialect", peer.dialect, "--count", sessions,
            awaits=lambda log: log.read_text().startswith("ready")))
        memory = private_bytes(crowded.pid) - before
        # Each twice, in turn: half of what disturbs one of them disturbs the other.
        costs = {crowded: 0, alone: 0}
        for running in (alone, crowded, crowded, alone):
            result = bench.load("fan_out", peer, running, *options)
            if result["lost"] or result["disordered"]:
                raise Failed(f"{peer.title}: {result['lost']} deliveries lost, {result['disordered']} out of order")
            costs[running] += result["cpu_us_per_event"] / 2
    return {"sessions": sessions, "alone_cpu_us": costs[alone], "crowd_cpu_us": costs[crowded],
            "crowd_ratio": costs[crowded] / costs[alone], "bytes_per_session": memory / sessions}


def private_bytes(pid):
    """What a process has of its own: no file, nothing shared."""
    kib = 0
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Private_"):
            kib += int(line.split()[1])
    return kib * 1024


def start(bench, peer):
    with private_directory(bench.programs) as place:
        address = place / "socket"
        return bench.programs.run(bench.programs.find("bench_load"), "start", "--address", address, "--dialect", peer.dialect,
                                  "--count", bench.count(30, peer, 2), "--", *bench.programs.command_of(peer, address))


def wall(command_for, with_hook=False):
    """A whole program, from its start to its end."""
    def measure(bench, peer):
        options = ["--count", bench.count(200, peer, 3), "--warm-up", 3]
        with ExitStack() as stack:
            # The floor of a program is one that does nothing.
            address = None if peer.name == "floor" else stack.enter_context(bench.programs.broker(peer)).address
            if with_hook and address:
                stack.enter_context(bench.programs.background(
                    bench.programs.find("bench_load"), "hook", "--address", address, "--dialect", peer.dialect,
                    awaits=lambda log: log.read_text().startswith("ready")))
            program, *arguments = command_for[peer.name]
            command = [bench.programs.find(program), *(word.replace("SOCKET", str(address)) for word in arguments)]
            return bench.programs.run(bench.programs.find("bench_load"), "wall", *options, "--", *command)
    return measure


def in_process(workload, subscribers, full):
    def measure(bench, peer):
        count = bench.count(full, peer)
        result = bench.programs.run(bench.programs.find("bench_in_process"), workload, "--subscribers", subscribers,
                                    "--count", count, "--warm-up", count // 10)
        if result.get("lost"):
            raise Failed(f"{result['lost']} deliveries lost")
        return result
    return measure


def micro(bench, peer):
    """Google Benchmark's own report: nanoseconds of CPU."""
    report = bench.programs.run(bench.programs.find("bench_micro"), "--benchmark_format=json",
                                f"--benchmark_min_time={0.001 if bench.quick else 0.05}")
    return {each["name"]: each["cpu_time"] for each in report["benchmarks"]}


TRIP = {"trip_p50_us": "us, p50", "trip_p99_us": "us, p99", "broker_cpu_us": "us of broker CPU"}
FAN_OUT = {"deliveries_per_s": "deliveries/s", "cpu_us_per_delivery": "us of broker CPU a delivery",
           "cpu_us_per_event": "us of broker CPU an event"}

SMALL = ("floor", "floor_wide", "hookd", "hookd_request", "hookd_line", "hookd_journal", "redis", "redis_quiet", "nats", "grpc", "dbus", "ping_pong", "sh", "python")
LARGE = ("floor", "hookd", "hookd_line", "redis", "redis_quiet", "nats", "grpc")
SPREAD = ("floor", "floor_wide", "hookd", "hookd_line", "hookd_journal", "redis", "redis_quiet", "nats", "grpc", "dbus")

WORKLOADS = [
    Workload("trip_256_pinned", "trip", "veto trip 256 B, all on one core", SMALL, TRIP, trip(256, "text", True, 6000)),
    Workload("trip_256_free", "trip", "veto trip 256 B, free", SMALL, TRIP, trip(256, "text", False, 6000)),
]
for _pinned in (False, True):
    for _size, _bytes, _full in (("64k", 65536, 1000), ("1m", 1048576, 120)):
        for _shape, _what in (("text", "one string"), ("tree", "a tree")):
            WORKLOADS.append(Workload(
                f"trip_{_size}_{_shape}_{'pinned' if _pinned else 'free'}", "trip",
                f"veto trip {_size.upper()[:-1]} {'KiB' if _size == '64k' else 'MiB'}, {_what}, {'all on one core' if _pinned else 'free'}",
                LARGE, TRIP, trip(_bytes, _shape, _pinned, _full)))
WORKLOADS += [
    Workload("fan_out_1", "fanout", "fan-out N=1", SPREAD, FAN_OUT, fan_out(1, 300_000)),
    Workload("fan_out_8", "fanout", "fan-out N=8", SPREAD, FAN_OUT, fan_out(8, 100_000)),
    Workload("fan_out_64", "fanout", "fan-out N=64", SPREAD, FAN_OUT, fan_out(64, 15_000)),
    Workload("fan_out_8_single", "fanout", "fan-out N=8, one event a write", SPREAD, FAN_OUT, fan_out(8, 50_000, one_event_a_write=True)),
]

PING = {"floor": ["true"], "hookd": ["hookctl", "--socket", "SOCKET", "ping"], "redis": ["redis-cli", "-s", "SOCKET", "ping"],
        "dbus": ["busctl", "--address=unix:path=SOCKET", "call", "org.freedesktop.DBus", "/org/freedesktop/DBus",
                 "org.freedesktop.DBus.Peer", "Ping"]}
ASK = {"hookd": ["hookctl", "--socket", "SOCKET", "emit", "--wait", "bench_event", "{}"]}

WORKLOADS += [
    Workload("crowd", "idle", "10,000 idle sessions", ("hookd", "redis", "nats"), {
        "alone_cpu_us": "us of broker CPU an event, alone", "crowd_cpu_us": "us of broker CPU an event, in the crowd",
        "crowd_ratio": "the second by the first", "bytes_per_session": "bytes of its own a session"}, crowd),
    Workload("start", "start", "start: exec to first answer", ("floor", "hookd", "redis"), {"start_p50_us": "us, p50"}, start),
    Workload("wall_ping", "start", "program: ping", tuple(PING), {"wall_p50_us": "us, p50"}, wall(PING)),
    Workload("wall_emit", "start", "program: emit --wait", tuple(ASK), {"wall_p50_us": "us, p50"}, wall(ASK, with_hook=True)),
    Workload("in_process_1", "inproc", "in process, N=1", ("hookd",), {"ns_per_delivery": "ns a delivery"}, in_process("fan_out", 1, 200_000)),
    Workload("in_process_8", "inproc", "in process, N=8", ("hookd",), {"ns_per_delivery": "ns a delivery"}, in_process("fan_out", 8, 100_000)),
    Workload("in_process_64", "inproc", "in process, N=64", ("hookd",), {"ns_per_delivery": "ns a delivery"}, in_process("fan_out", 64, 30_000)),
    Workload("in_process_trip", "inproc", "in process, trip", ("hookd",), {"ns_per_trip": "ns a trip"}, in_process("trip", 1, 100_000)),
    Workload("micro", "micro", "alone", ("hookd",), {name: f"ns {text}" for name, text in (
        ("split_frames/native", "to split 64 native frames"), ("split_frames/lines", "to split 64 lines"),
        ("scan_envelope/one_string/256", "to scan and check 256 B, one string"), ("scan_envelope/tree/256", "the same, a tree"),
        ("scan_envelope/one_string/65536", "64 KiB, one string"), ("scan_envelope/tree/65536", "the same, a tree"),
        ("scan_envelope/one_string/1048576", "1 MiB, one string"), ("scan_envelope/tree/1048576", "the same, a tree"),
        ("mint_id", "to mint an id"), ("append_to_log", "to make an event and log it"),
        ("match_pattern/plain", "to match a name"), ("match_pattern/star", "to match one with two *"),
        ("match_pattern/stars", "to match one with many"))}, micro),
]

WORKLOADS += [Workload(name, "cluster", title, peers, metrics, measure) for name, title, peers, metrics, measure in clusters.WORKLOADS]
WORKLOADS += [Workload(name, "durable", title, peers, metrics, measure) for name, title, peers, metrics, measure in durable.WORKLOADS]

WORKLOADS += [Workload(name, "stretch", title, ("hookd",), metrics, measure) for name, title, metrics, measure in stretches.WORKLOADS]

PROGRAM = {"wall_p50_us": "us, p50", "cpu_p50_us": "us of CPU, p50"}

WORKLOADS += [
    Workload("version_hookctl", "users", "hookctl --version", ("floor", "hookd"), PROGRAM, users.version("hookctl")),
    Workload("version_hookd", "users", "hookd --version", ("floor", "hookd"), PROGRAM, users.version("hookd")),
    Workload("guarded_call", "users", "one guarded tool call of a coding agent", ("floor", "hookd", "bash_jq", "python", "node"), PROGRAM,
             users.guarded_call),
    Workload("commit_one", "users", "a commit, one hook", ("no_hook", "hookd", "sh_hook", "lefthook", "husky", "pre_commit"), PROGRAM,
             users.commit_one),
    Workload("commit_four", "users", "a commit, four hooks", ("no_hook", "hookd", "sh_hook"), PROGRAM, users.commit_four),
    Workload("push_update", "users", "a push of 1,001 refs, update for each", ("no_hook", "hookd", "sh_hook"), {"wall_ms": "ms"},
             users.push_update),
]
