# SPDX-License-Identifier: BSL-1.0
"""For how long one peer's requests keep the others waiting: a ping beside the worst that there are.

Beside the time until a ping's answer, which other programs on the machine lengthen, it has the processor time that the daemon's strand, its first
thread, takes until it answers: what the ping had to wait for."""

import json
import multiprocessing
import socket
import struct
import time
from contextlib import ExitStack
from pathlib import Path

from peers import Failed, accepts, private_directory

# Each element is compared with each of the alternatives.
SLOW_SCHEMA = {"name": "slow", "description": "Takes long to check.", "payload_schema": {
    "type": "array", "items": {"anyOf": [{"type": "string"}, {"type": "number", "multipleOf": 7}, {"type": "integer"}]}}}


class Connection:
    def __init__(self, address):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(str(address))

    def send(self, method, params, request_id=1):
        self.send_text(json.dumps({"jsonrpc": "2.0", "id": request_id, "method": method, "params": params}).encode())

    def send_text(self, text):
        self.socket.sendall(struct.pack(">I", len(text)) + text)

    def receive(self):
        return self.receive_bytes(struct.unpack(">I", self.receive_bytes(4))[0])

    def receive_bytes(self, count):
        parts = bytearray()
        while len(parts) < count:
            some = self.socket.recv(count - len(parts))
            if not some:
                raise Failed("the daemon closed a connection")
            parts += some
        return bytes(parts)

    def call(self, method, params):
        self.send(method, params)
        answer = json.loads(self.receive())
        if "error" in answer:
            raise Failed(f"{method}: {answer['error']}")
        return answer["result"]


def large_emits(event):
    """Emits of 12 MB, most of it numbers."""
    def load(bench, peer, address, ready):
        payload = b"[" + b",".join([b"12345"] * (20_000 if bench.quick else 2_000_000)) + b"]"
        text = b'{"jsonrpc":"2.0","id":1,"method":"emit","params":{"event":"' + event.encode() + b'","payload":' + payload + b"}}"
        emitter = Connection(address)
        ready.set()
        for _ in range(bench.count(12, peer, 2)):
            emitter.send_text(text)
            emitter.receive()
    return load


def globs_against_waits(bench, peer, address, ready):
    """Sessions of 256 globs, none of which matches, are tried while 65,536 emitters wait for a first subscriber: each is refused, when it has taken as
    many steps as it may."""
    waits = 1_000 if bench.quick else 65_536
    emitters = [Connection(address) for _ in range(64)]
    for number in range(waits):
        emitters[number % 64].send("emit_and_wait", {"event": f"wait/{number:058}", "require_subscriber": False, "timeout_ms": 600_000}, number)
    hook = Connection(address)
    while hook.call("stats", {})["waiting"] < waits:
        time.sleep(0.01)
    ready.set()
    globs = [f"*{number:03}*a*a*a*b" for number in range(256)]
    for _ in range(bench.count(20, peer, 2)):
        hook.send("subscribe", {"events": globs})
        hook.receive()


def sessions_of_globs(bench, peer, address, ready):
    """New names of events while 4,000 sessions have globs, none of which matches."""
    sessions = []
    for number in range(100 if bench.quick else 4_000):
        sessions.append(Connection(address))
        sessions[-1].call("subscribe", {"events": [f"*{number:05}*a*a*a*{part}b" for part in range(12)]})
    emitter = Connection(address)
    ready.set()
    for number in range(bench.count(200, peer, 5)):
        emitter.call("emit", {"event": f"new/{number:06}{'a' * 100}"})


def conditions_of_many(bench, peer, address, ready):
    """Events for 2,000 sessions with 16 pointers of their own each, then ones of a million members."""
    sessions = []
    for number in range(50 if bench.quick else 2_000):
        sessions.append(Connection(address))
        sessions[-1].call("subscribe", {"events": ["e"], "where": {f"/{number}/{part}/a/b/c": "*" for part in range(16)}})
    emitter = Connection(address)
    members = ",".join(f'"{number}":1' for number in range(20_000 if bench.quick else 1_200_000))
    large = ('{"jsonrpc":"2.0","id":1,"method":"emit","params":{"event":"e","payload":{' + members + "}}}").encode()
    ready.set()
    for _ in range(bench.count(200, peer, 5)):
        emitter.call("emit", {"event": "e", "payload": {"5": [{"a": {"b": {"c": 1}}}]}})
    for _ in range(bench.count(5, peer, 1)):
        emitter.send_text(large)
        emitter.receive()
    for each in sessions:
        each.socket.close()
        time.sleep(0.0005)


def batch_of(method, count, params):
    return json.dumps([{"jsonrpc": "2.0", "id": number, "method": method, "params": params} for number in range(count)]).encode()


def batches_of_large_answers(bench, peer, address, ready):
    """64 MiB of answers to one batch, for a peer that reads as fast as it is written to."""
    text = batch_of("rpc.discover", 20 if bench.quick else 1_000, {})
    reader = Connection(address)
    ready.set()
    for _ in range(bench.count(3, peer, 1)):
        reader.send_text(text)
        reader.receive()


def peers_that_leave(bench, peer, address, ready):
    """30 peers with 1,000 waits each leave at once."""
    peers, waits = (3, 100) if bench.quick else (30, 1_000)
    watcher = Connection(address)
    for _ in range(bench.count(3, peer, 1)):
        emitters = [Connection(address) for _ in range(peers)]
        for each in emitters:
            each.send_text(batch_of("emit_and_wait", waits, {"event": "e", "require_subscriber": False, "timeout_ms": 600_000}))
        while watcher.call("stats", {})["waiting"] < peers * waits:
            time.sleep(0.01)
        ready.set()
        for each in emitters:
            each.socket.close()
        while watcher.call("stats", {})["waiting"] > 0:
            time.sleep(0.01)


def events_for_many(bench, peer, address, ready):
    """1,000 events in one batch for 4,000 sessions of 8 globs each, which do not read."""
    sessions = []
    for number in range(100 if bench.quick else 4_000):
        sessions.append(Connection(address))
        sessions[-1].call("subscribe", {"events": [f"*{number:04}*", "e*", *(f"{letter}*" for letter in "fghijk")]})
    emitter = Connection(address)
    text = batch_of("emit", 50 if bench.quick else 1_000, {"event": "e"})
    ready.set()
    emitter.send_text(text)
    emitter.receive()
    for each in sessions:
        each.socket.close()
        time.sleep(0.0005)  # what it costs when all leave at once is another question


def strand_ms(pid):
    """Processor time of the first thread."""
    return int(Path(f"/proc/{pid}/task/{pid}/schedstat").read_text().split()[0]) / 1e6


def longest_stretch(load):
    def measure(bench, peer):
        with private_directory(bench.programs) as place, ExitStack() as stack:
            catalog = place / "catalog"
            catalog.mkdir(mode=0o700)
            (catalog / "slow.json").write_text(json.dumps(SLOW_SCHEMA))
            address = place / "socket"
            command = bench.programs.command_of(peer, address)
            if load is SLOW:
                command = [*command, "--catalog", catalog]
            daemon = stack.enter_context(bench.programs.background(*command, awaits=lambda _: accepts(address)))
            ready = multiprocessing.Event()
            noise = multiprocessing.Process(target=load, args=(bench, peer, address, ready), daemon=True)
            noise.start()
            peer_of_others = Connection(address)
            if not ready.wait(120):
                raise Failed("the load did not begin within 120 s")
            pings, stretches = [], []
            while noise.is_alive() or not pings:
                cpu, begin = strand_ms(daemon.pid), time.monotonic()
                peer_of_others.call("ping", {})
                pings.append((time.monotonic() - begin) * 1e3)
                stretches.append(strand_ms(daemon.pid) - cpu)
                time.sleep(0.0005)
            if noise.exitcode != 0:
                raise Failed(f"the load ended with status {noise.exitcode}")
            return {"stretch_ms": max(stretches), "ping_ms": max(pings)}
    return measure


SLOW = large_emits("slow")
METRICS = {"stretch_ms": "ms of the strand, longest", "ping_ms": "ms until a ping's answer, longest"}

# (name, title, metrics, measure)
WORKLOADS = [
    ("stretch_emits", "a ping beside emits of 12 MB", METRICS, longest_stretch(large_emits("large"))),
    ("stretch_schema", "a ping beside a slow schema over 12 MB", METRICS, longest_stretch(SLOW)),
    ("stretch_waits", "a ping beside 256 globs against 65,536 waits", METRICS, longest_stretch(globs_against_waits)),
    ("stretch_sessions", "a ping beside 4,000 sessions of globs", METRICS, longest_stretch(sessions_of_globs)),
    ("stretch_conditions", "a ping beside conditions of 2,000 sessions", METRICS, longest_stretch(conditions_of_many)),
    ("stretch_batches", "a ping beside batches of large answers", METRICS, longest_stretch(batches_of_large_answers)),
    ("stretch_leaving", "a ping beside 30 peers that leave 30,000 waits", METRICS, longest_stretch(peers_that_leave)),
    ("stretch_fan_out", "a ping beside events for 4,000 sessions", METRICS, longest_stretch(events_for_many)),
]
