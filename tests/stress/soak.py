#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""Traffic of every kind against one daemon for a while: soak.py [--seconds N] [--seed N] [--threads N] [--hookd PROGRAM]

Emitters, hooks that reply, veto, abstain, fail, say nothing or vanish, readers that lag, peers that send garbage or half a frame, cancellations,
reservations and resumes. Checks while it runs that no accepted veto is missing from its verdict, and afterwards that the daemon owes nothing to
anyone: no wait, session, connection or descriptor is left, and its resident memory did not grow from the second to the last third of the run.

Prints one line for each tenth of the run, then the result. Exit status 0 if all held, 1 if not.
"""

import argparse
import asyncio
import json
import os
import random
import subprocess
import sys
import tempfile
import time

EVENTS = ["build", "push", "deploy", "agent.tool"]
GARBAGE = [b"\x00\x00\x00\x05hello", b"\x00\xff\xff\xff", b"{\n", b"Content-Length: 7\r\n\r\n{}", b"POST / HTTP/1.1\r\n\r\n", b"[" * 300 + b"\n",
           b'{"jsonrpc":"2.0","id":1,"method":"emit","params":{"event":"x","event":"y"}}\n', b"\xff\xfe\n", b"C", b""]


class Broken(Exception):
    """The connection ended."""


class Peer:
    """One connection, framed as lines."""

    @classmethod
    async def connect(cls, soak):
        peer = cls()
        peer.reader, peer.writer = await asyncio.open_unix_connection(soak.socket, limit=1 << 26)
        peer.next_id = 0
        return peer

    def send(self, method, **params):
        self.next_id += 1
        text = json.dumps({"jsonrpc": "2.0", "id": self.next_id, "method": method, "params": params})
        self.writer.write(text.encode() + b"\n")
        return self.next_id

    def notify(self, method, **params):
        self.writer.write(json.dumps({"jsonrpc": "2.0", "method": method, "params": params}).encode() + b"\n")

    async def read(self):
        try:
            line = await self.reader.readline()
        except (ConnectionError, ValueError) as failure:
            raise Broken from failure
        if not line.endswith(b"\n"):
            raise Broken
        return json.loads(line)

    async def answer(self, number):
        while True:
            message = await self.read()
            if message.get("id") == number:
                return message

    async def call(self, method, **params):
        return await self.answer(self.send(method, **params))

    def close(self):
        self.writer.transport.abort() if random.random() < 0.5 else self.writer.close()


class Soak:
    def __init__(self, socket, seed):
        self.socket = socket
        self.random = random.Random(seed)
        self.until = 0.0
        self.accepted_vetoes = {}  # of questions under policy veto: event id -> reason
        self.verdicts = {}         # event id -> abort
        self.counts = {}
        self.faults = []

    def count(self, what):
        self.counts[what] = self.counts.get(what, 0) + 1

    async def repeat(self, actor):
        """Runs an actor again and again; one whose connection breaks begins anew."""
        while time.monotonic() < self.until:
            try:
                peer = await Peer.connect(self)
            except OSError as failure:
                self.faults.append(f"connect: {failure}")
                return
            try:
                await actor(peer)
            except (Broken, ConnectionError):
                self.count("broken")
            finally:
                peer.close()

    def payload(self):
        size = self.random.choice([10, 10, 200, 5000, 200000])
        return {"text": "x" * size, "number": self.random.random()}

    async def emitter(self, peer):
        for _ in range(self.random.randrange(1, 60)):
            if time.monotonic() > self.until:
                return
            policy = self.random.choice(["veto", "veto", "all", "first", "chain"])
            number = peer.send("emit_and_wait", event=self.random.choice(EVENTS), payload=self.payload(), policy=policy,
                               timeout_ms=self.random.choice([20, 200, 1000]), failure_policy=self.random.choice(["open", "closed"]))
            if self.random.random() < 0.05:
                peer.notify("$/cancelRequest", id=number)
            if self.random.random() < 0.02:
                return  # gone while it waits
            message = await peer.answer(number)
            self.count("verdicts" if "result" in message else f"error {message['error']['code']}")
            if "result" in message and policy == "veto":
                self.verdicts[message["result"]["hook_event_id"]] = message["result"]["abort"]

    async def teller(self, peer):
        for _ in range(self.random.randrange(1, 200)):
            if time.monotonic() > self.until:
                return
            reserve = {"reserve_ms": 300} if self.random.random() < 0.2 else {}
            message = await peer.call("emit", event=self.random.choice(EVENTS), payload=self.payload(), **reserve)
            self.count("told" if "result" in message else f"error {message['error']['code']}")
            if reserve and "result" in message and self.random.random() < 0.7:
                await peer.call("await_response", hook_event_id=message["result"]["hook_event_id"], timeout_ms=50)
                self.count("awaited")

    async def hook(self, peer):
        name = self.random.choice(["lint", "guard", "audit", "format"])
        await peer.call("subscribe", events=self.random.choice([EVENTS, ["*"], ["b*", "agent.?ool"]]), name=name,
                        on_failure=self.random.choice(["open", "closed"]), order=self.random.randrange(5), cancellations=True,
                        asked_only=self.random.random() < 0.5)
        vetoes = {}  # request -> event and reason
        for _ in range(self.random.randrange(1, 400)):
            if time.monotonic() > self.until:
                return
            message = await peer.read()
            if message.get("method") == "closed":
                self.count("closed " + message["params"]["reason"])
                return
            if message.get("id") in vetoes and "result" in message:
                event, reason = vetoes.pop(message["id"])
                if message["result"]["accepted"]:
                    self.accepted_vetoes[event] = reason
            if message.get("method") != "event" or not message["params"]["expects_response"]:
                continue
            event, choice = message["params"]["hook_event_id"], self.random.random()
            if choice < 0.10:
                vetoes[peer.send("respond", hook_event_id=event, response={"abort": f"no, says {name}"})] = (event, name)
            elif choice < 0.80:
                peer.send("respond", hook_event_id=event, response={"note": "fine"})
            elif choice < 0.90:
                peer.send("respond", hook_event_id=event, abstain=True)
            elif choice < 0.95:
                peer.send("respond", hook_event_id=event, failed="out of luck")
            elif choice < 0.99:
                self.count("questions left unanswered")
            else:
                return  # vanishes with a question in hand

    async def laggard(self, peer):
        peer.send("subscribe", events=["*"], name="laggard", responds=self.random.random() < 0.3)
        peer.reader._transport.pause_reading()  # the kernel's buffers fill, then the daemon's queue
        await asyncio.sleep(self.random.uniform(0.5, 2))
        peer.reader._transport.resume_reading()
        while (await peer.read()).get("method") != "closed":
            if time.monotonic() > self.until:
                return
        self.count("closed laggard")

    async def resumer(self, peer):
        message = await peer.call("ping")
        instance, position = message["result"]["instance"], None
        for _ in range(5):
            if time.monotonic() > self.until:
                return
            after = {} if position is None else {"after_seq": position, "instance": instance}
            message = await peer.call("subscribe", events=["push"], responds=False, **after)
            if "error" in message:
                self.count("resume impossible")
                position = None
                continue
            position = message["result"]["head_seq"] if position is None else position
            number = peer.send("unsubscribe") if self.random.random() < 0.3 else None
            for _ in range(20):
                message = await peer.read()
                if message.get("method") == "event":
                    if message["params"]["seq"] <= position:
                        self.faults.append(f"event {message['params']['seq']} came after {position}")
                    position = message["params"]["seq"]
                if message.get("method") == "closed" or (number is not None and message.get("id") == number):
                    break
            await peer.call("unsubscribe")
            self.count("resumes")

    async def vandal(self, peer):
        peer.writer.write(self.random.choice(GARBAGE))
        if self.random.random() < 0.5:
            peer.writer.write_eof()
        try:
            await asyncio.wait_for(peer.reader.read(4096), 0.3)
        except asyncio.TimeoutError:
            pass
        self.count("vandals")

    async def run(self, seconds, sample):
        self.until = time.monotonic() + seconds
        asking = [self.emitter] * 8 + [self.teller] * 2
        asked = [self.hook] * 5 + [self.laggard] * 2 + [self.resumer] * 2 + [self.vandal] * 3
        askers = [asyncio.create_task(self.repeat(each)) for each in asking]
        others = [asyncio.create_task(self.repeat(each)) for each in asked] + [asyncio.create_task(sample())]
        done, late = await asyncio.wait(askers, timeout=seconds + 30)
        if late:
            self.faults.append(f"{len(late)} emitters still wait 30 s after the end: a wait outlived its time-out")
        for each in [*late, *others]:  # the others may read until an event comes
            each.cancel()
        for each in await asyncio.gather(*done, *others, return_exceptions=True):
            if isinstance(each, Exception):
                raise each


def resident_kib(pid):
    with open(f"/proc/{pid}/statm", encoding="ascii") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 1024


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seconds", type=float, default=60)
    options.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    options.add_argument("--threads", type=int, default=1, help="of the daemon")
    options.add_argument("--hookd", default=os.environ.get("HOOKD_BIN", f"{here}/../../.build/release/bin/hookd"))
    chosen = options.parse_args()
    random.seed(chosen.seed)
    print(f"soak: {chosen.seconds:g} s, --seed {chosen.seed}, --threads {chosen.threads}", flush=True)

    with tempfile.TemporaryDirectory() as directory:
        socket = f"{directory}/run/hookd.sock"
        environment = {"PATH": "/usr/bin:/bin", "HOME": directory, "XDG_STATE_HOME": f"{directory}/state"}
        daemon = subprocess.Popen([chosen.hookd, "--socket", socket, "--threads", str(chosen.threads), "--log-level", "error",
                                   "--capacity", "256", "--capacity-bytes", "8MiB"], env=environment)
        try:
            status = soak_daemon(chosen, daemon, socket)
        finally:
            daemon.terminate()
            daemon.wait()
        if daemon.returncode != 0:  # a sanitizer's finding, for one
            print(f"FAIL: after SIGTERM the daemon ended with status {daemon.returncode}")
            return 1
        return status


def soak_daemon(chosen, daemon, socket):
    while True:
        try:
            stats = asyncio.run(ask_stats(socket))
            break
        except OSError:
            if daemon.poll() is not None:
                print("soak: the daemon ended at its start")
                return 1
            time.sleep(0.01)
    descriptors_before = descriptors(daemon.pid)
    soak, samples = Soak(socket, chosen.seed), []

    async def sample():
        while True:
            await asyncio.sleep(chosen.seconds / 30)
            samples.append(resident_kib(daemon.pid))
            if len(samples) % 3 == 0:
                print(f"  {len(samples) * chosen.seconds / 30:6.0f} s  {samples[-1]:7} KiB  {descriptors(daemon.pid):3} descriptors  "
                      f"{soak.counts.get('verdicts', 0)} verdicts", flush=True)

    asyncio.run(soak.run(chosen.seconds, sample))

    faults = soak.faults
    lost = [each for each in soak.accepted_vetoes if soak.verdicts.get(each) == ""]
    if lost:
        faults.append(f"{len(lost)} accepted vetoes are missing from their verdicts, the first of event {lost[0]}")
    if daemon.poll() is not None:
        faults.append(f"the daemon ended with status {daemon.returncode}")
    else:
        give_up = time.monotonic() + 20
        while True:
            stats = asyncio.run(ask_stats(socket))
            left = {key: stats[key] for key in ("waiting", "subscribers") if stats[key]}
            if stats["connections"] > 1:
                left["connections"] = stats["connections"] - 1
            if descriptors(daemon.pid) > descriptors_before:
                left["descriptors"] = descriptors(daemon.pid) - descriptors_before
            if not left or time.monotonic() > give_up:
                break
            time.sleep(0.05)
        faults += [f"{count} {what} are left" for what, count in left.items()]
    third = len(samples) // 3
    if third:
        before, after = max(samples[third:2 * third]), max(samples[2 * third:])
        print(f"  resident memory: at most {before} KiB in the second third, {after} KiB in the last")
        if after > before * 1.1 + 2048:
            faults.append(f"resident memory grew from {before} to {after} KiB")
    print("  " + ", ".join(f"{count} {what}" for what, count in sorted(soak.counts.items())))
    print(f"  {len(soak.accepted_vetoes)} accepted vetoes, {sum(1 for each in soak.accepted_vetoes if each in soak.verdicts)} compared with their verdicts")
    for each in faults:
        print(f"FAIL: {each}")
    if not faults:
        print("ok")
    return 1 if faults else 0


async def ask_stats(socket):
    reader, writer = await asyncio.open_unix_connection(socket, limit=1 << 26)
    writer.write(b'{"jsonrpc":"2.0","id":1,"method":"stats"}\n')
    line = await reader.readline()
    writer.close()
    return json.loads(line)["result"]


sys.exit(main())
