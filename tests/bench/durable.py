#!/usr/bin/python3
# SPDX-License-Identifier: BSL-1.0
"""What --durable costs: acknowledged events a second of 1 and of 16 emitters, each with one request under way, on one disk in interleaved rounds.

    tests/bench/durable.py --built .build/release/bin [--seconds 2] [--rounds 3] [--directory DIR]

Beside it: hookd without --durable; a file that gets 256 bytes and an fdatasync each time, which is the floor of one emitter; PostgreSQL, where each emitter
inserts a row and commits (pgbench). PostgreSQL is left out where it is not installed. Prints a table; ratios of one run count, not the figures.
"""

import argparse
import json
import os
import re
import selectors
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from cluster_postgres import Server, as_server, newest_server  # noqa: E402

PAYLOAD = "x" * 256
EMITTERS = (1, 16)


class Hookd:
    def __init__(self, program, directory, options):
        self.socket = f"{directory}/s"
        self.process = subprocess.Popen([program, "--socket", self.socket, "--journal", f"{directory}/journal.db", *options],
                                        stderr=subprocess.DEVNULL)
        for _ in range(500):
            try:
                self.connect().close()
                return
            except OSError:
                time.sleep(0.01)
        sys.exit("durable.py: hookd does not start")

    def connect(self):
        peer = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        peer.connect(self.socket)
        return peer

    def events_a_second(self, emitters, seconds):
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "emit", "params": {"event": "e", "payload": PAYLOAD}}).encode()
        request = struct.pack(">I", len(body)) + body
        ready = selectors.DefaultSelector()
        for _ in range(emitters):
            peer = self.connect()
            ready.register(peer, selectors.EVENT_READ)
            peer.sendall(request)
        count = 0
        begun = time.monotonic()
        while time.monotonic() - begun < seconds:
            for key, _ in ready.select():
                answer = key.fileobj.recv(4096)
                if b'"result"' not in answer:
                    sys.exit(f"durable.py: {answer!r}")
                count += 1
                key.fileobj.sendall(request)
        took = time.monotonic() - begun
        for key in list(ready.get_map().values()):
            key.fileobj.close()
        return count / took

    def stop(self):
        self.process.terminate()
        self.process.wait()


def synced_writes_a_second(directory, seconds):
    fd = os.open(f"{directory}/floor", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    count = 0
    begun = time.monotonic()
    while time.monotonic() - begun < seconds:
        os.write(fd, PAYLOAD.encode())
        os.fdatasync(fd)
        count += 1
    os.close(fd)
    return count / (time.monotonic() - begun)


class Postgres:
    def __init__(self, directory):
        self.directory = directory
        self.server = Server(directory)
        subprocess.run([*self.server.psql, "-c", "create table events(id bigserial primary key, payload text)"], check=True)
        self.script = f"{directory}/insert.sql"
        Path(self.script).write_text(f"insert into events(payload) values('{PAYLOAD}');\n", encoding="ascii")
        os.chmod(self.script, 0o644)

    def events_a_second(self, emitters, seconds):
        run = subprocess.run([newest_server() / "pgbench", "-n", "-M", "prepared", "-c", str(emitters), "-j", "1", "-T", str(seconds), "-f", self.script,
                              "-h", self.directory, "-U", "postgres", "postgres"], check=True, capture_output=True, text=True, cwd="/", **as_server())
        return float(re.search(r"tps = ([0-9.]+)", run.stdout).group(1))

    def stop(self):
        self.server.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--built", required=True)
    parser.add_argument("--seconds", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--directory", help="on the disk that is measured (default: the temporary directory)")
    options = parser.parse_args()
    program = str(Path(options.built) / "hookd")
    with tempfile.TemporaryDirectory(dir=options.directory) as top:
        os.chmod(top, 0o755)
        places = {name: f"{top}/{name}" for name in ("off", "durable", "postgres")}
        for place in places.values():
            os.mkdir(place, 0o700)
        peers = {"hookd": Hookd(program, places["off"], []), "hookd --durable": Hookd(program, places["durable"], ["--durable"])}
        try:
            newest_server()
            peers["PostgreSQL commit"] = Postgres(places["postgres"])
        except SystemExit as missing:
            print(missing)
        figures = {}
        for _ in range(options.rounds):
            figures.setdefault(("write + fdatasync", 1), []).append(synced_writes_a_second(top, options.seconds))
            for name, peer in peers.items():
                for emitters in EMITTERS:
                    figures.setdefault((name, emitters), []).append(peer.events_a_second(emitters, options.seconds))
        for peer in peers.values():
            peer.stop()
    floor = statistics.median(figures["write + fdatasync", 1])
    print(f"{'':20} {'emitters':>8} {'events/s':>10} {'x write + fdatasync':>20}")
    for (name, emitters), each in figures.items():
        median = statistics.median(each)
        print(f"{name:20} {emitters:8} {median:10.0f} {median / floor:20.2f}")


if __name__ == "__main__":
    main()
