# SPDX-License-Identifier: BSL-1.0
"""A daemon that does what a script says, in a thread of its own, and remembers what was wrong with the client."""

import json
import os
import shutil
import socket
import struct
import tempfile
import threading
import unittest

from hookd import _json

PATIENCE = 60  # for what should come at once, on a machine that is busy


class ScriptedDaemon:
    """Runs `script(daemon)` or the steps of a conversation. Used as a context manager, whose end waits for the script and raises what was
    wrong."""

    def __init__(self, script):
        self._script = script if callable(script) else lambda daemon: daemon.take_steps(script)
        self._directory = tempfile.mkdtemp()
        self.path = os.path.join(self._directory, "s")
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.settimeout(PATIENCE)
        self._listener.bind(self.path)
        self._listener.listen(8)
        self._peer = None
        self._bytes = None
        self.request = {}
        self._failure = None
        self.on_end = lambda: None
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, kind, failure, trace):
        if kind is None:
            self._thread.join()
        self._listener.close()
        self.close()
        shutil.rmtree(self._directory)
        if kind is None and self._failure:
            raise self._failure

    def _run(self):
        try:
            self.accept()
            self._script(self)
        except BaseException as failure:
            self._failure = failure
            self.close()
        finally:
            self.on_end()

    def take_steps(self, steps):
        for step in steps:
            if "accept" in step:
                self.accept()
            elif "expect" in step:
                self.expect(**{name: value for name, value in step.items() if name != "expect"}, method=step["expect"])
            elif "send" in step:
                self.send(step["send"], step.get("chunk"))
            elif "send_together" in step:
                self.send_bytes(b"".join(self._frame(text) for text in step["send_together"]))
            elif "send_bytes" in step:
                self.send_bytes(bytes.fromhex(step["send_bytes"]))
            elif "close" in step:
                self.close()
            else:
                raise AssertionError(f"unknown step {step}")

    def accept(self):
        self.close()
        self._peer, _ = self._listener.accept()
        self._peer.settimeout(PATIENCE)
        self._bytes = self._peer.makefile("rb")

    def close(self):
        if self._peer:
            self._bytes.close()
            self._peer.close()
            self._peer = None

    def keep_peer(self):
        """Lets accept() leave this connection open, for take_up()."""
        peer, self._peer = (self._peer, self._bytes), None
        return peer

    def take_up(self, peer):
        self.close()
        self._peer, self._bytes = peer

    def read_frame(self):
        """The next frame's text; None where the client has closed."""
        head = self._bytes.read(4)
        if len(head) < 4:
            return None
        return self._bytes.read(struct.unpack(">I", head)[0]).decode()

    def expect(self, method, params=None, texts=None, contains=None, absent=()):
        text = self.read_frame()
        if text is None:
            raise AssertionError(f"the client closed; expected {method}")
        request = json.loads(text)
        check = unittest.TestCase()
        check.maxDiff = None
        check.assertEqual(request["jsonrpc"], "2.0")
        check.assertEqual(request["method"], method, text)
        sent = request.get("params", {})
        for name, value in (params or {}).items():
            check.assertIn(name, sent)
            check.assertEqual(sent[name], value)
        for name, value in (texts or {}).items():
            check.assertEqual(_json.member_text(text, "params", name), value)
        for name, value in (contains or {}).items():
            check.assertIn(value, sent[name])
        for name in absent:
            check.assertNotIn(name, sent)
        self.request = request
        return sent

    def _frame(self, text):
        body = text.replace("$id", json.dumps(self.request.get("id"))).encode("utf-8", "surrogatepass")
        return struct.pack(">I", len(body)) + body

    def send(self, text, chunk=None):
        self.send_bytes(self._frame(text), chunk)

    def send_bytes(self, data, chunk=None):
        size = chunk or len(data)
        try:
            for start in range(0, len(data), size):
                self._peer.sendall(data[start:start + size])
        except (BrokenPipeError, ConnectionResetError):
            pass  # the client closed, and misses it

    def result(self, value):
        self.send('{"jsonrpc":"2.0","id":$id,"result":%s}' % json.dumps(value))

    def open_session(self, head_seq=0, instance="one", resumed=False):
        params = self.expect("subscribe")
        self.result({"instance": instance, "head_seq": head_seq, "resumed": resumed})
        return params

    def event(self, seq, name="pre_push", payload=None, expects_response=True, **more):
        params = {"seq": seq, "hook_event_id": f"id-{seq}", "event": name, "emitted_at": "2026-11-23T12:00:00.000000001Z",
                  "expects_response": expects_response, "timeout_ms": 30000, "payload": payload, **more}
        self.notify("event", params)

    def notify(self, method, params):
        self.send(json.dumps({"jsonrpc": "2.0", "method": method, "params": params}))

    def take_reply(self):
        params = self.expect("respond")
        self.result({"accepted": True, "reason": None})
        return params
