#!/usr/bin/python3
# SPDX-License-Identifier: BSL-1.0
"""Verdicts and told events between two hosts on PostgreSQL, beside the same statements without hookd-postgres: free, and pinned to one core.

    tests/bench/cluster_postgres.py --built .build/release/bin [--trips 600] [--rounds 5]

Starts a private PostgreSQL in a temporary directory (as user nobody where it runs as root). Its last line is "N passed, M failed".
"""

import argparse
import glob
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

NOBODY = 65534
# The link's share of a trip to one host, and of told events at 16 a transaction; see shared/design/CLUSTER.md, "Targets".
MOST_TRIP = 1.6
LEAST_TOLD = 0.7


def newest_server():
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin/postgres"), key=lambda path: int(path.split("/")[4]))
    if not found:
        sys.exit("cluster_postgres.py: no PostgreSQL server; apt-get install postgresql-15")
    return Path(found[-1]).parent


def as_server():
    if os.geteuid() != 0:
        return {}
    return {"user": NOBODY, "group": NOBODY, "extra_groups": []}


class Server:
    """A PostgreSQL of its own, in a directory."""

    def __init__(self, directory):
        self.directory = directory
        programs = newest_server()
        if os.geteuid() == 0:
            os.chown(directory, NOBODY, NOBODY)
        run = {"cwd": "/", "stdin": subprocess.DEVNULL, **as_server()}
        subprocess.run([programs / "initdb", "-D", f"{directory}/data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8",
                        "--no-sync"], check=True, stdout=subprocess.DEVNULL, **run)
        self.psql = [str(programs / "psql"), "-XAtq", "-v", "ON_ERROR_STOP=1", "-h", directory, "-U", "postgres"]
        self.process = subprocess.Popen([programs / "postgres", "-D", f"{directory}/data", "-k", directory, "-c", "listen_addresses="],
                                        stderr=subprocess.DEVNULL, **run)
        for _ in range(200):
            if subprocess.run([*self.psql, "-c", "select 1"], capture_output=True).returncode == 0:
                return
            time.sleep(0.05)
        sys.exit("cluster_postgres.py: PostgreSQL does not start")

    def query(self, database, statement):
        subprocess.run([*self.psql, "-d", database, "-c", statement], check=True)

    def url(self, role):
        return f"postgresql://{role}@/bench?host={self.directory}"

    def stop(self):
        self.process.send_signal(signal.SIGQUIT)
        self.process.wait()


def prepare(server, built):
    file = Path(server.directory, "url")
    file.write_text(server.url("postgres") + "\n")
    file.chmod(0o600)
    subprocess.run([built / "hookd-postgres", "--init", file], check=True, stdout=subprocess.DEVNULL)
    for role in "abcd":
        server.query("bench", f"create role {role} login in role hookd_host")


def measure(server, built, trips, rounds, pinned):
    command = [built / "bench_cluster_postgres", built / "hookd-postgres", *(server.url(role) for role in "abcd"), str(trips), str(rounds)]
    if pinned:
        command = ["taskset", "-c", "0", *command]
        for pid in subprocess.run(["pgrep", "-P", str(server.process.pid)], capture_output=True, text=True).stdout.split():
            subprocess.run(["taskset", "-cp", "0", pid], stdout=subprocess.DEVNULL)
        subprocess.run(["taskset", "-cp", "0", str(server.process.pid)], stdout=subprocess.DEVNULL)
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, timeout=600)
    return [json.loads(line) for line in done.stdout.splitlines()]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--built", type=Path, required=True)
    parser.add_argument("--trips", type=int, default=600)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    directory = tempfile.mkdtemp(prefix="hookd-bench-")
    server = Server(directory)
    passed = failed = 0
    try:
        prepare(server, arguments.built.resolve())
        for pinned in (False, True):
            rounds = measure(server, arguments.built.resolve(), arguments.trips, arguments.rounds, pinned)
            middle = {name: statistics.median(each[name] for each in rounds) for name in rounds[0]}
            trip = statistics.median(each["link_trip_us"] / each["floor_trip_us"] for each in rounds)
            told = statistics.median(each["link_told_per_s"] / each["floor_told_per_s"] for each in rounds)
            where = "all on one core" if pinned else "free"
            print(f"{where}: trip {middle['link_trip_us']:.0f} us, floor {middle['floor_trip_us']:.0f} us: {trip:.2f}x (target {MOST_TRIP}x); "
                  f"told {middle['link_told_per_s']:.0f}/s, floor {middle['floor_told_per_s']:.0f}/s: {told:.2f}x (target {LEAST_TOLD}x)")
            for met in (trip <= MOST_TRIP, told >= LEAST_TOLD):
                passed, failed = passed + met, failed + (not met)
    finally:
        server.stop()
        shutil.rmtree(directory, ignore_errors=True)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
