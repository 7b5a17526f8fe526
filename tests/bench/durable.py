# SPDX-License-Identifier: BSL-1.0
"""Events that are acknowledged when they are on disk, beside PostgreSQL's commit and NATS JetStream's: the group `durable`.

1 and 16 emitters, each with one request under way; all on the file system of the temporary directory. The floor is one write(2) and
one fdatasync(2) an event. nats-server 2.9 acknowledges after write(2), and syncs every two minutes: what it acknowledged survives its
own end, but no power failure. It cannot be told otherwise before 2.10.
"""

import os
import re
import selectors
import socket
import struct
import subprocess
import time
from contextlib import ExitStack, contextmanager

from clusters import newest_server, nats, postgres
from peers import Failed, private_directory

PAYLOAD = "x" * 256


class Emitter:
    """A connection with one request under way."""

    def __init__(self, connection):
        self.connection = connection
        self.input = b""

    def fileno(self):
        return self.connection.fileno()

    def read(self):
        """Whether the answer is there."""
        piece = self.connection.recv(65536)
        if not piece:
            raise Failed("a broker has closed a connection")
        self.input += piece
        return self.take_answer()


class HookdEmitter(Emitter):
    BODY = b'{"jsonrpc":"2.0","id":1,"method":"emit","params":{"event":"bench_event","payload":"' + PAYLOAD.encode() + b'"}}'

    def __init__(self, address):
        super().__init__(socket.socket(socket.AF_UNIX))
        self.connection.connect(address)

    def send(self):
        self.connection.sendall(struct.pack(">I", len(self.BODY)) + self.BODY)

    def take_answer(self):
        if len(self.input) < 4 or len(self.input) < 4 + struct.unpack(">I", self.input[:4])[0]:
            return False
        if b'"result"' not in self.input:
            raise Failed(f"refused: {self.input[4:]!r}")
        self.input = b""
        return True


class JetStreamEmitter(Emitter):
    """Speaks NATS's protocol: publishes with a subject for the acknowledgement, which JetStream sends when the stream has it."""

    def __init__(self, url):
        super().__init__(socket.create_connection(url.removeprefix("nats://").rsplit(":", 1)))
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.connection.sendall(b'CONNECT {"verbose":false}\r\nSUB inbox.%d 1\r\n' % self.fileno())
        self.inbox = b"inbox.%d" % self.fileno()

    def request(self, subject, body):
        self.connection.sendall(b"PUB %s %s %d\r\n%s\r\n" % (subject, self.inbox, len(body), body))

    def create_stream(self):
        self.request(b"$JS.API.STREAM.CREATE.bench", b'{"name":"bench","subjects":["bench.event"],"storage":"file"}')
        while not self.read():
            pass

    def send(self):
        self.request(b"bench.event", PAYLOAD.encode())

    def take_answer(self):
        found = re.search(rb"MSG \S+ \S+ +(\d+)\r\n", self.input)
        if not found or len(self.input) < found.end() + int(found[1]) + 2:
            return False
        if b'"error"' in self.input:
            raise Failed(f"refused: {self.input!r}")
        self.input = b""
        return True


def events_a_second(emitters, count):
    with selectors.DefaultSelector() as ready, ExitStack() as stack:
        for each in emitters:
            stack.callback(each.connection.close)
            ready.register(each, selectors.EVENT_READ)
        begun = time.monotonic()
        for each in emitters:
            each.send()
        left = count
        while left > 0:
            for key, _ in ready.select():
                if key.fileobj.read():
                    left -= 1
                    key.fileobj.send()
        return (count - left) / (time.monotonic() - begun)


@contextmanager
def synced_file(bench):
    with private_directory(bench.programs) as place:
        fd = os.open(place / "floor", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        try:
            yield fd
        finally:
            os.close(fd)


def measure_file(bench, count):
    with synced_file(bench) as fd:
        begun = time.monotonic()
        for _ in range(count):
            os.write(fd, PAYLOAD.encode())
            os.fdatasync(fd)
        return count / (time.monotonic() - begun)


def measure_postgres(bench, emitters, count):
    with postgres(bench.programs, None) as engine, private_directory(bench.programs) as place:
        os.chmod(place, 0o755)
        script = place / "insert.sql"
        script.write_text(f"insert into told(payload) values('{PAYLOAD}');\n")
        url = engine.url_of("postgres")
        subprocess.run([newest_server() / "psql", "-XAtq", "-c", "create table told(id bigserial primary key, payload text)", url], check=True)
        run = subprocess.run([newest_server() / "pgbench", "-n", "-M", "prepared", "-c", str(emitters), "-j", "1", "-t", str(max(1, count // emitters)),
                              "-f", script, url], check=True, capture_output=True, text=True)
    return float(re.search(r"tps = ([0-9.]+)", run.stdout)[1])


def acknowledged(emitters, full):
    def measure(bench, peer):
        fast = peer.name in ("hookd", "jetstream")  # nothing is synced
        count = max(emitters, bench.count(20 * full if fast else full, peer))
        if peer.name == "synced_file":
            rate = measure_file(bench, count)
        elif peer.name == "pg_commit":
            rate = measure_postgres(bench, emitters, count)
        elif peer.name == "jetstream":
            with nats(bench.programs, None) as engine:
                found = [JetStreamEmitter(engine.url_of("")) for _ in range(emitters)]
                found[0].create_stream()
                rate = events_a_second(found, count)
        else:
            with bench.programs.broker(peer) as running:
                rate = events_a_second([HookdEmitter(running.address) for _ in range(emitters)], count)
        return {"events_per_s": rate, "us_per_event": 1e6 / rate}
    return measure


RATES = {"events_per_s": "events/s", "us_per_event": "us an event"}
# (name, title, peers, metrics, measure)
WORKLOADS = [
    ("durable_1", "acknowledged events, 1 emitter", ("synced_file", "hookd", "hookd_durable", "pg_commit", "jetstream"), RATES, acknowledged(1, 300)),
    ("durable_16", "acknowledged events, 16 emitters", ("hookd", "hookd_durable", "pg_commit", "jetstream"), RATES, acknowledged(16, 2400)),
]
