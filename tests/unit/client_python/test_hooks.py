# SPDX-License-Identifier: BSL-1.0
"""What Hooks does besides the conversations of tests/vectors."""

import asyncio
import logging
import signal
import subprocess
import sys
import threading
import unittest

import hookd
import hookd.aio
from hookd._session import Backoff
from scripted_daemon import PATIENCE, ScriptedDaemon


class HooksTest(unittest.TestCase):
    def setUp(self):
        logging.getLogger("hookd").setLevel(logging.CRITICAL)

    def hooks(self, daemon, **options):
        hooks = hookd.Hooks(path=daemon.path, reconnect_min=0.001, **options)
        daemon.on_end = hooks.stop
        return hooks

    def test_what_is_asked_for_is_sent_and_nothing_else(self):
        def script(daemon):
            params = daemon.open_session()
            self.assertEqual(params, {
                "events": ["pre_*", "x?"], "name": "guard", "asked_only": True, "on_failure": "closed", "order": 3,
                "where": {"/cwd": "/src/*"}, "shadow": True, "scope": "cluster", "cancellations": True})

        with ScriptedDaemon(script) as daemon:
            hooks = self.hooks(daemon, name="guard", asked_only=True, on_failure="closed", order=3, where={"/cwd": "/src/*"}, shadow=True,
                               scope="cluster", cancellations=True)
            hooks.on("pre_*", "x?", "pre_*")(lambda event: None)
            hooks.run()

        with ScriptedDaemon(lambda daemon: self.assertEqual(daemon.open_session(), {"events": ["*"]})) as daemon:
            hooks = self.hooks(daemon)
            hooks.on("*")(lambda event: None)
            hooks.run()

    def test_an_observer_never_replies(self):
        def script(daemon):
            self.assertIs(daemon.open_session()["responds"], False)
            daemon.event(1)
            seen.wait(PATIENCE)

        seen = threading.Event()
        with ScriptedDaemon(script) as daemon:
            hooks = self.hooks(daemon, responds=False)
            hooks.on("*")(lambda event: seen.set())
            hooks.run()
            self.assertEqual(hooks.position, hookd.Position(1, "one"))

    def test_the_first_hook_that_matches_is_asked_and_others_abstain(self):
        def script(daemon):
            daemon.open_session()
            for seq, name, reply in ((1, "pre_push", {"response": {"by": "first"}}), (2, "pre_merge", {"response": {"by": "second"}}),
                                     (3, "other", {"abstain": True}), (4, "pre[x]", {"abstain": True})):
                daemon.event(seq, name)
                self.assertEqual(daemon.take_reply(), {"hook_event_id": f"id-{seq}", **reply})

        with ScriptedDaemon(script) as daemon:
            hooks = self.hooks(daemon)
            hooks.on("pre_push")(lambda event: {"by": "first"})
            hooks.on("pre_*")(lambda event: {"by": "second"})
            hooks.on("pre[x]*?")(lambda event: {"by": "third"})
            hooks.run()

    def test_plain_functions_run_in_order_in_the_calling_thread(self):
        def script(daemon):
            daemon.open_session()
            for seq in range(1, 6):
                daemon.event(seq)
            for _ in range(5):
                daemon.take_reply()

        with ScriptedDaemon(script) as daemon:
            hooks = self.hooks(daemon)
            seen = []

            @hooks.on("*")
            def hook(event):
                seen.append((event.seq, threading.current_thread()))

            hooks.run()
        self.assertEqual(seen, [(seq, threading.current_thread()) for seq in range(1, 6)])

    def test_replies_that_the_socket_does_not_take_at_once_arrive_whole_and_in_order(self):
        large = "x" * (4 << 20)
        answered = threading.Event()

        def script(daemon):
            daemon.open_session()
            for seq in range(1, 4):
                daemon.event(seq)
            answered.wait()
            for seq in range(1, 4):
                self.assertEqual(daemon.take_reply(), {"hook_event_id": f"id-{seq}", "response": {"seq": seq, "text": large}})

        with ScriptedDaemon(script) as daemon:
            hooks = self.hooks(daemon)

            @hooks.on("*")
            def hook(event):
                if event.seq == 3:
                    answered.set()
                return {"seq": event.seq, "text": large}

            hooks.run()

    def test_coroutines_are_asked_side_by_side_up_to_the_bound(self):
        def script(daemon):
            daemon.open_session()
            for seq in (1, 2, 3):
                daemon.event(seq)
            for _ in range(3):
                daemon.take_reply()

        async def serve(daemon):
            hooks = self.hooks(daemon, concurrency=2)
            busy, most, both = 0, 0, asyncio.Event()

            @hooks.on("*")
            async def hook(event):
                nonlocal busy, most
                busy += 1
                most = max(most, busy)
                if busy == 2:
                    both.set()
                await both.wait()
                busy -= 1

            await hooks.serve()
            return most

        with ScriptedDaemon(script) as daemon:
            self.assertEqual(asyncio.run(serve(daemon)), 2)

    def test_a_coroutine_that_nobody_waits_for_is_cancelled(self):
        def script(daemon):
            daemon.open_session()
            daemon.event(1)
            started.wait(PATIENCE)
            daemon.notify("cancelled", {"hook_event_id": "id-1", "reason": "expired"})
            daemon.event(2)
            self.assertEqual(daemon.take_reply()["hook_event_id"], "id-2")

        started = threading.Event()
        seen = []

        async def serve(daemon):
            hooks = self.hooks(daemon, cancellations=True, concurrency=1)

            @hooks.on("*")
            async def hook(event):
                if event.seq == 1:
                    started.set()
                    try:
                        await asyncio.sleep(PATIENCE)
                    finally:
                        seen.append(event.cancelled)

            await hooks.serve()

        with ScriptedDaemon(script) as daemon:
            asyncio.run(serve(daemon))
        self.assertEqual(seen, [True])

    def test_a_function_can_wait_for_its_cancellation_behind_other_events(self):
        def script(daemon):
            daemon.open_session()
            for seq in (1, 2, 3):
                daemon.event(seq)
            started.wait(PATIENCE)
            daemon.notify("cancelled", {"hook_event_id": "id-2", "reason": "cancelled"})
            daemon.notify("cancelled", {"hook_event_id": "id-1", "reason": "expired"})
            self.assertEqual(daemon.take_reply()["hook_event_id"], "id-3")

        started = threading.Event()
        seen = []
        with ScriptedDaemon(script) as daemon:
            hooks = self.hooks(daemon, cancellations=True, concurrency=1)

            @hooks.on("*")
            def hook(event):
                seen.append(event.seq)
                started.set()
                if event.seq == 1:
                    self.assertTrue(event.wait_cancelled(PATIENCE))

            hooks.run()
        self.assertEqual(seen, [1, 3])

    def test_more_than_may_be_queued_is_left_to_the_daemon_and_comes_later(self):
        def script(daemon):
            daemon.open_session()
            for seq in range(1, 7):
                daemon.event(seq, payload="x" * 1_000_000)
                if seq == 3:
                    begin.set()
            for _ in range(6):
                daemon.take_reply()

        begin = threading.Event()
        seen = []
        with ScriptedDaemon(script) as daemon:
            hooks = self.hooks(daemon, concurrency=1)

            @hooks.on("*")
            def hook(event):
                begin.wait(PATIENCE)
                seen.append(event.seq)

            hooks.run()
        self.assertEqual(seen, list(range(1, 7)))

    def test_what_a_hook_emits_has_its_cause(self):
        def script_for(name, cause):
            def script(daemon):
                daemon.open_session()
                daemon.event(1, name, cause=cause)
                session = daemon.keep_peer()
                daemon.accept()
                daemon.expect("emit", {"cause": f"{cause},{name}"})
                daemon.result({"hook_event_id": "x", "seq": 2, "subscribers": 0})
                self.assertIsNone(daemon.read_frame())
                daemon.take_up(session)
                daemon.take_reply()

            return script

        for name in ("plain", "coroutine"):
            with self.subTest(name), ScriptedDaemon(script_for(name, "deploy")) as daemon:
                hooks = self.hooks(daemon)

                @hooks.on("plain")
                def plain(event):
                    with hookd.Client(daemon.path) as client:
                        client.emit("pre_build")

                @hooks.on("coroutine")
                async def coroutine(event):
                    async with hookd.aio.Client(daemon.path) as client:
                        await client.emit("pre_build")

                hooks.run()

    def test_a_reply_that_was_ready_too_late_for_its_connection_takes_the_next(self):
        def script(daemon):
            daemon.open_session()
            daemon.event(1)
            asked.wait(PATIENCE)
            daemon.close()
            daemon.accept()
            daemon.open_session(head_seq=1, resumed=True)
            answer.set()
            self.assertEqual(daemon.take_reply(), {"hook_event_id": "id-1", "response": {"late": True}})

        asked, answer = threading.Event(), threading.Event()
        with ScriptedDaemon(script) as daemon:
            hooks = self.hooks(daemon)

            @hooks.on("*")
            def hook(event):
                asked.set()
                answer.wait(PATIENCE)
                return {"late": True}

            hooks.run()

    def test_a_chain_is_no_way_back(self):
        def script(daemon):
            daemon.open_session()
            for seq in (7, 3):
                daemon.event(seq)
                daemon.take_reply()
            daemon.close()
            daemon.accept()
            self.assertEqual(daemon.open_session(head_seq=7, resumed=True)["after_seq"], 7)

        with ScriptedDaemon(script) as daemon:
            hooks = self.hooks(daemon)
            hooks.on("*")(lambda event: None)
            hooks.run()

    def test_it_goes_on_from_a_position(self):
        def script(daemon):
            params = daemon.open_session(head_seq=9, instance="two", resumed=True)
            self.assertEqual((params["after_seq"], params["instance"]), (5, "two"))

        with ScriptedDaemon(script) as daemon:
            hooks = self.hooks(daemon, resume_from=hookd.Position(5, "two"))
            hooks.on("*")(lambda event: None)
            hooks.run()
            self.assertEqual(hooks.position, hookd.Position(5, "two"))

    def test_it_drains_before_it_ends(self):
        def script(daemon):
            daemon.open_session()
            daemon.event(1)
            self.assertEqual(daemon.take_reply()["response"], {"last": True})

        with ScriptedDaemon(script) as daemon:
            hooks = self.hooks(daemon, drain_timeout=PATIENCE)

            @hooks.on("*")
            def hook(event):
                hooks.stop()
                return {"last": True}

            hooks.run()

    def test_stop_before_run_makes_it_return_at_once(self):
        hooks = hookd.Hooks(path="/nonexistent/socket")
        hooks.on("*")(lambda event: None)
        hooks.stop()
        hooks.run()
        with self.assertRaises(hookd.NoDaemonError):
            hooks.run()

    def test_stop_does_not_wait_for_a_daemon_that_hangs(self):
        def script(daemon):
            daemon.expect("subscribe")
            hooks.stop()
            self.assertIsNone(daemon.read_frame())

        with ScriptedDaemon(script) as daemon:
            hooks = self.hooks(daemon, answer_timeout=PATIENCE)
            hooks.on("*")(lambda event: None)
            hooks.run()

    def test_without_a_hook_or_a_pattern_it_says_so(self):
        hooks = hookd.Hooks(path="/nonexistent/socket")
        with self.assertRaisesRegex(hookd.InvalidArgumentError, "there is no hook"):
            hooks.run()
        for wrong in ((), (lambda event: None,)):
            with self.assertRaisesRegex(hookd.InvalidArgumentError, "patterns"):
                hooks.on(*wrong)

    def test_it_waits_for_a_daemon_where_told_to(self):
        hooks = hookd.Hooks(path="/nonexistent/socket", wait_for_daemon=True, reconnect_min=0.001)
        hooks.on("*")(lambda event: None)
        thread = threading.Timer(0.05, hooks.stop)
        thread.start()
        hooks.run()
        thread.join()

    def test_a_hook_that_exits_ends_the_program(self):
        def script(daemon):
            daemon.open_session()
            daemon.event(1)
            self.assertIn("interrupted", daemon.take_reply()["failed"])

        with ScriptedDaemon(script) as daemon:
            hooks = self.hooks(daemon)

            @hooks.on("*")
            def hook(event):
                sys.exit(3)

            with self.assertRaises(SystemExit):
                hooks.run()

    def test_ctrl_c_interrupts_the_hook_and_a_signal_handler_can_stop_it(self):
        program = """if True:
            import hookd, signal, sys, time
            hooks = hookd.Hooks(path=sys.argv[1])
            signal.signal(signal.SIGTERM, lambda number, frame: hooks.stop())
            @hooks.on("slow")
            def slow(event):
                print("asked", flush=True)
                time.sleep(60)
            @hooks.on("*")
            def quick(event):
                print("asked", flush=True)
            hooks.run()
            print("stopped")
        """

        def script(daemon):
            daemon.open_session()
            daemon.event(1, "slow" if how == signal.SIGINT else "quick")
            reply = daemon.take_reply()
            if how == signal.SIGINT:
                self.assertIn("interrupted", reply["failed"])
            self.assertIsNone(daemon.read_frame())

        for how, out in ((signal.SIGTERM, "stopped\n"), (signal.SIGINT, "")):
            with self.subTest(how), ScriptedDaemon(script) as daemon:
                with subprocess.Popen([sys.executable, "-c", program, daemon.path], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                      text=True) as process:
                    self.assertEqual(process.stdout.readline(), "asked\n")
                    process.send_signal(how)
                    self.assertEqual(process.communicate(timeout=PATIENCE)[0], out)

    def test_pauses_double_and_vary(self):
        pauses = Backoff(0.1, 1)
        for full in (0.1, 0.2, 0.4, 0.8, 1, 1):
            self.assertTrue(full / 2 <= pauses.next() <= full)
        pauses.reset()
        self.assertLessEqual(pauses.next(), 0.1)


if __name__ == "__main__":
    unittest.main()
