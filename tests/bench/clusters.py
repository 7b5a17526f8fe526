# SPDX-License-Identifier: BSL-1.0
"""Hosts that PostgreSQL and NATS join, beside the same statements and requests without hookd: the group `cluster`."""

import glob
import json
import os
import signal
import socket
import statistics
import struct
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from peers import PEERS, Failed, Running, accepts, private_directory

NOBODY = 65534
MOST_HOSTS = 64
EVENT = "bench_event"


@dataclass
class Engine:
    process: subprocess.Popen
    url_of: callable      # of a host's name, for its URL file


def as_server():
    return {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}


def newest_server():
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin/postgres"), key=lambda path: int(path.split("/")[4]))
    if not found:
        raise Failed("no PostgreSQL server; tests/bench/run.sh installs what is missing")
    return Path(found[-1]).parent


@contextmanager
def running_postgres(programs, place, cpu=None):
    """The server of place/data, on a socket in place."""
    child = subprocess.Popen([newest_server() / "postgres", "-D", place / "data", "-k", place, "-c", "listen_addresses=", "-c", "max_connections=300"],
                             cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                             preexec_fn=programs.prepare_child(cpu), **as_server())
    try:
        wait_for("PostgreSQL", lambda: subprocess.run([*psql_at(place), "-c", "select 1"], capture_output=True, check=False).returncode == 0)
        yield child
    finally:
        child.send_signal(signal.SIGINT)
        child.wait()


def psql_at(place):
    return [newest_server() / "psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-h", place, "-U", "postgres"]


def url_at(place, role, database="bench"):
    return f"postgresql://{role}@/{database}?host={place}"


def prepared_postgres(programs):
    """What each measurement copies: a server's files with the databases of two clusters and a role for each host."""
    place = programs.scratch / "postgres"
    if place.exists():
        return place
    os.chmod(programs.scratch, 0o755)
    place.mkdir(mode=0o755)
    if os.geteuid() == 0:
        os.chown(place, NOBODY, NOBODY)
    subprocess.run([newest_server() / "initdb", "-D", place / "data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8",
                    "--no-sync"], check=True, cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, **as_server())
    with running_postgres(programs, place):
        for database in ("bench", "other"):
            file = url_file(place / f"{database}.url", url_at(place, "postgres", database))
            subprocess.run([programs.find("hookd-postgres"), "--init", file], check=True, stdout=subprocess.DEVNULL)
        roles = ";".join(f"create role h{number} login in role hookd_host" for number in range(MOST_HOSTS))
        subprocess.run([*psql_at(place), "-d", "bench", "-c", roles], check=True)
    return place


@contextmanager
def postgres(programs, cpu):
    """A PostgreSQL of its own."""
    with private_directory(programs) as place:
        subprocess.run(["cp", "-a", prepared_postgres(programs) / "data", place / "data"], check=True)
        os.chmod(place, 0o755)
        if os.geteuid() == 0:
            os.chown(place, NOBODY, NOBODY)
        with running_postgres(programs, place, cpu) as child:
            yield Engine(child, lambda role, database="bench": url_at(place, role, database))


@contextmanager
def nats(programs, cpu):
    with private_directory(programs) as place:
        config = place / "nats.conf"
        config.write_text(f'max_payload: 8MB\njetstream {{ store_dir: "{place}/store" }}\n')
        ports = lambda: list(place.glob("*.ports"))
        with programs.background(programs.find("nats-server"), "-c", config, "-a", "127.0.0.1", "-p", "-1", "--ports_file_dir", place, cpu=cpu,
                                 awaits=lambda _: ports() and ports()[0].read_text().endswith("}")) as child:
            url = json.loads(ports()[0].read_text())["nats"][0]
            yield Engine(child, lambda host: url)


ENGINES = {"pg_floor": postgres, "hookd_pg": postgres, "hookd_nats": nats}


def wait_for(what, condition, limit=30):
    end = time.monotonic() + limit
    while not condition():
        if time.monotonic() > end:
            raise Failed(f"{what}: not ready after {limit} s")
        time.sleep(0.02)


def url_file(path, url):
    path.write_text(url + "\n")
    path.chmod(0o600)
    return path


class Peer:
    """A client in the native framing."""

    def __init__(self, address):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(30)
        self.socket.connect(str(address))
        self.input = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, method, params, number=None):
        body = json.dumps({"jsonrpc": "2.0", "method": method, "params": params, **({"id": number} if number else {})}).encode()
        self.socket.sendall(struct.pack(">I", len(body)) + body)

    def receive(self):
        while len(self.input) < 4 or len(self.input) < 4 + struct.unpack(">I", self.input[:4])[0]:
            piece = self.socket.recv(65536)
            if not piece:
                raise Failed("a daemon has closed a connection")
            self.input += piece
        size = struct.unpack(">I", self.input[:4])[0]
        body, self.input = self.input[4:4 + size], self.input[4 + size:]
        return json.loads(body)

    def answer(self, number):
        while True:
            message = self.receive()
            if message.get("id") == number:
                if "error" in message:
                    raise Failed(f"refused: {message['error']}")
                return message["result"]

    def call(self, method, **params):
        self.send(method, params, 1)
        return self.answer(1)


@contextmanager
def hosts(programs, engine, count, cpu, more=()):
    """`count` daemons in one cluster, and their sockets and processes."""
    with ExitStack() as stack:
        found = []
        for number in range(count):
            place = stack.enter_context(private_directory(programs))
            file = url_file(place / "url", engine.url_of(f"h{number}"))
            address = place / "socket"
            child = stack.enter_context(programs.background(
                programs.find("hookd"), "--socket", address, "--log-level", "error", "--journal", "off", "--cluster", file,
                "--cluster-host", f"h{number}", *more, cpu=cpu, awaits=lambda _, at=address: accepts(at)))
            found.append(Running(str(address), child.pid))
        for each in found:
            peer = Peer(each.address)
            wait_for("the link", lambda p=peer: p.call("stats")["cluster"]["state"] == "up")
        yield found


def hook_options(found):
    return [word for each in found[1:] for word in ("--hook-address", each.address)]


def load(bench, peer, engine, workload, count, options, cpu, answering):
    """One measurement of `answering` hosts and one that emits."""
    options = ["--count", count, "--warm-up", max(1, count // 5), "--broker", engine.process.pid, *options]
    if peer.name == "pg_floor":
        urls = [word for number in range(1, answering + 1) for word in ("--hook-address", engine.url_of(f"h{number}"))]
        return bench.programs.run(bench.programs.find("bench_cluster_postgres"), {"trip": "trip", "fan_out": "told"}[workload],
                                  "--address", engine.url_of("h0"), *urls, *options, cpu=cpu)
    with hosts(bench.programs, engine, answering + 1, cpu) as found:
        return bench.programs.run(bench.programs.find("bench_load"), workload, "--dialect", "hookd_cluster", "--address", found[0].address,
                                  *hook_options(found), *options, cpu=cpu)


def trip(answering, pinned, full):
    def measure(bench, peer):
        cpu = bench.cpu if pinned else None
        count = bench.count(full, peer, 20)
        if peer.name == "nats":
            with bench.programs.broker(peer, cpu) as running:
                return bench.load("trip", peer, running, "--count", count, "--warm-up", max(1, count // 5), cpu=cpu)
        with ENGINES[peer.name](bench.programs, cpu) as engine:
            return load(bench, peer, engine, "trip", count, [], cpu, answering)
    return measure


def told(answering, full):
    """Events a second that reach all of them. The floor fires 16 a transaction; hookd has 64 under way."""
    def measure(bench, peer):
        with ENGINES[peer.name](bench.programs, None) as engine:
            window = 768 if peer.name == "pg_floor" else 64
            result = load(bench, peer, engine, "fan_out", bench.count(full, peer, 64),
                          ["--subscribers", answering, "--window", window, "--batch", 16], None, answering)
        if result["lost"]:
            raise Failed(f"{result['lost']} deliveries lost")
        return {"events_per_s": result["deliveries_per_s"] / answering, **result}
    return measure


def nats_and_hookd_twice(bench, _):
    """A trip between hosts on NATS by what it is made of: a request of NATS, and two trips through a hookd."""
    cpu = bench.cpu
    count = bench.count(2000, PEERS["nats"], 20)
    options = ["--count", count, "--warm-up", max(1, count // 5)]
    with bench.programs.broker(PEERS["nats"], cpu) as running:
        request = bench.load("trip", PEERS["nats"], running, *options, cpu=cpu)["trip_p50_us"]
    with bench.programs.broker(PEERS["hookd"], cpu) as running:
        local = bench.load("trip", PEERS["hookd"], running, *options, cpu=cpu)["trip_p50_us"]
    whole = trip(1, True, 2000)(bench, PEERS["hookd_nats"])["trip_p50_us"]
    return {"whole_us": whole, "parts_us": request + 2 * local, "whole_by_parts": whole / (request + 2 * local)}


def local_trip(bench, peer):
    """A local trip of a daemon that is in a cluster, and of one that is not, in turns."""
    cpu = bench.cpu
    count = bench.count(3000, peer, 20)
    options = ["--dialect", "hookd", "--count", count, "--warm-up", max(1, count // 5)]
    with ExitStack() as stack:
        engine = stack.enter_context(ENGINES[peer.name](bench.programs, None))
        joined = stack.enter_context(hosts(bench.programs, engine, 2, cpu))[0]
        alone = stack.enter_context(bench.programs.broker(PEERS["hookd"], cpu))
        times = {joined.address: [], alone.address: []}
        for _ in range(1 if bench.quick else 5):
            for each in (alone, joined, joined, alone):
                times[each.address].append(bench.programs.run(
                    bench.programs.find("bench_load"), "trip", "--address", each.address, *options, cpu=cpu)["trip_p50_us"])
    on, off = (statistics.median(times[each.address]) for each in (joined, alone))
    return {"on_us": on, "off_us": off, "on_by_off": on / off}


def death(bench, peer):
    """How long an emitter waits whose hook's daemon dies, whose engine dies, and whose engine is dead."""
    with ENGINES[peer.name](bench.programs, None) as engine, hosts(bench.programs, engine, 3, None) as found:
        emitter = Peer(found[0].address)

        def wait_while(event, dies, hook=None):
            emitter.send("emit_and_wait", {"event": event, "scope": "cluster", "policy": "veto", "timeout_ms": 20000}, 7)
            if hook:
                while hook.receive().get("method") != "event":
                    pass
            begin = time.monotonic()
            if dies:
                os.kill(dies, signal.SIGKILL)
            missing = emitter.answer(7)["missing"]
            if not missing:
                raise Failed(f"{event}: nobody is missing")
            return (time.monotonic() - begin) * 1000

        hooks = {}
        for event, host in (("daemon", found[2]), ("engine", found[1])):
            hooks[event] = Peer(host.address)
            hooks[event].call("subscribe", events=[event], scope="cluster", name="gate")
        dead = wait_while("daemon", found[2].pid, hooks["daemon"])
        down = wait_while("engine", engine.process.pid, hooks["engine"])
        refused = wait_while("engine", None)
        return {"dead_ms": dead, "down_ms": down, "refused_ms": refused}


def listeners(bench, _):
    """Trips between two hosts with more that listen: PostgreSQL wakes each at every notification of the database. From two points
    follows a line; it is checked against two others, and says what a thousand hosts would cost."""
    peer = PEERS["hookd_pg"]
    cpu = bench.cpu
    times = {}
    with postgres(bench.programs, None) as engine:
        def with_listeners(count, database="bench"):
            with ExitStack() as stack:
                if count > 2:
                    stack.enter_context(bench.programs.background(
                        bench.programs.find("bench_cluster_postgres"), "listen", "--address", engine.url_of("postgres", database), "--count", count - 2,
                        cpu=None, awaits=lambda log: log.read_text().startswith("ready")))
                found = stack.enter_context(hosts(bench.programs, engine, 2, None))
                trips = bench.count(400, peer, 10)
                return bench.programs.run(bench.programs.find("bench_load"), "trip", "--dialect", "hookd_cluster", "--address", found[0].address,
                                          *hook_options(found), "--count", trips, "--warm-up", max(1, trips // 5))["trip_p50_us"]

        points = (2, 6, 10) if bench.quick else (2, 16, 64, 128, 256)
        for count in points:
            times[count] = with_listeners(count)
        elsewhere = with_listeners(points[-1], "other")
    low, high = points[0], points[-2]
    each = (times[high] - times[low]) / (high - low)
    calculated = lambda count: times[low] + each * (count - low)
    return {"at_2_us": times[low], "each_us": each, "last_us": times[points[-1]], "last_calculated": times[points[-1]] / calculated(points[-1]),
            "elsewhere": elsewhere / times[low], "at_1000_ms": calculated(1000) / 1000}


def crowd(bench, peer):
    """Trips between two hosts beside others, each with its daemon, its link and a hook that listens but is not asked. From two points follows
    a line; a third, of as many hosts as one machine carries, checks it, and the line says what a thousand would cost."""
    points = (2, 4, 8) if bench.quick else (2, 16, MOST_HOSTS)
    trips = bench.count(400, peer, 10)
    times = {}
    with ENGINES[peer.name](bench.programs, None) as engine:
        for count in points:
            with hosts(bench.programs, engine, count, None) as found, ExitStack() as stack:
                for each in found[2:]:
                    listener = stack.enter_context(Peer(each.address))
                    listener.call("subscribe", events=["bench_nobody"], scope="cluster", name="listens", responds=True)
                times[count] = bench.programs.run(bench.programs.find("bench_load"), "trip", "--dialect", "hookd_cluster", "--address",
                                                  found[0].address, *hook_options(found[:2]), "--count", trips, "--warm-up",
                                                  max(1, trips // 5))["trip_p50_us"]
    low, middle, high = points
    each = (times[middle] - times[low]) / (middle - low)
    calculated = lambda count: times[low] + each * (count - low)
    return {"at_2_us": times[low], "each_us": each, "last_us": times[high], "last_calculated": times[high] / calculated(high),
            "at_1000_ms": (times[low] + (times[high] - times[low]) / (high - low) * (1000 - low)) / 1000}


def shards(bench, peer):
    """Verdicts of one cluster that has a core for all of it, and of two beside each other with a core each. Shards know nothing of one another:
    what 100 do is 100 times what one does, as far as two do twice as much."""
    count = bench.count(1500, peer, 20)
    with ExitStack() as stack:
        found = {}
        for cpu in sorted(os.sched_getaffinity(0))[:2]:
            engine = stack.enter_context(ENGINES[peer.name](bench.programs, cpu))
            found[cpu] = stack.enter_context(hosts(bench.programs, engine, 2, cpu))

        def measure(cpu):
            return bench.programs.run(bench.programs.find("bench_load"), "trip", "--dialect", "hookd_cluster", "--address", found[cpu][0].address,
                                      *hook_options(found[cpu]), "--count", count, "--warm-up", max(1, count // 5), cpu=cpu)["trip_p50_us"]

        alone = statistics.mean(measure(cpu) for cpu in found)
        with ThreadPoolExecutor(len(found)) as pool:
            together = statistics.mean(pool.map(measure, found))
    return {"verdicts_per_s": 1e6 / alone, "two_by_one": alone / together, "hundred_per_s": 100 * 1e6 / alone}


TRIP = {"trip_p50_us": "us, p50", "trip_p99_us": "us, p99", "broker_cpu_us": "us of the engine's CPU"}
# (name, title, peers, metrics, measure)
WORKLOADS = [
    ("cluster_trip_pinned", "veto trip to another host, all on one core", ("pg_floor", "hookd_pg", "nats", "hookd_nats"), TRIP, trip(1, True, 1000)),
    ("cluster_trip_free", "veto trip to another host, free", ("pg_floor", "hookd_pg", "nats", "hookd_nats"), TRIP, trip(1, False, 1000)),
    ("cluster_trip_8_pinned", "8 hosts answer, all on one core", ("pg_floor", "hookd_pg", "hookd_nats"), TRIP, trip(8, True, 300)),
    ("cluster_trip_8_free", "8 hosts answer, free", ("pg_floor", "hookd_pg", "hookd_nats"), TRIP, trip(8, False, 300)),
    ("cluster_told_8", "told events to 8 hosts", ("pg_floor", "hookd_pg", "hookd_nats"), {"events_per_s": "events/s"}, told(8, 20_000)),
    ("cluster_parts", "a trip on NATS by its parts", ("hookd_nats",), {"parts_us": "us: a request of NATS and two trips of hookd",
                                                                       "whole_by_parts": "the trip by that"}, nats_and_hookd_twice),
    ("cluster_local", "a local trip in a cluster", ("hookd_pg", "hookd_nats"), {"on_us": "us, p50", "on_by_off": "by that in none"}, local_trip),
    ("cluster_death", "a wait whose end is a death", ("hookd_pg", "hookd_nats"), {
        "dead_ms": "ms, the hook's daemon dies", "down_ms": "ms, the engine dies", "refused_ms": "ms, it is dead"}, death),
    ("cluster_listeners", "hosts that listen", ("hookd_pg",), {
        "at_2_us": "us a trip, 2 hosts", "each_us": "us more for each", "last_us": "us, 256 hosts", "last_calculated": "that by what was calculated",
        "elsewhere": "256 in another database, by none", "at_1000_ms": "ms, 1,000 hosts, as calculated"}, listeners),
    ("cluster_crowd", "hosts with daemons that listen", ("hookd_pg", "hookd_nats"), {
        "at_2_us": "us a trip, 2 hosts", "each_us": "us more for each, to 16", "last_us": "us, 64 hosts", "last_calculated": "that by what was calculated",
        "at_1000_ms": "ms, 1,000 hosts, by 2 and 64"}, crowd),
    ("cluster_shards", "shards, a core each", ("hookd_pg", "hookd_nats"), {
        "verdicts_per_s": "verdicts/s of one", "two_by_one": "two, by twice that", "hundred_per_s": "verdicts/s of 100, as calculated"}, shards),
]
