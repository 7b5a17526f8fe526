# SPDX-License-Identifier: BSL-1.0
"""The package and a real hookd: $HOOKD_BIN."""

import asyncio
import os
import re
import subprocess
import sys
import tempfile
import threading
import unittest
import uuid

import hookd
import hookd.aio

HOOKD = os.environ.get("HOOKD_BIN", "")


@unittest.skipUnless(HOOKD, "HOOKD_BIN names no hookd")
class WithDaemon(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = directory.name
        self.path = os.path.join(self.directory, "run", "s")
        self.start()

    def start(self):
        """Starts the daemon, which is ready when this returns."""
        log = open(os.path.join(self.directory, "log"), "ab")
        self.addCleanup(log.close)
        variables = {"PATH": os.environ.get("PATH", ""), "HOME": self.directory}
        daemon = subprocess.Popen([HOOKD, "--socket", self.path], env=variables, stdin=subprocess.DEVNULL, stderr=log)
        self.daemon = daemon
        self.addCleanup(self.stop, daemon)
        while True:
            try:
                hookd.Client(self.path).close()
                return
            except hookd.NoDaemonError:
                self.assertIsNone(daemon.poll(), "hookd ended at its start")

    def stop(self, daemon):
        daemon.terminate()
        daemon.wait()

    def serve(self, hooks):
        """Runs it in a thread, and returns once it is subscribed."""
        thread = threading.Thread(target=hooks.run, daemon=True)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(hooks.stop)
        with hookd.Client(self.path) as client:
            while client.stats()["subscribers"] == 0:
                self.assertTrue(thread.is_alive())

    def guard(self, **options):
        hooks = hookd.Hooks("no-main", path=self.path, reconnect_min=0.001, **options)

        @hooks.on("pre_push")
        def no_main(event):
            return hookd.veto("main is closed") if event.get("branch") == "main" else None

        return hooks

    def test_a_hook_decides(self):
        self.serve(self.guard())
        with hookd.Client(self.path) as client:
            verdict = client.emit_and_wait("pre_push", {"branch": "main"})
            self.assertEqual((verdict.abort, verdict.outcome, verdict.responses[0].responder), ("main is closed", "answered", "no-main"))
            self.assertTrue(client.emit_and_wait("pre_push", {"branch": "topic"}))
            self.assertEqual(client.emit("build_done").subscribers, 0)
            self.assertEqual(client.ping().pid, self.daemon.pid)

    def test_no_payload_gets_rid_of_a_hook(self):
        self.serve(self.guard())
        with hookd.Client(self.path) as client:
            for payload in ("null", "[]", '{"branch":"main","n":' + "9" * 5000 + "}", '"\\ud800"', '"a\u2028b"', "1e400", "[" * 100 + "]" * 100):
                client.emit_and_wait("pre_push", hookd.RawJson(payload), timeout=60)
                self.assertEqual(client.emit_and_wait("pre_push", {"branch": "main"}).abort, "main is closed", payload[:30])

    def test_the_locale_does_not_matter(self):
        program = """if True:
            import hookd, sys
            hooks = hookd.Hooks("locale", path=sys.argv[1])
            @hooks.on("pre_push")
            def hook(event):
                return hookd.veto(event.payload["name"] + "\\ud800")
            hooks.run()
        """
        variables = {**os.environ, "LC_ALL": "POSIX", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
        hook = subprocess.Popen([sys.executable, "-c", program, self.path], env=variables)
        self.addCleanup(hook.wait)
        self.addCleanup(hook.kill)
        with hookd.Client(self.path) as client:
            verdict = client.emit_and_wait("pre_push", {"name": "é\u2028"}, require_subscriber=False)
            self.assertEqual(verdict.abort.encode("utf-8", "surrogatepass"), "é\u2028\ud800".encode("utf-8", "surrogatepass"))

    def test_the_samples_of_the_readme_work(self):
        with open(os.path.join(os.path.dirname(__file__), *"../../../client/python/README.md".split("/")), encoding="utf-8") as file:
            samples = re.findall(r"^```python\n(.*?)^```$", file.read(), re.M | re.S)
        hook, tool = samples[0], next(each for each in samples if "sys.exit" in each)
        self.assertEqual(len(hook.splitlines()), 6)
        variables = {**os.environ, "HOOKD_SOCKET": self.path}
        process = subprocess.Popen([sys.executable, "-c", hook], env=variables)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        with hookd.Client(self.path) as client:
            self.assertTrue(client.emit_and_wait("pre_push", {"branch": "topic"}, require_subscriber=False))
        done = subprocess.run([sys.executable, "-c", tool], env=variables, stderr=subprocess.PIPE, text=True, check=False)
        self.assertEqual((done.returncode, done.stderr), (1, "main is closed\n"))

    def test_it_goes_on_after_a_restart_and_says_what_may_be_missing(self):
        notices = []
        again = threading.Event()

        def on_notice(kind, message):
            notices.append(kind)
            if notices.count("connected") == 2:
                again.set()

        self.serve(self.guard(on_notice=on_notice))
        with hookd.Client(self.path) as client:
            client.emit_and_wait("pre_push", {})
        self.stop(self.daemon)
        self.start()
        self.assertTrue(again.wait(60))
        self.assertEqual(notices, ["connected", "disconnected", "resume_impossible", "connected"])
        with hookd.Client(self.path) as client:
            self.assertFalse(client.emit_and_wait("pre_push", {"branch": "main"}))

    def test_what_was_reserved_is_answered_by_another_process(self):
        with hookd.Client(self.path) as client, hookd.Client(self.path) as other:
            event = client.emit("review", reserve=60)
            self.assertTrue(other.respond(event.hook_event_id, {"approved_by": "ann"}))
            self.assertEqual(client.await_response(event.hook_event_id).responses[0].response, {"approved_by": "ann"})
            self.assertEqual(client.await_response(event.hook_event_id).outcome, "unknown")
            self.assertEqual(other.respond(event.hook_event_id).reason, "answered")

    def test_a_retry_does_not_fire_twice(self):
        with hookd.Client(self.path) as client:
            operation = str(uuid.uuid4())
            self.assertEqual(client.emit("deploy", operation_id=operation), client.emit("deploy", operation_id=operation))

    def test_errors_have_their_types(self):
        with hookd.Client(self.path) as client:
            with self.assertRaises(hookd.InvalidParamsError):
                client.emit("build done")
            with self.assertRaises(hookd.MethodNotFoundError):
                client.call("emitt")
            with self.assertRaises(hookd.LimitExceededError) as raised:
                client.emit("x", "a" * (17 * 1024 * 1024))
            self.assertEqual(raised.exception.data["limit"], "max_frame")

    def test_hooks_of_asyncio_decide_side_by_side(self):
        async def main():
            hooks = hookd.Hooks("both", path=self.path)
            both = asyncio.Event()
            asked = []

            @hooks.on("pre_*")
            async def hook(event):
                asked.append(event.name)
                if len(asked) == 2:
                    both.set()
                await both.wait()
                return {"name": event.name}

            serving = asyncio.ensure_future(hooks.serve())
            async with hookd.aio.Client(self.path) as client:
                verdicts = await asyncio.gather(*(client.emit_and_wait(name, require_subscriber=False) for name in ("pre_a", "pre_b")))
            serving.cancel()
            await asyncio.wait({serving})
            return [each.responses[0].response["name"] for each in verdicts]

        self.assertEqual(asyncio.run(main()), ["pre_a", "pre_b"])


if __name__ == "__main__":
    unittest.main()
