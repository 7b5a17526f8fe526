#!/usr/bin/python3
# SPDX-License-Identifier: BSL-1.0
"""Measures hookd beside its floor and its rivals. Run it as tests/bench/run.sh, which builds what it needs."""

import argparse
import os
import platform
import resource
import signal
import sys
import tempfile
import time
from pathlib import Path

from chart import draw
from peers import PEERS, Failed, Missing, Programs
from report import Results, print_table, tables_as_markdown
from workloads import WORKLOADS, Bench

HERE = Path(__file__).resolve().parent
TABLES_BEGIN = "<!-- tables: written by run.sh --document -->"
TABLES_END = "<!-- end of tables -->"


def names(text):
    return [name for name in text.split(",") if name]


def read_arguments():
    parser = argparse.ArgumentParser(prog="tests/bench/run.sh", description=__doc__)
    parser.add_argument("--only", type=names, default=[], metavar="NAME,...",
                        help="these workloads or groups of workloads only (see --list)")
    parser.add_argument("--peers", type=names, default=[], metavar="NAME,...", help="these peers only (see --list)")
    parser.add_argument("--rounds", type=int, default=5, metavar="N", help="how often; medians are shown (default 5)")
    parser.add_argument("--quick", action="store_true", help="once, small, each payload and number checked: does it work, is nothing lost?")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all numbers there")
    parser.add_argument("--document", action="store_true",
                        help="write what was found into the documentation: tests/bench/results.json, chart.svg, and the tables of README.md; with --only the rest stays")
    parser.add_argument("--from", type=Path, dest="source", metavar="FILE", help="measure nothing: take the numbers of such a file")
    parser.add_argument("--list", action="store_true", help="name the workloads and the peers")
    parser.add_argument("--built", type=Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--unpacked", type=Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--npm", type=Path, required=True, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    known = {workload.name for workload in WORKLOADS} | {workload.group for workload in WORKLOADS}
    for name in arguments.only:
        if name not in known:
            parser.error(f"unknown workload '{name}'; --list names them")
    for name in arguments.peers:
        if name not in PEERS:
            parser.error(f"unknown peer '{name}'; --list names them")
    if arguments.document and (arguments.peers or arguments.quick):
        parser.error("--document wants every peer: leave out --peers and --quick")
    if arguments.rounds < 1:
        parser.error("--rounds wants at least 1")
    return arguments


def chosen(arguments):
    """(workload, peers) for what was asked for."""
    for workload in WORKLOADS:
        if arguments.only and workload.name not in arguments.only and workload.group not in arguments.only:
            continue
        peers = [PEERS[name] for name in workload.peers if not arguments.peers or name in arguments.peers]
        if peers:
            yield workload, peers


def describe_machine():
    model = "unknown"
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    return {"cpu": model, "cores": len(os.sched_getaffinity(0)), "kernel": platform.release(), "rounds": 0,
            "date": time.strftime("%Y-%m-%d")}


def measure_all(arguments, bench, results):
    """Round after round, so that what disturbs the machine for a while disturbs all alike. Returns (passed, failed) cases."""
    passed = failed = 0
    clear = "\r\033[K" if sys.stderr.isatty() else ""
    rounds = 1 if arguments.quick else arguments.rounds
    for number in range(rounds):
        for workload, peers in chosen(arguments):
            turn = number % len(peers)
            for peer in peers[turn:] + peers[:turn]:
                if clear:
                    print(f"{clear}round {number + 1} of {rounds}: {workload.title}: {peer.title}", end="", file=sys.stderr, flush=True)
                try:
                    results.add(workload.name, peer.name, workload.measure(bench, peer))
                    passed += 1
                except Missing as why:
                    print(f"{clear}skipped: {workload.title}: {peer.title}: {why}", file=sys.stderr)
                except Failed as why:
                    failed += 1
                    print(f"{clear}FAILED: {workload.title}: {peer.title}: {why}", file=sys.stderr)
        results.machine["rounds"] = number + 1
        if arguments.json:  # after each round: whoever breaks off keeps what there is
            arguments.json.write_text(results.to_json())
    print(clear, end="", file=sys.stderr)
    return passed, failed


def document(results, is_part):
    """Puts the numbers where people read them; those of a part beside the others that are there."""
    if is_part:
        results = Results.from_json((HERE / "results.json").read_text()).with_newer(results)
    (HERE / "results.json").write_text(results.to_json())
    (HERE / "chart.svg").write_text(draw(results))
    page = HERE / "README.md"
    before, _, rest = page.read_text().partition(TABLES_BEGIN)
    after = rest.partition(TABLES_END)[2]
    page.write_text(f"{before}{TABLES_BEGIN}\n{tables_as_markdown(results)}{TABLES_END}{after}")


def main():
    arguments = read_arguments()
    if arguments.list:
        for workload in WORKLOADS:
            print(f"{workload.group:10} {workload.name:22} {workload.title}: {', '.join(workload.peers)}")
        return 0
    # An end by signal is an end by exception: all that was started is stopped, and the directory removed.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(1))
    if arguments.source:
        results = Results.from_json(arguments.source.read_text())
        print_table(results, sys.stdout)
        if arguments.document:
            document(results, arguments.only)
        return 0
    most_files = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most_files, most_files))  # for the crowd and its brokers
    results = Results(describe_machine())
    with tempfile.TemporaryDirectory(prefix="hookd-bench-") as scratch:
        bench = Bench(Programs(arguments.built, arguments.unpacked, arguments.npm, scratch), arguments.quick, max(os.sched_getaffinity(0)))
        passed, failed = measure_all(arguments, bench, results)
    if arguments.quick:
        print(f"{passed} passed, {failed} failed")
    else:
        print_table(results, sys.stdout)
    if arguments.document and not failed:
        document(results, arguments.only)
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
