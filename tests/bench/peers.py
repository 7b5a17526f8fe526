# SPDX-License-Identifier: BSL-1.0
"""The brokers that are compared: how each is started in a private directory, and what it is called."""

import ctypes
import json
import os
import shutil
import signal
import socket
import subprocess
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None)


class Failed(Exception):
    """A measurement that did not come to an end, with what the programs said."""


class Missing(Exception):
    """A peer that is not on this machine, and could not be brought here."""


@dataclass(frozen=True)
class Peer:
    name: str
    title: str
    dialect: str = ""       # how bench_load talks to it; empty: it is no broker that bench_load knows
    slowness: float = 1.0   # how much less it is given to do, so that a round takes no longer than with the others
    extra_bytes: int = 0    # added to what is sent


# The order is that of the table.
PEERS = {peer.name: peer for peer in (
    Peer("floor", "floor", "floor"),
    # What hookd's envelope adds to a 256-byte event, added to the floor's: how much of the distance is bytes alone.
    Peer("floor_wide", "floor, as many bytes", "floor", extra_bytes=240),
    Peer("hookd", "hookd", "hookd"),
    Peer("hookd_request", "hookd, replies as requests", "hookd_request"),
    Peer("hookd_line", "hookd, line framing", "hookd_line"),
    Peer("hookd_journal", "hookd, with a journal", "hookd"),
    Peer("hookd_durable", "hookd --durable", "hookd"),
    Peer("synced_file", "write and fdatasync"),
    Peer("pg_commit", "PostgreSQL's commit"),
    Peer("jetstream", "NATS JetStream, not synced"),
    Peer("redis", "Redis", "redis"),
    Peer("redis_quiet", "Redis, no replies", "redis_quiet"),
    Peer("nats", "NATS", "nats"),
    Peer("grpc", "gRPC C++", "", slowness=5),
    Peer("dbus", "dbus-broker", "dbus", slowness=4),
    Peer("pg_floor", "PostgreSQL's statements"),
    Peer("hookd_pg", "hookd on PostgreSQL", "hookd_cluster"),
    Peer("hookd_nats", "hookd on NATS", "hookd_cluster"),
    Peer("ping_pong", "ping-pong, no broker"),
    Peer("no_hook", "no hook"),
    Peer("sh", "/bin/sh -c", slowness=15),
    Peer("sh_hook", "sh hook"),
    Peer("bash_jq", "bash and jq", slowness=10),
    Peer("python", "python3 -c", slowness=100),
    Peer("node", "node -e", slowness=20),
    Peer("lefthook", "lefthook", slowness=4),
    Peer("husky", "husky", slowness=4),
    Peer("pre_commit", "pre-commit", slowness=20),
)}


@dataclass(frozen=True)
class Running:
    address: str
    pid: int


class Programs:
    """Finds and starts programs. All that it starts dies with this process."""

    def __init__(self, built, unpacked, npm, scratch):
        self.built = Path(built)
        self.unpacked = Path(unpacked)
        self.npm = Path(npm).resolve()
        self.scratch = Path(scratch)
        self.counter = 0

    def find(self, name):
        """One of ours, one of the system's, or one from a package that was unpacked and not installed."""
        for place in (self.built / name, self.unpacked / "usr/bin" / name, self.unpacked / "usr/sbin" / name):
            if place.exists():
                return str(place)
        found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin")
        if not found:
            raise Failed(f"{name} is not there; tests/bench/run.sh installs what is missing")
        return found

    @staticmethod
    def prepare_child(cpu):
        """To be called in the child: it is not to outlive us, and runs on that CPU, where one is given."""
        def prepare():
            LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
            if cpu is not None:
                os.sched_setaffinity(0, {cpu})
        return prepare

    def run(self, *command, cpu=None, limit=120):
        """Runs a load program to its end, and returns the JSON object that it printed."""
        child = subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE, text=True, preexec_fn=self.prepare_child(cpu))
        try:
            out, err = child.communicate(timeout=limit)
        except subprocess.TimeoutExpired:
            raise Failed(f"{' '.join(child.args)}: not done after {limit} s") from None
        finally:
            child.kill()
            child.wait()
        if child.returncode != 0:
            raise Failed(f"{' '.join(child.args)}: status {child.returncode}: {err.strip()}")
        return json.loads(out)

    @contextmanager
    def background(self, *command, cpu=None, awaits=None):
        """Runs a program until the block ends. `awaits(log)` says whether it is ready."""
        self.counter += 1
        log = self.scratch / f"{self.counter}.log"
        with open(log, "wb") as output:
            child = subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                                     preexec_fn=self.prepare_child(cpu))
        try:
            limit = time.monotonic() + 30
            while awaits and not awaits(log):
                if child.poll() is not None:
                    raise Failed(f"{' '.join(map(str, command))}: ended with status {child.returncode}: {log.read_text()[-2000:]}")
                if time.monotonic() > limit:
                    raise Failed(f"{' '.join(map(str, command))}: not ready after 30 s: {log.read_text()[-2000:]}")
                time.sleep(0.002)
            yield child
        finally:
            child.terminate()
            try:
                child.wait(5)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()

    def command_of(self, peer, address):
        """The command line of a broker that listens on a unix socket."""
        kind = peer.name.split("_")[0]
        if kind == "hookd":
            journal = Path(address).parent / "journal.db" if peer.name in ("hookd_journal", "hookd_durable") else "off"
            return [self.find("hookd"), "--socket", address, "--log-level", "error", "--max-connections", "15000", "--journal", journal,
                    *(["--durable"] if peer.name == "hookd_durable" else [])]
        if kind == "redis":
            # redis-tools has the server, too: the same program, which goes by its name.
            link = Path(address).parent / "redis-server"
            link.symlink_to(self.find("redis-check-rdb"))
            return [link, "--port", "0", "--unixsocket", address, "--save", "", "--appendonly", "no",
                    "--maxclients", "15000", "--client-output-buffer-limit", "pubsub", "0", "0", "0"]
        if kind == "dbus":
            return [self.find("bench_dbus_broker"), self.find("dbus-broker"), address]
        if kind == "grpc":
            return [self.find("bench_grpc"), "broker", "--address", address]
        return [self.find("bench_floor_relay"), address]

    @contextmanager
    def broker(self, peer, cpu=None):
        """A broker of its own for one measurement."""
        with private_directory(self) as place:
            if peer.name == "nats":
                config = place / "nats.conf"
                config.write_text("max_payload: 8MB\nmax_pending: 256MB\n")
                ports = lambda _: list(place.glob("*.ports"))
                with self.background(self.find("nats-server"), "-c", config, "-a", "127.0.0.1", "-p", "-1", "--ports_file_dir", place,
                                     cpu=cpu, awaits=lambda _: ports(_) and ports(_)[0].read_text().endswith("}")) as child:
                    url = json.loads(ports(None)[0].read_text())["nats"][0]
                    yield Running("tcp:" + url.rsplit(":", 1)[1], child.pid)
                return
            address = place / "socket"
            command = self.command_of(peer, address)
            with self.background(*command, cpu=cpu, awaits=lambda _: accepts(address)) as child:
                yield Running(str(address), child.pid)


@contextmanager
def private_directory(programs):
    programs.counter += 1
    place = programs.scratch / str(programs.counter)
    place.mkdir(mode=0o700)
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


def accepts(address):
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(address))
        except OSError:
            return False
    return True
