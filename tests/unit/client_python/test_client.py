# SPDX-License-Identifier: BSL-1.0
"""What the clients do besides the conversations of tests/vectors."""

import asyncio
import os
import threading
import unittest
from unittest import mock

import hookd
import hookd.aio
from scripted_daemon import ScriptedDaemon

VERDICT = {"hook_event_id": "an-id", "seq": 1, "outcome": "answered", "abort": "", "responses": [], "missing": []}
EMISSION = {"hook_event_id": "an-id", "seq": 1, "subscribers": 0}


class Blocking(unittest.TestCase):
    def test_the_policy_is_veto_unless_another_is_named(self):
        def script(daemon):
            for policy in ("veto", "first"):
                daemon.expect("emit_and_wait", {"policy": policy, "payload": {}})
                daemon.result(VERDICT)
            daemon.expect("emit_and_wait", absent=["policy"])
            daemon.result(VERDICT)

        with ScriptedDaemon(script) as daemon, hookd.Client(daemon.path) as client:
            client.emit_and_wait("x")
            client.emit_and_wait("x", policy="first")
            client.emit_and_wait("x", policy=None)

    def test_a_verdict_is_true_where_it_proceeds(self):
        def script(daemon):
            for abort in ("", "no"):
                daemon.expect("emit_and_wait", {"require": ["lint"], "scope": "cluster"})
                daemon.result({**VERDICT, "abort": abort, "bypassed": "fire", "payload": {"n": 1}, "responses": [
                    {"response": {"note": "looked at it"}, "responder": "lint", "uid": 0, "elapsed_ms": 1}]})

        with ScriptedDaemon(script) as daemon, hookd.Client(daemon.path) as client:
            fine = client.emit_and_wait("x", require=["lint"], scope="cluster")
            self.assertTrue(fine)
            self.assertEqual((fine.notes, fine.bypassed, fine.payload, fine.payload_text),
                             (("looked at it",), "fire", {"n": 1}, '{"n": 1}'))
            self.assertFalse(client.emit_and_wait("x", require=["lint"], scope="cluster"))

    def test_an_outcome_that_is_not_known_is_no_verdict(self):
        def script(daemon):
            daemon.expect("emit_and_wait")
            daemon.result({**VERDICT, "outcome": "who knows"})

        with ScriptedDaemon(script) as daemon, hookd.Client(daemon.path) as client, self.assertRaises(hookd.ConnectionBrokenError):
            client.emit_and_wait("x")

    def test_under_failure_policy_closed_only_a_completed_consultation_is_consent(self):
        for outcome in ("answered", "abstained", "timeout", "abandoned", "no_subscribers", "shutdown", "unknown"):
            consulted = outcome in ("answered", "abstained")
            for more, proceeds in (({}, consulted), ({"bypassed": "fire"}, True), ({"abort": "no"}, False)):
                def script(daemon):
                    daemon.expect("emit_and_wait", {"failure_policy": "closed"})
                    daemon.result({**VERDICT, "outcome": outcome, **more})  # noqa: B023

                with self.subTest(outcome=outcome, more=more), ScriptedDaemon(script) as daemon, hookd.Client(daemon.path) as client:
                    if more or consulted:
                        self.assertEqual(bool(client.emit_and_wait("x", failure_policy="closed")), proceeds)
                    else:
                        with self.assertRaises(hookd.ConnectionBrokenError):
                            client.emit_and_wait("x", failure_policy="closed")

    def test_the_cause_is_inherited(self):
        def script(daemon):
            daemon.expect("emit", {"cause": "pre_push"})
            daemon.result(EMISSION)
            daemon.expect("emit", {"cause": "other"})
            daemon.result(EMISSION)
            daemon.expect("emit", absent=["cause"])
            daemon.result(EMISSION)

        with ScriptedDaemon(script) as daemon, hookd.Client(daemon.path) as client, mock.patch.dict(os.environ, HOOK_CAUSE="pre_push"):
            client.emit("x")
            client.emit("x", cause="other")
            client.emit("x", cause="")

    def test_times_are_checked_and_rounded_up(self):
        def script(daemon):
            daemon.expect("emit", {"reserve_ms": 2})
            daemon.result(EMISSION)

        with ScriptedDaemon(script) as daemon, hookd.Client(daemon.path) as client:
            for wrong in (0, -1, float("inf"), float("nan")):
                with self.assertRaises(hookd.InvalidArgumentError):
                    client.emit_and_wait("x", timeout=wrong)
            with self.assertRaises(hookd.InvalidArgumentError):
                client.emit_and_wait("x", require="lint")
            client.emit("x", reserve=0.0011)

    def test_an_idle_connection_that_the_daemon_closed_is_opened_anew(self):
        closed = threading.Event()

        def script(daemon):
            daemon.expect("emit")
            daemon.result(EMISSION)
            daemon.close()
            closed.set()
            daemon.accept()
            daemon.expect("emit")
            daemon.result(EMISSION)

        with ScriptedDaemon(script) as daemon, hookd.Client(daemon.path) as client:
            client.emit("x")
            closed.wait()
            client.emit("x")

    def test_a_daemon_that_hangs_ends_the_call(self):
        release = threading.Event()
        with ScriptedDaemon(lambda daemon: release.wait()) as daemon, hookd.Client(daemon.path, answer_timeout=0.05) as client:
            with self.assertRaises(hookd.AnswerTimeoutError):
                client.emit("x")
            release.set()

    def test_a_long_wait_lasts_while_the_daemon_answers_pings(self):
        def script(daemon):
            daemon.expect("emit_and_wait", absent=["timeout_ms"])
            wait = daemon.request
            for _ in range(3):
                daemon.expect("ping")
                daemon.result({})
            daemon.request = wait
            daemon.result(VERDICT)

        with ScriptedDaemon(script) as daemon, hookd.Client(daemon.path, answer_timeout=0.3) as client:
            self.assertTrue(client.emit_and_wait("x"))

    def test_a_long_wait_ends_where_the_daemon_does_not_answer_a_ping(self):
        def script(daemon):
            daemon.expect("emit_and_wait")
            daemon.expect("ping")
            self.assertIsNone(daemon.read_frame())

        with ScriptedDaemon(script) as daemon, hookd.Client(daemon.path, answer_timeout=0.05) as client:
            with self.assertRaises(hookd.AnswerTimeoutError):
                client.emit_and_wait("x")

    def test_the_reason_is_read_though_the_daemon_closed_while_it_was_sent(self):
        def script(daemon):
            daemon.send('{"jsonrpc":"2.0","id":null,"error":{"code":-32001,"message":"too large","data":{"limit":"max_frame","max":1}}}')
            daemon.close()

        with ScriptedDaemon(script) as daemon, hookd.Client(daemon.path) as client:
            with self.assertRaises(hookd.LimitExceededError) as raised:
                client.emit("x", "a" * 4_000_000)
            self.assertEqual(raised.exception.data["limit"], "max_frame")

    def test_any_request_can_be_made(self):
        def script(daemon):
            daemon.expect("what/ever", {"a": 1})
            daemon.result([1, None])

        with ScriptedDaemon(script) as daemon, hookd.Client(daemon.path) as client:
            self.assertEqual(client.call("what/ever", {"a": 1}), [1, None])


class Asyncio(unittest.IsolatedAsyncioTestCase):
    async def test_many_requests_share_a_connection_and_answers_come_in_any_order(self):
        def script(daemon):
            requests = []
            for _ in range(3):
                daemon.expect("emit")
                requests.append(daemon.request)
            for each in reversed(requests):
                daemon.request = each
                daemon.result({**EMISSION, "hook_event_id": each["params"]["event"]})

        with ScriptedDaemon(script) as daemon:
            async with hookd.aio.Client(daemon.path) as client:
                done = await asyncio.gather(*(client.emit(name) for name in "abc"))
        self.assertEqual([each.hook_event_id for each in done], ["a", "b", "c"])

    async def test_a_cancelled_task_cancels_the_request(self):
        asked = asyncio.Event()
        loop = asyncio.get_running_loop()

        def script(daemon):
            daemon.expect("emit_and_wait")
            number = daemon.request["id"]
            loop.call_soon_threadsafe(asked.set)
            daemon.expect("$/cancelRequest", {"id": number})
            daemon.expect("emit")
            daemon.result(EMISSION)

        with ScriptedDaemon(script) as daemon:
            async with hookd.aio.Client(daemon.path) as client:
                wait = asyncio.ensure_future(client.emit_and_wait("x"))
                await asked.wait()
                wait.cancel()
                with self.assertRaises(asyncio.CancelledError):
                    await wait
                await client.emit("x")

    async def test_a_lost_connection_fails_what_is_under_way_and_the_next_request_connects(self):
        def script(daemon):
            daemon.expect("emit_and_wait")
            daemon.close()
            daemon.accept()
            daemon.expect("emit")
            daemon.result(EMISSION)

        with ScriptedDaemon(script) as daemon:
            async with hookd.aio.Client(daemon.path) as client:
                with self.assertRaises(hookd.ConnectionBrokenError):
                    await client.emit_and_wait("x")
                await client.emit("x")

    async def test_a_daemon_that_hangs_ends_the_call(self):
        release = threading.Event()
        with ScriptedDaemon(lambda daemon: release.wait()) as daemon:
            async with hookd.aio.Client(daemon.path, answer_timeout=0.05) as client:
                for wait in (client.emit("x"), client.emit_and_wait("x"), client.emit_and_wait("x", timeout=0.01)):
                    with self.assertRaises(hookd.AnswerTimeoutError):
                        await wait
            release.set()

    async def test_the_reason_is_read_though_the_daemon_closed_while_it_was_sent(self):
        def script(daemon):
            daemon.send('{"jsonrpc":"2.0","id":null,"error":{"code":-32003,"message":"your user is not allowed here"}}')
            daemon.close()

        with ScriptedDaemon(script) as daemon:
            async with hookd.aio.Client(daemon.path) as client:
                with self.assertRaises(hookd.NotAllowedError):
                    await client.emit("x", "a" * 4_000_000)

    async def test_a_large_verdict_arrives(self):
        payload = "é" * 3_000_000

        def script(daemon):
            daemon.expect("emit_and_wait", {"payload": payload})
            daemon.result({**VERDICT, "payload": payload})

        with ScriptedDaemon(script) as daemon:
            async with hookd.aio.Client(daemon.path) as client:
                verdict = await client.emit_and_wait("x", payload)
        self.assertEqual(verdict.payload, payload)


class Importing(unittest.TestCase):
    def test_a_tool_does_not_load_asyncio(self):
        import subprocess
        import sys

        code = "import hookd, sys; sys.exit('asyncio' in sys.modules)"
        self.assertEqual(subprocess.run([sys.executable, "-c", code], check=False).returncode, 0)


if __name__ == "__main__":
    unittest.main()
