# SPDX-License-Identifier: BSL-1.0
"""The conversations that every client library holds (tests/vectors), by the blocking and by the asyncio client."""

import asyncio
import json
import logging
import os
import unittest

import hookd
import hookd.aio
from scripted_daemon import ScriptedDaemon

VECTORS = os.path.join(os.path.dirname(__file__), "..", "..", "vectors", "conversations.json")
KINDS = {
    "invalid_argument": hookd.InvalidArgumentError, "no_daemon": hookd.NoDaemonError, "broken": hookd.ConnectionBrokenError,
    "timed_out": hookd.AnswerTimeoutError, "refused": hookd.RequestError, "cancelled": hookd.RequestCancelledError,
}


def conversations(kind):
    with open(VECTORS, encoding="utf-8") as file:
        return json.load(file)[kind]


def arguments(call):
    """What the client's method is called with."""
    left = dict(call)
    method = left.pop("method")
    for name, seconds in (("timeout_ms", "timeout"), ("reserve_ms", "reserve")):
        if name in left:
            left[seconds] = left.pop(name) / 1000
    for name in ("payload", "response"):
        if name in left:
            left[name] = hookd.RawJson(left[name])
    if "response" in left:
        left["reply"] = hookd.respond(left.pop("response"))
    return method, left


async def call_async(path, method, named):
    async with hookd.aio.Client(path) as daemon:
        return await getattr(daemon, method)(**named)


def call_blocking(path, method, named):
    with hookd.Client(path) as daemon:
        return getattr(daemon, method)(**named)


class Vectors(unittest.TestCase):
    maxDiff = None

    def check_error(self, expected, failure):
        self.assertIsInstance(failure, KINDS[expected["kind"]])
        if "code" in expected:
            self.assertEqual(failure.code, expected["code"])
        if "data" in expected:
            self.assertEqual(failure.data, expected["data"])
        self.assertIn(expected.get("says", ""), str(failure))

    def check_result(self, expected, result):
        for name, value in expected.items():
            if name == "responders":
                self.assertEqual([each.responder for each in result.responses], value)
            elif name == "missing":
                self.assertEqual([{"responder": each.responder, "why": each.why} for each in result.missing], value)
            else:
                self.assertEqual(getattr(result, name), value, name)

    def hold(self, conversation, call):
        method, named = arguments(conversation["call"])
        with ScriptedDaemon(conversation["steps"]) as daemon:
            try:
                result = call(daemon.path, method, named)
            except hookd.HookdError as failure:
                if "error" not in conversation:
                    raise
                self.check_error(conversation["error"], failure)
            else:
                self.assertNotIn("error", conversation)
                self.check_result(conversation["result"], result)

    def hold_with_hooks(self, conversation, serve):
        notices = []
        with ScriptedDaemon(conversation["steps"]) as daemon:
            hooks = hookd.Hooks("guard", path=daemon.path, concurrency=1, reconnect_min=0.001,
                                on_notice=lambda kind, message: notices.append(kind))
            if "error" not in conversation:  # which ends it by itself
                daemon.on_end = hooks.stop

            @hooks.on(*conversation["patterns"])
            def hook(event):
                reply = conversation["replies"][event.name]
                if "raise" in reply:
                    raise RuntimeError(reply["raise"])
                return (hookd.veto(reply["veto"]) if "veto" in reply else hookd.abstain() if "abstain" in reply
                        else hookd.failed(reply["failed"]) if "failed" in reply else reply["response"])

            if "error" in conversation:
                with self.assertRaises(hookd.HookdError) as raised:
                    serve(hooks)
                self.check_error(conversation["error"], raised.exception)
            else:
                serve(hooks)
        self.assertEqual(notices, conversation["notices"])

    def setUp(self):
        logging.getLogger("hookd").setLevel(logging.CRITICAL)


def add_tests():
    def add(name, how, hold, *with_what):
        def test(self):
            hold(self, *with_what)

        setattr(Vectors, "test_" + name.replace(" ", "_") + how, test)

    for each in conversations("calls"):
        add(each["name"], " (blocking)", Vectors.hold, each, call_blocking)
        add(each["name"], " (asyncio)", Vectors.hold, each, lambda *call: asyncio.run(call_async(*call)))
    for each in conversations("hooks"):
        add(each["name"], " (run)", Vectors.hold_with_hooks, each, hookd.Hooks.run)
        add(each["name"], " (serve)", Vectors.hold_with_hooks, each, lambda hooks: asyncio.run(hooks.serve()))


add_tests()

if __name__ == "__main__":
    unittest.main()
